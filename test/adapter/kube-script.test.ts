import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it } from "vitest";
import { kubectlPath } from "../../scripts/toolbox.ts";
import { run } from "../support/process.ts";

it("npm run kube says where everything is, and leaves nothing behind", async () => {
  const script = join(import.meta.dirname, "../../scripts/kube.ts");
  const child = spawn(process.execPath, [script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const [line] = await once(createInterface(child.stdout), "line");
  const { kubeconfig, messages, webhookUrl } = JSON.parse(String(line));
  const list = [kubectlPath(), "--kubeconfig", kubeconfig, "get", "namespaces", "-o", "name"];
  const env = { HOME: dirname(kubeconfig) };
  expect((await run(list, { env })).stdout).toContain("namespace/default");
  const body = JSON.stringify({ text: "hello" });
  const headers = { "content-type": "application/json" };
  await fetch(webhookUrl, { method: "POST", headers, body });
  expect(JSON.parse(readFileSync(messages, "utf8"))).toMatchObject({ text: "hello" });
  child.kill("SIGTERM");
  expect(await ended).toEqual([0, null]);
  expect(existsSync(dirname(kubeconfig))).toBe(false);
});
