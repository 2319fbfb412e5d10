// The watcher: its program alone, and as the pod of a ReplicaSet on the cluster. It does not end after its message, so what
// counts is when Slack has that.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { run } from "../support/process.ts";
import type { SlackDouble } from "../support/slack/double.ts";
import type { Subject } from "./measure.ts";
import { type Ground, writeToldChart } from "./subjects.ts";

const DIST = join(import.meta.dirname, "../../dist");
const RELEASE = "hooked";
const LEDGER = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: `helm-notify-ledger.${RELEASE}` },
};

/** The pod's program without Kubernetes around it: its mounts, its rights, its environment. */
export async function hookSubjects(ground: Ground): Promise<Subject[]> {
  const { folder, namespace, slack } = ground;
  const live = await render(ground, "1.3.2");
  await apply(ground, live.resources);
  const { runConfigMap, watcher } = await render(ground, "1.4.0");
  const withoutPod = { ...watcher, spec: { ...watcher.spec, replicas: 0 } };
  const token = await namespace.kubectl(["create", "token", `${RELEASE}-helm-notify`]);
  const kubeconfig = JSON.parse(
    (await namespace.kubectl(["config", "view", "--raw", "--flatten", "-o", "json"])).stdout,
  );
  const { server: address, "certificate-authority-data": authority } =
    kubeconfig.clusters[0].cluster;
  const server = new URL(address);
  mkdirSync(join(folder, "kube"));
  writeFileSync(join(folder, "kube/token"), token.stdout);
  writeFileSync(join(folder, "kube/ca.crt"), Buffer.from(authority, "base64"));
  const env = {
    PATH: process.env["PATH"],
    HELM_NOTIFY_RELEASE: RELEASE,
    HELM_NOTIFY_NAMESPACE: namespace.name,
    HELM_NOTIFY_POD: "bench",
    HELM_NOTIFY_KUBE_DIR: join(folder, "kube"),
    KUBERNETES_SERVICE_HOST: server.hostname,
    KUBERNETES_SERVICE_PORT: server.port || "443",
    SLACK_WEBHOOK_URL: slack.webhookUrl,
    SSL_CERT_FILE: join(folder, "slack-ca.pem"),
  };
  const prepare = () => replace(ground, [LEDGER, runConfigMap, withoutPod]);
  const until = nextMessage(slack);
  const subject = (name: string, command: readonly string[]) => ({
    name,
    command,
    env,
    prepare,
    until,
  });
  return [
    subject("hook program", [join(DIST, "helm-notify-hook")]),
    subject("python", ["/usr/bin/python3", join(import.meta.dirname, "notify.py")]),
  ];
}

/** The ReplicaSet as the chart renders it, and a pod of the same image that has nothing to do. After `hookSubjects`. */
export async function podSubjects(ground: Ground): Promise<Subject[]> {
  const { folder, env, namespace, slackForPods } = ground;
  const credentials = `--from-literal=webhookUrl=${slackForPods.webhookUrl}`;
  await namespace.kubectl(["create", "secret", "generic", "slack", credentials]);
  const { runConfigMap, watcher } = await render(ground, "1.4.0");
  const { spec } = watcher.spec.template;
  // Without settings the program ends at once.
  const containers = spec.containers.map((container) => ({ ...container, env: [] }));
  const idle = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { generateName: "idle-" },
    spec: { ...spec, containers, restartPolicy: "Never" },
  };
  const watcherFile = join(folder, "watcher.json");
  const idleFile = join(folder, "idle.json");
  writeFileSync(watcherFile, JSON.stringify(watcher));
  writeFileSync(idleFile, JSON.stringify(idle));
  const leave = ["delete", "replicaset", watcher.metadata.name, "--ignore-not-found"];
  return [
    {
      name: "hook pod",
      command: ["kubectl", "create", "--namespace", namespace.name, "--filename", watcherFile],
      env,
      prepare: async () => {
        // With its pod: none runs beside what is measured.
        await namespace.kubectl([...leave, "--cascade=foreground"]);
        await replace(ground, [LEDGER, runConfigMap]);
      },
      until: nextMessage(slackForPods),
    },
    {
      name: "idle pod",
      command: [join(import.meta.dirname, "pod.sh"), idleFile, namespace.name],
      env,
      prepare: () => namespace.kubectl([...leave, "--cascade=foreground"]),
    },
  ];
}

function nextMessage(slack: SlackDouble): () => Promise<void> {
  const waiting: (() => void)[] = [];
  slack.onMessage(() => waiting.splice(0).forEach((resolve) => resolve()));
  return () => new Promise((resolve) => void waiting.push(resolve));
}

interface Resource {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

interface ReplicaSet extends Resource {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly object[] } };
  };
}

interface Rendered {
  /** What is no hook. */
  readonly resources: readonly Resource[];
  readonly runConfigMap: Resource;
  readonly watcher: ReplicaSet;
}

/** What the chart makes of an upgrade. */
async function render({ folder, env, namespace }: Ground, tag: string): Promise<Rendered> {
  const chart = writeToldChart(folder);
  const argv = ["helm", "template", RELEASE, chart, "--namespace", namespace.name];
  const { stdout } = await run([...argv, "--set", `api.image.tag=${tag}`], { env });
  const all = parseAllDocuments(stdout).map((document): Resource => document.toJS());
  const ofUpgrade = all.filter((resource) => hookOf(resource)?.includes("pre-upgrade"));
  const runConfigMap = ofUpgrade.find(({ kind }) => kind === "ConfigMap");
  const watcher = ofUpgrade.find(
    (resource): resource is ReplicaSet => resource.kind === "ReplicaSet",
  );
  if (!runConfigMap || !watcher) throw new Error(`the chart renders no run: ${stdout}`);
  return {
    resources: all.filter((resource) => hookOf(resource) === undefined),
    runConfigMap,
    watcher,
  };
}

function hookOf({ metadata }: Resource): string | undefined {
  return metadata.annotations?.["helm.sh/hook"];
}

/** A run of its own for every round: what a ledger knows is not told again. */
function replace({ namespace }: Ground, items: readonly object[]): Promise<unknown> {
  return namespace.kubectl(["replace", "--force", "--filename", "-"], { stdin: toList(items) });
}

function apply({ namespace }: Ground, items: readonly object[]): Promise<unknown> {
  return namespace.kubectl(["apply", "--filename", "-"], { stdin: toList(items) });
}

function toList(items: readonly object[]): string {
  return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}
