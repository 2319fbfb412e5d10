// A release as the hook meets it: a service account with the rights of the chart's Role, mounts and environment of its Job.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "../../src/domain/ledger.ts";
import type { ReleaseRecord } from "../../src/domain/record.ts";
import type { EmbeddedKube } from "./kube/embedded-kube.ts";
import type { SlackDouble } from "./slack/double.ts";
import { isObject } from "./slack/limits.ts";

export type HookEnvironment = Readonly<Record<string, string>>;

export interface HookRelease {
  readonly name: string;
  /** Names of its ConfigMaps. */
  readonly record: string;
  readonly ledger: string;
  /** What Helm does between the hooks. */
  apply(record: ReleaseRecord): void;
  readLedger(): Ledger | undefined;
  /** The Job's environment; `more` wins. */
  env(event: string, after: ReleaseRecord, more?: HookEnvironment): HookEnvironment;
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

  /** The environment of a Job that may not read the API. */
  settings(
    event: string,
    release: string,
    files: Readonly<Record<string, string>>,
  ): HookEnvironment {
    return {
      HELM_NOTIFY_EVENT: event,
      HELM_NOTIFY_RELEASE: release,
      HELM_NOTIFY_NAMESPACE: "default",
      HELM_NOTIFY_REVISION: "7",
      HELM_NOTIFY_RUN_DIR: this.directory(files),
      HELM_NOTIFY_DEADLINE_SECONDS: "20",
      HELM_NOTIFY_FAILURE_POLICY: "ignore",
      SLACK_API_URL: this.slack.apiUrl,
      SLACK_CHANNEL: "#deploys",
      SLACK_USERNAME: "",
      // As `echo` leaves it in a Secret.
      SLACK_BOT_TOKEN: `${this.slack.botToken}\n`,
    };
  }

  createRelease(live?: ReleaseRecord): HookRelease {
    const { kube } = this;
    const name = `shop-${++this.#releases}`;
    const record = `${name}-helm-notify-record`;
    const ledger = `helm-notify-ledger.${name}`;
    this.#grant(name, record, ledger);
    const create = (of: ReleaseRecord) =>
      kube.create({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: record, namespace: "default" },
        data: { "record.json": JSON.stringify(of) },
      });
    if (live) create(live);
    const kubeDir = this.directory({ token: kube.mintToken("default", name), "ca.crt": kube.ca });
    return {
      name,
      record,
      ledger,
      apply: (of) => {
        kube.delete("configmaps", "default", record);
        create(of);
      },
      readLedger: () => {
        const data = kube.get("configmaps", "default", ledger)?.["data"];
        const text = isObject(data) ? data["ledger.json"] : undefined;
        return typeof text === "string" ? JSON.parse(text) : undefined;
      },
      env: (event, after, more = {}) => ({
        ...this.settings(event, name, { "record.json": JSON.stringify(after) }),
        HELM_NOTIFY_KUBE_DIR: kubeDir,
        KUBERNETES_SERVICE_HOST: kube.host,
        KUBERNETES_SERVICE_PORT: String(kube.port),
        ...more,
      }),
    };
  }

  #grant(name: string, record: string, ledger: string): void {
    const metadata = { name, namespace: "default" };
    const configMaps = { apiGroups: [""], resources: ["configmaps"] };
    const apiVersion = "rbac.authorization.k8s.io/v1";
    this.kube.create({ apiVersion: "v1", kind: "ServiceAccount", metadata });
    this.kube.create({
      apiVersion,
      kind: "Role",
      metadata,
      rules: [
        { ...configMaps, resourceNames: [record, ledger], verbs: ["get"] },
        { ...configMaps, resourceNames: [ledger], verbs: ["create", "patch"] },
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
