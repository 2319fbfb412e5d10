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
import { copyLibraryChart } from "../support/shop-chart.ts";
import { type SlackDouble, startSlack } from "../support/slack/double.ts";
import type { Subject } from "./measure.ts";

const NOTIFY = join(import.meta.dirname, "../../dist/helm-notify");
const HISTORY = 10;

export interface Ground {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly namespace: Namespace;
  /** Over TLS, on this machine. */
  readonly slack: SlackDouble;
  /** As pods reach it. */
  readonly slackForPods: SlackDouble;
  readonly helm: (argv: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function openGround(cluster: Cluster): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), "helm-notify-bench-"));
  const namespace = await openNamespace(cluster.kubeconfig);
  const tls = selfSigned(["localhost"], ["127.0.0.1"]);
  writeFileSync(join(folder, "slack-ca.pem"), tls.cert);
  const slack = await startSlack({ tls });
  const slackForPods = await startSlack({ host: cluster.slackHost });
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
    slackForPods,
    helm: async (argv) => {
      const { code, stderr } = await run([join(folder, "helm"), ...argv], { env });
      if (code !== 0) throw new Error(`helm ${argv.join(" ")}: ${stderr}`);
    },
    close: async () => {
      await namespace.close();
      await Promise.all([slack.stop(), slackForPods.stop()]);
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

function upgrade(bin: string, release: string, chart: string): string[] {
  return [bin, "upgrade", release, chart, "--set", "api.image.tag=1.4.0"];
}

async function deploy(
  ground: Ground,
  release: string,
  chart: string,
  more: readonly string[] = [],
): Promise<void> {
  const tags = ["--set", "api.image.tag=1.3.2,web.image.tag=2.0.0"];
  for (let count = 0; count < HISTORY; count++) {
    await ground.helm(["upgrade", "--install", release, chart, ...tags, ...more]);
  }
}

/** The price of telling: the plugin posts beside Helm and edits after it. */
export async function toldSubjects(ground: Ground): Promise<Subject[]> {
  const chart = writeToldChart(ground.folder);
  // Helm makes all that a run consists of, but no pod of it runs beside what is measured next.
  const unscheduled = ["--set", "helm-notify.nodeSelector.bench=none"];
  for (const release of ["plain-told", "ours-told"]) {
    await deploy(ground, release, chart, unscheduled);
  }
  const { slack } = ground;
  const env = {
    ...ground.env,
    SSL_CERT_FILE: join(ground.folder, "slack-ca.pem"),
    HELM_NOTIFY_SLACK_BOT_TOKEN: slack.botToken,
    HELM_NOTIFY_SLACK_CHANNEL: "#deploys",
    HELM_NOTIFY_SLACK_API_URL: slack.apiUrl,
  };
  const command = (bin: string, release: string) => [
    ...upgrade(bin, release, chart),
    ...unscheduled,
  ];
  return [
    { name: "helm upgrade, told chart", command: command("helm", "plain-told"), env },
    { name: "helm-notify upgrade, telling", command: command(NOTIFY, "ours-told"), env },
  ];
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

/** The library chart, and a service that exists in words only. */
export function writeToldChart(folder: string): string {
  const chart = join(folder, "told");
  copyLibraryChart(join(chart, "charts/helm-notify"));
  mkdirSync(join(chart, "templates"), { recursive: true });
  writeFileSync(
    join(chart, "Chart.yaml"),
    'apiVersion: v2\nname: told\nversion: 1.0.0\ndependencies: [{name: helm-notify, version: "*"}]\n',
  );
  writeFileSync(
    join(chart, "values.yaml"),
    "api: {image: {tag: '1'}}\nhelm-notify: {environment: bench, slack: {secretRef: slack}, services: {api: {tag: api.image.tag}}}\n",
  );
  writeFileSync(join(chart, "templates/helm-notify.yaml"), '{{ include "helm-notify.all" . }}');
  return chart;
}
