// npm run --silent kube: an embedded Kubernetes API and a Slack double in the foreground, for trying things by hand.
// Prints one line of JSON that says where everything is; ends, and leaves nothing behind, on SIGINT or SIGTERM.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKube } from "../test/support/kube/embedded-kube.ts";
import { startSlack } from "../test/support/slack/double.ts";
import { build } from "./build.ts";

// stdout is for the one line.
await build((line) => console.error(line));

const stopped = new Promise<void>((stop) => {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop());
});

const directory = mkdtempSync(join(tmpdir(), "helm-notify-kube-"));
try {
  const kubeconfig = join(directory, "kubeconfig");
  const messages = join(directory, "messages.jsonl");
  writeFileSync(messages, "");
  const hook = join(import.meta.dirname, "../dist/helm-notify-hook");
  const kube = await startKube({ images: { "helm-notify-hook": [hook] } });
  const slack = await startSlack();
  try {
    kube.writeKubeconfig(kubeconfig);
    slack.onMessage((message) => appendFileSync(messages, `${JSON.stringify(message)}\n`));
    const { url: slackUrl, apiUrl: slackApiUrl, webhookUrl, botToken } = slack;
    const places = { kubeconfig, slackUrl, messages, webhookUrl, botToken, slackApiUrl };
    console.log(JSON.stringify(places));
    await stopped;
  } finally {
    await kube.stop();
    await slack.stop();
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
