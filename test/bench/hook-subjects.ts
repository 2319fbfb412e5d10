// The hook: its program alone, and as a Job on the cluster.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../support/process.ts";
import { commit, recordOf } from "../support/records.ts";
import { copyLibraryChart } from "../support/shop-chart.ts";
import type { Subject } from "./measure.ts";
import type { Ground } from "./subjects.ts";

const DIST = join(import.meta.dirname, "../../dist");
const RELEASE = "hooked";

/** The hook's Job without Kubernetes around it: its mounts, its rights, its environment. */
export async function hookSubjects(ground: Ground): Promise<Subject[]> {
  const { folder, namespace, slack } = ground;
  const live = recordOf({ api: { tag: "1.3.2", revision: commit("1") }, web: { tag: "2.0.0" } });
  const next = recordOf({ api: { tag: "1.4.0", revision: commit("2") }, web: { tag: "2.0.0" } });
  await namespace.kubectl([
    "create",
    "configmap",
    `${RELEASE}-helm-notify-record`,
    `--from-literal=record.json=${JSON.stringify(live)}`,
  ]);
  await namespace.kubectl(["create", "configmap", `helm-notify-ledger.${RELEASE}`]);
  const manifests = await renderHook(ground, RELEASE);
  const prepared = manifests.filter(
    (text) => text.includes("helm.sh/hook:") && !/^kind: Job$/m.test(text),
  );
  await namespace.kubectl(["apply", "-f", "-"], { stdin: prepared.join("---\n") });
  const token = await namespace.kubectl(["create", "token", `${RELEASE}-helm-notify`]);
  const kubeconfig = JSON.parse(
    (await namespace.kubectl(["config", "view", "--raw", "--flatten", "-o", "json"])).stdout,
  );
  const { server: address, "certificate-authority-data": authority } =
    kubeconfig.clusters[0].cluster;
  const server = new URL(address);
  writeFiles(join(folder, "kube"), {
    token: token.stdout,
    "ca.crt": Buffer.from(authority, "base64").toString(),
  });
  writeFiles(join(folder, "run"), { "record.json": JSON.stringify(next) });
  const env = {
    PATH: process.env["PATH"],
    HELM_NOTIFY_EVENT: "pre-upgrade",
    HELM_NOTIFY_RELEASE: RELEASE,
    HELM_NOTIFY_NAMESPACE: namespace.name,
    HELM_NOTIFY_RUN_DIR: join(folder, "run"),
    HELM_NOTIFY_KUBE_DIR: join(folder, "kube"),
    HELM_NOTIFY_FAILURE_POLICY: "fail",
    KUBERNETES_SERVICE_HOST: server.hostname,
    KUBERNETES_SERVICE_PORT: server.port || "443",
    SLACK_WEBHOOK_URL: slack.webhookUrl,
    SSL_CERT_FILE: join(folder, "slack-ca.pem"),
  };
  return [
    { name: "hook program", command: [join(DIST, "helm-notify-hook")], env },
    { name: "python", command: ["/usr/bin/python3", join(import.meta.dirname, "notify.py")], env },
  ];
}

/** The Job as the chart renders it, and one of the same image that has nothing to do. */
export async function jobSubjects(ground: Ground): Promise<Subject[]> {
  const { folder, env, namespace, slackForPods } = ground;
  const credentials = `--from-literal=webhookUrl=${slackForPods.webhookUrl}`;
  await namespace.kubectl(["create", "secret", "generic", "slack", credentials]);
  const manifests = await renderHook(ground, RELEASE);
  const job = manifests.find((text) => /^ {2}name: .*-pre-upgrade$/m.test(text)) ?? "";
  const named = job.replace(/^ {2}name: (.*)$/m, "  generateName: $1-");
  // Without settings the program ends at once.
  const idle = named.replace(/^( +)env:[^]*?\n(?=\1\w)/m, "");
  writeFiles(folder, { "job.yaml": named, "idle-job.yaml": idle });
  const script = join(import.meta.dirname, "job.sh");
  const subject = (name: string, file: string) => ({
    name,
    command: [script, join(folder, file), namespace.name],
    env,
  });
  return [subject("hook Job", "job.yaml"), subject("idle Job", "idle-job.yaml")];
}

/** What the chart renders for a pre-upgrade, one text each. */
async function renderHook({ folder, env, namespace }: Ground, release: string): Promise<string[]> {
  const chart = join(folder, "hooked");
  copyLibraryChart(join(chart, "charts/helm-notify"));
  const manifest = "apiVersion: v2\nname: hooked\nversion: 1.0.0\n";
  writeFiles(chart, {
    "Chart.yaml": `${manifest}dependencies: [{name: helm-notify, version: "*"}]\n`,
    "values.yaml":
      "api: {image: {tag: '1'}}\nhelm-notify: {environment: bench, slack: {secretRef: slack}, services: {api: {tag: api.image.tag}}}\n",
  });
  writeFiles(join(chart, "templates"), {
    "helm-notify.yaml": '{{ include "helm-notify.all" . }}',
  });
  const rendered = await run(["helm", "template", release, chart, "--namespace", namespace.name], {
    env,
  });
  return rendered.stdout.split(/^---$/m);
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
