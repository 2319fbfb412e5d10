// A cluster to deploy to, and people who deploy: each with a Helm, a home, a namespace and a Slack of their own.
import { randomBytes } from "node:crypto";
import { mkdtempSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { type HelmMajor, helmPath, kubectlPath } from "../../scripts/toolbox.ts";
import { openEmbeddedBed } from "./bed/embedded.ts";
import type { KubeApi } from "../../src/kube/kube-api.ts";
import { openNamespaceApi } from "./kube-client.ts";
import { type Finished, run, type RunOptions } from "./process.ts";
import { copyShopChart, withoutPods } from "./shop-chart.ts";
import { type SlackDouble, startSlack } from "./slack/double.ts";
import { toTranscript } from "./slack/transcript.ts";

const ROOT = join(import.meta.dirname, "../..");
export const HELM_NOTIFY = join(ROOT, "dist/helm-notify");

/** What holds on a Kubernetes in this process and on a real one: tests may rely on nothing else. */
export interface Bed {
  readonly kubeconfig: string;
  /** This machine, as pods reach it. */
  readonly slackHost: string;
  /** Takes away what a deployer left in its namespace. */
  readonly clear: (api: KubeApi) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** On the namespaces of tests. */
export const OURS = { "app.kubernetes.io/managed-by": "helm-notify-tests" };

/** What all tests of a file share: the embedded API, or in the vitest project `cluster` the real one. */
export async function openBed(): Promise<Bed> {
  if (process.env["TEST_BED"] !== "cluster") return openEmbeddedBed();
  // It asks vitest for the cluster, and the demo has no vitest.
  const { clusterBed } = await import("./bed/cluster.ts");
  return clusterBed();
}

export interface Deployer {
  readonly namespace: string;
  readonly folder: string;
  /** A copy of the shop chart, the library chart inside; its services have no pods until `api.replicas=1`. */
  readonly chart: string;
  readonly slack: SlackDouble;
  readonly env: Readonly<Record<string, string>>;
  /** Plain Helm. */
  readonly helm: (argv: readonly string[], options?: RunOptions) => Promise<Finished>;
  /** The built executable, started directly. */
  readonly notify: (argv: readonly string[], options?: RunOptions) => Promise<Finished>;
  readonly kubectl: (argv: readonly string[]) => Promise<Finished>;
  /** The namespace, asked without a process. */
  readonly api: KubeApi;
  /** What Slack got, as a person reads it, oldest first. */
  readonly transcripts: () => string[];
  readonly close: () => Promise<void>;
}

/** Someone with a namespace, a Slack Secret in it, the plugin installed, and the shop's chart. */
export async function openDeployer(
  bed: Bed,
  major: HelmMajor,
  toSecret: (slack: SlackDouble) => Readonly<Record<string, string>> = ({ webhookUrl }) => ({
    webhookUrl,
  }),
): Promise<Deployer> {
  const folder = mkdtempSync(join(tmpdir(), "helm-notify-home-"));
  const namespace = `shop-${randomBytes(4).toString("hex")}`;
  const chart = withoutPods(copyShopChart(join(folder, "chart")));
  mkdirSync(join(folder, "data/plugins"), { recursive: true });
  symlinkSync(ROOT, join(folder, "data/plugins/helm-notify"));
  symlinkSync(helmPath(major), join(folder, "helm"));
  const env = {
    PATH: [folder, dirname(process.execPath), process.env["PATH"] ?? ""].join(delimiter),
    HOME: folder,
    KUBECONFIG: bed.kubeconfig,
    KUBECACHEDIR: join(folder, "kube-cache"),
    HELM_CACHE_HOME: join(folder, "cache"),
    HELM_CONFIG_HOME: join(folder, "config"),
    HELM_DATA_HOME: join(folder, "data"),
    HELM_NAMESPACE: namespace,
    TMPDIR: folder,
    NO_COLOR: "1",
  };
  const runIn = (command: readonly string[], given: RunOptions = {}) =>
    run(command, { cwd: folder, ...given, env: { ...env, ...given.env } });
  const kubectl = (argv: readonly string[]) =>
    runIn([kubectlPath(major), "-n", namespace, ...argv]);

  const slack = await startSlack({ host: bed.slackHost });
  const api = await openNamespaceApi(bed.kubeconfig, namespace);
  await create(api, "/api/v1/namespaces", {
    metadata: { name: namespace, labels: OURS },
  });
  await create(api, `/api/v1/namespaces/${namespace}/secrets`, {
    metadata: { name: "slack" },
    stringData: toSecret(slack),
  });
  return {
    namespace,
    folder,
    chart,
    slack,
    env,
    helm: (argv, given) => runIn([join(folder, "helm"), ...argv], given),
    notify: (argv, given) => runIn([HELM_NOTIFY, ...argv], given),
    kubectl,
    api,
    transcripts: () => slack.messages.map(toTranscript),
    close: async () => {
      try {
        await slack.stop();
        await bed.clear(api);
      } finally {
        api.close();
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

async function create(api: KubeApi, path: string, object: object): Promise<void> {
  const body = JSON.stringify(object);
  await api.request({ method: "POST", path, contentType: "application/json", body });
}

export async function succeed(running: Promise<Finished>): Promise<Finished> {
  const finished = await running;
  if (finished.code === 0) return finished;
  throw new Error(`ended with ${finished.code}\n${finished.stdout}\n${finished.stderr}`);
}
