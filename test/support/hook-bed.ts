// A release as its watcher meets it: what Helm makes of the chart in the course of a run, a service account with the rights of
// the chart's Role, mounts and environment of its pod.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeLedger, LEDGER_KEY, type Ledger, ledgerName } from "../../src/domain/ledger.ts";
import { type ReleaseRecord, recordName } from "../../src/domain/record.ts";
import { type Lock, TURN_KEY, turnName } from "../../src/domain/turn.ts";
import { endName, runName, watcherName } from "../../src/domain/watched-run.ts";
import type { EmbeddedKube } from "./kube/embedded-kube.ts";
import type { SlackDouble } from "./slack/double.ts";
import { isObject } from "./slack/limits.ts";

export type HookEnvironment = Readonly<Record<string, string>>;

export interface HookRelease {
  readonly name: string;
  /** Gives the watcher its rights, as an install does in its course; `createRelease` has done so unless told otherwise. */
  grant(): void;
  /** What Helm does first: the mark of the beginning, and the watcher's ReplicaSet. */
  begin(to: ReleaseRecord, event?: string, texts?: Readonly<Record<string, string>>): void;
  /** The two in turn: until the second the ReplicaSet is still the last run's. */
  mark(to: ReleaseRecord, event?: string, texts?: Readonly<Record<string, string>>): void;
  replaceWatcher(): void;
  /** What Helm does between the hooks. */
  apply(record: ReleaseRecord): void;
  /** What Helm does last. */
  end(): void;
  /** What a person does. */
  lock(lock: Lock): void;
  isWatcherGone(): boolean;
  readLedger(): Ledger | undefined;
  writeLedger(ledger: unknown): void;
  /** The pod's environment; `more` wins. */
  env(more?: HookEnvironment): HookEnvironment;
}

export class HookBed {
  readonly kube: EmbeddedKube;
  readonly slack: SlackDouble;
  readonly #root = mkdtempSync(join(tmpdir(), "helm-notify-hook-"));
  #releases = 0;

  constructor(kube: EmbeddedKube, slack: SlackDouble) {
    this.kube = kube;
    this.slack = slack;
  }

  async stop(): Promise<void> {
    await this.slack.stop();
    await this.kube.stop();
    rmSync(this.#root, { recursive: true });
  }

  /** What the chart would mount. */
  directory(files: Readonly<Record<string, string>>): string {
    const path = mkdtempSync(join(this.#root, "mount-"));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
    return path;
  }

  createRelease(live?: ReleaseRecord, options: { readonly mayAct?: boolean } = {}): HookRelease {
    const { kube } = this;
    const name = `shop-${++this.#releases}`;
    const put = (configMap: string, data: Readonly<Record<string, string>>, event?: string) => {
      const isThere = kube.get("configmaps", "default", configMap) !== undefined;
      if (isThere) kube.delete("configmaps", "default", configMap);
      const annotations = event && { annotations: { "helm.sh/hook": event } };
      const metadata = { name: configMap, namespace: "default", ...annotations };
      kube.create({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { ...data } });
    };
    const apply = (record: ReleaseRecord) =>
      put(recordName(name), { "record.json": JSON.stringify(record) });
    const grant = () => this.#grant(name);
    if (live) apply(live);
    kube.create({
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: watcherName(name), namespace: "default" },
    });
    if (options.mayAct !== false) grant();
    const token = kube.mintToken("default", watcherName(name));
    const kubeDir = this.directory({ token, "ca.crt": kube.ca });
    const isWatcherGone = () =>
      kube.get("replicasets.apps", "default", watcherName(name)) === undefined;
    const mark: HookRelease["mark"] = (to, event = "pre-upgrade", texts) => {
      const data = {
        "record.json": JSON.stringify(to),
        ...(texts && { "texts.json": JSON.stringify(texts) }),
      };
      put(runName(name), data, event);
    };
    const replaceWatcher = () => {
      if (!isWatcherGone()) kube.delete("replicasets.apps", "default", watcherName(name));
      kube.create(replicaSet(watcherName(name)));
    };
    return {
      name,
      grant,
      mark,
      replaceWatcher,
      begin: (...run) => {
        mark(...run);
        replaceWatcher();
      },
      apply,
      end: () => put(endName(name), {}),
      lock: (lock) => put(turnName(name), { [TURN_KEY]: JSON.stringify({ v: 1, lock }) }),
      isWatcherGone,
      readLedger: () => {
        const data = kube.get("configmaps", "default", ledgerName(name))?.["data"];
        const text = isObject(data) ? data[LEDGER_KEY] : undefined;
        return typeof text === "string" ? decodeLedger(text) : undefined;
      },
      writeLedger: (ledger) => put(ledgerName(name), { [LEDGER_KEY]: JSON.stringify(ledger) }),
      env: (more = {}) => ({
        HELM_NOTIFY_RELEASE: name,
        HELM_NOTIFY_NAMESPACE: "default",
        HELM_NOTIFY_POD: "uid-of-the-pod",
        HELM_NOTIFY_KUBE_DIR: kubeDir,
        HELM_NOTIFY_WATCH_SECONDS: "30",
        HELM_NOTIFY_DEADLINE_SECONDS: "20",
        KUBERNETES_SERVICE_HOST: kube.host,
        KUBERNETES_SERVICE_PORT: String(kube.port),
        SLACK_API_URL: this.slack.apiUrl,
        SLACK_CHANNEL: "#deploys",
        SLACK_USERNAME: "",
        // As `echo` leaves it in a Secret.
        SLACK_BOT_TOKEN: `${this.slack.botToken}\n`,
        ...more,
      }),
    };
  }

  #grant(release: string): void {
    const [record, ledger] = [recordName(release), ledgerName(release)];
    const name = watcherName(release);
    const metadata = { name, namespace: "default" };
    const configMaps = { apiGroups: [""], resources: ["configmaps"] };
    const apiVersion = "rbac.authorization.k8s.io/v1";
    const read = [record, ledger, runName(release), endName(release), turnName(release)];
    this.kube.create({
      apiVersion,
      kind: "Role",
      metadata,
      rules: [
        { ...configMaps, resourceNames: read, verbs: ["get"] },
        { ...configMaps, resourceNames: [record], verbs: ["list"] },
        { ...configMaps, resourceNames: [ledger], verbs: ["create", "patch"] },
        {
          apiGroups: ["apps"],
          resources: ["replicasets"],
          resourceNames: [name],
          verbs: ["get", "delete"],
        },
      ],
    });
    this.kube.create({
      apiVersion,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: "default" }],
    });
  }
}

function replicaSet(name: string) {
  const labels = { "app.kubernetes.io/component": "watcher", "app.kubernetes.io/instance": name };
  const containers = [{ name: "helm-notify", image: "stands-for/the-program:1" }];
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name, namespace: "default" },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers } },
    },
  };
}
