// What is measured: releases on the real API server, and the commands that work on them.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { helmPath, kubectlPath } from "../../scripts/toolbox.ts";
import type { Cluster } from "../cluster/cluster.ts";
import { type Namespace, openNamespace } from "../cluster/namespace.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { run } from "../support/process.ts";
import { commit, recordOf } from "../support/records.ts";
import { copyLibraryChart } from "../support/shop-chart.ts";
import { type SlackDouble, startSlack } from "../support/slack/double.ts";
import type { Subject } from "./measure.ts";

const DIST = join(import.meta.dirname, "../../dist");
const NOTIFY = join(DIST, "helm-notify");
const HISTORY = 10;

export interface Ground {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly namespace: Namespace;
  readonly slack: SlackDouble;
  readonly helm: (argv: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openGround(cluster: Cluster): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), "helm-notify-bench-"));
  const namespace = await openNamespace(cluster.kubeconfig);
  const tls = selfSigned(["localhost"], ["127.0.0.1"]);
  writeFileSync(join(folder, "slack-ca.pem"), tls.cert);
  const slack = await startSlack({ tls });
  symlinkSync(helmPath(4), join(folder, "helm"));
  symlinkSync(kubectlPath(4), join(folder, "kubectl"));
  const env = {
    PATH: [folder, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    HOME: folder,
    KUBECONFIG: cluster.kubeconfig,
    HELM_NAMESPACE: namespace.name,
  };
  return {
    folder,
    env,
    namespace,
    slack,
    helm: async (argv) => {
      const { code, stderr } = await run([join(folder, "helm"), ...argv], { env });
      if (code !== 0) throw new Error(`helm ${argv.join(" ")}: ${stderr}`);
    },
    close: async () => {
      await namespace.close();
      await slack.stop();
    },
  };
}

export function startSubjects({ folder, env }: Ground): Subject[] {
  const empty = join(folder, "empty.cjs");
  writeFileSync(empty, "");
  return [
    { name: "empty node", command: [process.execPath, empty], env },
    { name: "helm-notify --version", command: [NOTIFY, "--version"], env },
    { name: "helm version", command: ["helm", "version"], env },
    { name: "helm-notify version", command: [NOTIFY, "version"], env },
  ];
}

/** A release of each command's own, with the same history. */
export async function upgradeSubjects(ground: Ground): Promise<Subject[]> {
  const small = writeChart(ground.folder, "small", 0);
  // Compressed and encoded it makes a release of 390 KB.
  const large = writeChart(ground.folder, "large", 218_000);
  for (const release of ["plain", "ours", "script"]) await deploy(ground, release, small);
  for (const release of ["plain-large", "ours-large"]) await deploy(ground, release, large);
  await ground.namespace.kubectl([
    "create",
    "configmap",
    "script-tags",
    "--from-literal=web=2.0.0",
  ]);
  const upgrade = (bin: string, release: string, chart: string) => [
    bin,
    "upgrade",
    release,
    chart,
    "--set",
    "api.image.tag=1.4.0",
  ];
  const script = join(import.meta.dirname, "usual-script.sh");
  const { env } = ground;
  return [
    { name: "helm upgrade", command: upgrade("helm", "plain", small), env },
    { name: "helm-notify upgrade", command: upgrade(NOTIFY, "ours", small), env },
    {
      name: "usual script",
      command: [script, "script", small, ground.namespace.name, "1.4.0"],
      env,
    },
    { name: "helm upgrade, large", command: upgrade("helm", "plain-large", large), env },
    { name: "helm-notify upgrade, large", command: upgrade(NOTIFY, "ours-large", large), env },
  ];
}

async function deploy(ground: Ground, release: string, chart: string): Promise<void> {
  const tags = ["--set", "api.image.tag=1.3.2,web.image.tag=2.0.0"];
  for (let count = 0; count < HISTORY; count++) {
    await ground.helm(["upgrade", "--install", release, chart, ...tags]);
  }
}

export async function planSubjects(ground: Ground): Promise<Subject[]> {
  const subjects: Subject[] = [];
  for (const count of [5, 500]) {
    const chart = writeChart(ground.folder, `services-${count}`, 0, count);
    const values = join(ground.folder, `values-${count}.json`);
    const tags = serviceNames(count).map((name) => [name, { image: { tag: "1.3.2" } }]);
    writeFileSync(values, JSON.stringify(Object.fromEntries(tags)));
    await ground.helm(["upgrade", "--install", `services-${count}`, chart, "-f", values]);
    subjects.push({
      name: `plan for ${count}`,
      command: [NOTIFY, "plan", `services-${count}`, chart, "--set", "service1.image.tag=1.4.0"],
      env: ground.env,
    });
  }
  return subjects;
}

const serviceNames = (count: number) =>
  Array.from({ length: count }, (_, index) => `service${index}`);

function writeChart(folder: string, name: string, ballast: number, services = 0): string {
  const chart = join(folder, name);
  mkdirSync(join(chart, "templates"), { recursive: true });
  const names = services > 0 ? serviceNames(services) : ["api", "web"];
  const values = names.map(
    (service) =>
      `${service}:\n  image:\n    repository: registry.example.com/${service}\n    tag: ""\n`,
  );
  writeFileSync(join(chart, "Chart.yaml"), `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`);
  writeFileSync(join(chart, "values.yaml"), values.join(""));
  writeFileSync(
    join(chart, "templates/config-map.yaml"),
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {tag: {{ index .Values (keys .Values | sortAlpha | first) "image" "tag" | quote }}}\n',
  );
  if (ballast > 0) writeFileSync(join(chart, "ballast.bin"), randomBytes(ballast));
  return chart;
}

/** The hook's Job without Kubernetes around it: its mounts, its rights, its environment. */
export async function hookSubjects(ground: Ground): Promise<Subject[]> {
  const { folder, namespace, slack } = ground;
  const release = "hooked";
  const live = recordOf({ api: { tag: "1.3.2", revision: commit("1") }, web: { tag: "2.0.0" } });
  const next = recordOf({ api: { tag: "1.4.0", revision: commit("2") }, web: { tag: "2.0.0" } });
  await namespace.kubectl([
    "create",
    "configmap",
    `${release}-helm-notify-record`,
    `--from-literal=record.json=${JSON.stringify(live)}`,
  ]);
  await namespace.kubectl(["create", "configmap", `helm-notify-ledger.${release}`]);
  await grant(ground, release);
  const token = await namespace.kubectl(["create", "token", `${release}-helm-notify`]);
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
    HELM_NOTIFY_RELEASE: release,
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

/** The chart's own Role, rendered by Helm. */
async function grant({ folder, env, namespace }: Ground, release: string): Promise<void> {
  const chart = join(folder, "hooked");
  copyLibraryChart(join(chart, "charts/helm-notify"));
  mkdirSync(join(chart, "templates"));
  writeFileSync(
    join(chart, "Chart.yaml"),
    "apiVersion: v2\nname: hooked\nversion: 1.0.0\ndependencies: [{name: helm-notify, version: '*'}]\n",
  );
  writeFileSync(
    join(chart, "values.yaml"),
    "api: {image: {tag: '1'}}\nhelm-notify: {environment: bench, slack: {secretRef: slack}, services: {api: {tag: api.image.tag}}}\n",
  );
  writeFileSync(join(chart, "templates/helm-notify.yaml"), '{{ include "helm-notify.all" . }}');
  const rendered = await run(["helm", "template", release, chart, "--namespace", namespace.name], {
    env,
  });
  const rights = rendered.stdout
    .split(/^---$/m)
    .filter((text) => /^kind: (ServiceAccount|Role|RoleBinding)$/m.test(text));
  await namespace.kubectl(["apply", "-f", "-"], { stdin: rights.join("---\n") });
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}
