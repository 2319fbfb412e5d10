import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { RECORD_KEY } from "../../src/domain/record.ts";
import { HOOK_EVENTS } from "../../src/domain/run.ts";
import { endName, runName, TEXTS_KEY, watcherName } from "../../src/domain/watched-run.ts";
import {
  at,
  type JsonObject,
  type KubeObject,
  objectAt,
  objectsAt,
  textAt,
} from "../support/kube/json.ts";
import {
  objectOf,
  type Rendered,
  render,
  temporaryFolder,
  writeChart,
} from "../support/rendering.ts";
import { SHOP } from "../support/shop-chart.ts";

const BEGINNINGS = [...HOOK_EVENTS].toSorted();
const ENDS = ["post-install", "post-rollback", "post-upgrade"];
const LIBRARY = join(import.meta.dirname, "../../chart-snippets/helm-notify");
const LONGEST = "a-release-with-a-name-of-53-characters-which-is-the-m";

function eventsOf(object: KubeObject): readonly string[] {
  return hookOf(object)?.split(",").toSorted() ?? [];
}

function weightOf({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.["helm.sh/hook-weight"]);
}

/** The hooks that Helm creates at an event, in its order: kind and name. */
function hooksAt({ objects }: Rendered, event: string): readonly string[] {
  return objects
    .filter((object) => eventsOf(object).includes(event))
    .toSorted((left, right) => weightOf(left) - weightOf(right))
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`);
}

function isSweep(object: KubeObject): boolean {
  return eventsOf(object).includes("post-delete");
}

function ordinary({ objects }: Rendered): readonly KubeObject[] {
  return objects.filter((object) => eventsOf(object).length === 0);
}

function watcherOf(rendered: Rendered, event: string): KubeObject {
  const watcher = rendered.objects.find(
    (object) => object.kind === "ReplicaSet" && eventsOf(object).includes(event),
  );
  if (watcher === undefined) throw new Error(`no watcher for ${event}\n${rendered.stderr}`);
  return watcher;
}

/** The beginning of a run by that event. */
function runOf(rendered: Rendered, event = "pre-upgrade"): KubeObject {
  const run = rendered.objects.find(
    (object) => object.metadata.name === runName("shop") && hookOf(object) === event,
  );
  if (run === undefined) throw new Error(`no run\n${rendered.stderr}`);
  return run;
}

/** Its annotation, word by word: the program reads it. */
function hookOf({ metadata }: KubeObject): string | undefined {
  return metadata.annotations?.["helm.sh/hook"];
}

function podOf(watcher: KubeObject): JsonObject {
  return objectAt(watcher, "spec", "template", "spec");
}

function containerOf(watcher: KubeObject): JsonObject {
  return objectAt(watcher, "spec", "template", "spec", "containers", 0);
}

function envOf(watcher: KubeObject): Readonly<Record<string, unknown>> {
  const variables = objectsAt(containerOf(watcher), "env");
  return Object.fromEntries(
    variables.map((variable) => [
      textAt(variable, "name"),
      variable["value"] ??
        at(variable, "valueFrom", "secretKeyRef") ??
        at(variable, "valueFrom", "fieldRef"),
    ]),
  );
}

/** How a credential comes from the Secret. */
function fromSecret(key: string): object {
  return { name: "slack", key, optional: true };
}

const renderStaging = (major: 3 | 4, values: object = {}, release = "shop"): Promise<Rendered> => {
  const folder = writeChart(temporaryFolder(), { "values.yaml": { "helm-notify": values } });
  const files = ["-f", `${SHOP}/staging.yaml`, "-f", `${folder}/values.yaml`];
  return render(major, SHOP, [...files, "--namespace", "shops"], release);
};

describe.each(HELM_MAJORS)("with Helm %i the hooks", (major) => {
  it("are of no kind that Helm waits for", async () => {
    const { objects } = await renderStaging(major);
    const hooks = objects.filter((object) => eventsOf(object).length > 0);
    expect(new Set(hooks.map(({ kind }) => kind))).toEqual(new Set(["ConfigMap", "ReplicaSet"]));
  });

  it("begin a run before all other hooks and end it after them", async () => {
    const rendered = await renderStaging(major, {}, "shop");
    const run = "ConfigMap/shop-helm-notify-run";
    const watcher = "ReplicaSet/shop-helm-notify";
    const end = "ConfigMap/shop-helm-notify-end";
    for (const event of BEGINNINGS) expect(hooksAt(rendered, event)).toEqual([run, watcher]);
    for (const event of ENDS) expect(hooksAt(rendered, event)).toEqual([end]);
    const weights = rendered.objects
      .filter((object) => eventsOf(object).length > 0 && !isSweep(object))
      .map(weightOf);
    expect(new Set(weights)).toEqual(new Set([-1001, -1000, 1000]));
  });

  it("stay until the next run replaces them", async () => {
    const { objects } = await renderStaging(major);
    const kept = objects.filter((object) => eventsOf(object).length > 0 && !isSweep(object));
    const policies = kept.map(
      ({ metadata }) => metadata.annotations?.["helm.sh/hook-delete-policy"],
    );
    expect(policies).toEqual(Array.from({ length: 5 }, () => "before-hook-creation"));
  });

  it("take themselves away with the release, without a pod", async () => {
    const rendered = await renderStaging(major);
    const kept = [...BEGINNINGS, ...ENDS].flatMap((event) => hooksAt(rendered, event));
    expect(hooksAt(rendered, "post-delete").toSorted()).toEqual([...new Set(kept)].toSorted());
    const sweep = rendered.objects.filter(isSweep);
    for (const { metadata } of sweep) {
      expect(metadata.annotations).toMatchObject({
        "helm.sh/hook": "post-delete",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
      });
    }
    expect(watcherOf(rendered, "post-delete")["spec"]).toMatchObject({ replicas: 0 });
    expect(watcherOf(rendered, "pre-upgrade")["spec"]).toMatchObject({ replicas: 1 });
  });

  it("say what they are to a stranger", async () => {
    const { objects } = await renderStaging(major);
    for (const { metadata } of objects.filter((object) => eventsOf(object).length > 0))
      expect(metadata.annotations?.["kubernetes.io/description"]).toMatch(
        /^[A-Z].*helm-notify.*\.$/,
      );
  });

  it("find the pod by labels of their own", async () => {
    const watcher = watcherOf(await renderStaging(major), "pre-upgrade");
    const labels = {
      "app.kubernetes.io/name": "helm-notify",
      "app.kubernetes.io/instance": "shop",
      "app.kubernetes.io/component": "watcher",
    };
    expect(watcher["spec"]).toMatchObject({
      selector: { matchLabels: labels },
      template: { metadata: { labels } },
    });
    expect(at(watcher, "spec", "selector", "matchLabels")).toEqual(labels);
  });

  it("have a pod that the README's network policy is for", async () => {
    const readme = readFileSync(join(LIBRARY, "README.md"), "utf8");
    const [, example = ""] = /```yaml\n([^`]*kind: NetworkPolicy[^`]*)```/.exec(readme) ?? [];
    const watcher = watcherOf(await renderStaging(major), "pre-upgrade");
    expect(at(watcher, "spec", "template", "metadata", "labels")).toMatchObject(
      objectAt(parse(example), "spec", "podSelector", "matchLabels"),
    );
  });

  it("hand over the user's wording with the record", async () => {
    const messages = {
      start: "Deploying {{release}} <now>",
      "digest-only": "{{#if to}}{{to}}{{/if}}",
    };
    const rendered = await renderStaging(major, { messages });
    for (const event of BEGINNINGS)
      expect(JSON.parse(textAt(runOf(rendered, event), "data", TEXTS_KEY))).toEqual(messages);
    const plain = runOf(await renderStaging(major));
    expect(Object.keys(objectAt(plain, "data"))).toEqual([RECORD_KEY]);
  });

  it("have the names that the program looks for", async () => {
    const { objects } = await renderStaging(major, {}, LONGEST);
    const names = new Set(
      objects.filter((object) => eventsOf(object).length > 0).map(({ metadata }) => metadata.name),
    );
    expect(names).toEqual(new Set([runName(LONGEST), watcherName(LONGEST), endName(LONGEST)]));
  });

  it("may read what is ours, write the ledger and go, by name, and nothing else", async () => {
    const rendered = await renderStaging(major);
    const ledger = ["helm-notify-ledger.shop"];
    const record = ["shop-helm-notify-record"];
    const marks = ["shop-helm-notify-run", "shop-helm-notify-end"];
    const turn = ["helm-notify-turn.shop"];
    const configMaps = { apiGroups: [""], resources: ["configmaps"] };
    expect(objectOf(rendered, "Role")["rules"]).toEqual([
      { ...configMaps, resourceNames: [...record, ...ledger, ...marks, ...turn], verbs: ["get"] },
      { ...configMaps, resourceNames: record, verbs: ["list"] },
      { ...configMaps, resourceNames: ledger, verbs: ["create", "patch"] },
      {
        apiGroups: ["apps"],
        resources: ["replicasets"],
        resourceNames: ["shop-helm-notify"],
        verbs: ["get", "delete"],
      },
    ]);
    expect(objectOf(rendered, "RoleBinding")).toMatchObject({
      roleRef: { kind: "Role", name: "shop-helm-notify" },
      subjects: [{ kind: "ServiceAccount", name: "shop-helm-notify", namespace: "shops" }],
    });
    expect(ordinary(rendered).map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["ServiceAccount", "Role", "RoleBinding"]),
    );
  });

  it("run without privileges, as often as it takes", async () => {
    const watcher = watcherOf(await renderStaging(major), "pre-upgrade");
    const pod = podOf(watcher);
    expect(pod).toMatchObject({
      restartPolicy: "Always",
      terminationGracePeriodSeconds: 12,
      automountServiceAccountToken: false,
      serviceAccountName: "shop-helm-notify",
      securityContext: {
        runAsNonRoot: true,
        seccompProfile: { type: "RuntimeDefault" },
      },
    });
    expect(pod["containers"]).toHaveLength(1);
    expect(containerOf(watcher)).toMatchObject({
      image: "helm-notify-hook:0.1.0",
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
    });
    expect(containerOf(watcher)).not.toHaveProperty("command");
    expect(containerOf(watcher)).not.toHaveProperty("args");
  });

  it("are told the release and the credentials", async () => {
    const rendered = await renderStaging(major);
    expect(envOf(watcherOf(rendered, "pre-rollback"))).toEqual({
      HELM_NOTIFY_RELEASE: "shop",
      HELM_NOTIFY_NAMESPACE: "shops",
      HELM_NOTIFY_POD: { fieldPath: "metadata.uid" },
      HELM_NOTIFY_KUBE_DIR: "/etc/helm-notify/kube",
      HELM_NOTIFY_WATCH_SECONDS: "900",
      HELM_NOTIFY_DEADLINE_SECONDS: "20",
      SLACK_API_URL: "https://slack.com/api/",
      SLACK_WEBHOOK_URL: fromSecret("webhookUrl"),
      SLACK_BOT_TOKEN: fromSecret("botToken"),
      SLACK_CHANNEL: fromSecret("channel"),
      GENERIC_URL: fromSecret("genericUrl"),
      GENERIC_SECRET: fromSecret("genericSecret"),
      GIT_TOKEN: fromSecret("gitToken"),
    });
  });

  it("find a short-lived token where they are told", async () => {
    const watcher = watcherOf(await renderStaging(major), "pre-install");
    expect(containerOf(watcher)["volumeMounts"]).toEqual([
      { name: "kube", mountPath: "/etc/helm-notify/kube", readOnly: true },
    ]);
    expect(podOf(watcher)["volumes"]).toEqual([
      {
        name: "kube",
        projected: {
          sources: [
            { serviceAccountToken: { path: "token", expirationSeconds: 600 } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
          ],
        },
      },
    ]);
  });

  it("run as an account that somebody else made", async () => {
    const rbac = { create: false, serviceAccountName: "announcer" };
    const rendered = await renderStaging(major, { rbac });
    expect(rendered.stdout).not.toMatch(/kind: (?:Role|RoleBinding|ServiceAccount)$/m);
    for (const event of BEGINNINGS)
      expect(podOf(watcherOf(rendered, event))["serviceAccountName"]).toBe("announcer");
  });

  it("run as an account of the name they are given", async () => {
    const rbac = { create: true, serviceAccountName: "announcer" };
    const rendered = await renderStaging(major, { rbac });
    expect(objectOf(rendered, "ServiceAccount").metadata.name).toBe("announcer");
    expect(objectOf(rendered, "RoleBinding")).toMatchObject({
      roleRef: { name: "shop-helm-notify" },
      subjects: [{ name: "announcer" }],
    });
    expect(podOf(watcherOf(rendered, "pre-install"))["serviceAccountName"]).toBe("announcer");
  });

  it("are not there without an account: only the record is", async () => {
    const rendered = await renderStaging(major, { rbac: { create: false } });
    const ours = rendered.objects.filter(
      ({ metadata }) => metadata.labels?.["app.kubernetes.io/name"] === "helm-notify",
    );
    expect(ours.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual([
      "ConfigMap/shop-helm-notify-record",
    ]);
    expect(rendered.stdout).not.toContain("helm.sh/hook");
  });

  it("are the same whatever the revision: a diff after an upgrade is empty", async () => {
    const argv = ["-f", `${SHOP}/staging.yaml`];
    const [install, upgrade] = await Promise.all([
      render(major, SHOP, argv),
      render(major, SHOP, [...argv, "--is-upgrade"]),
    ]);
    expect(upgrade?.stdout).toBe(install?.stdout);
    expect(install?.stdout).not.toBe("");
  });

  it("take every setting", async () => {
    const settings = {
      image: {
        repository: "r.example.com/hook",
        tag: "2.0.0",
        digest: "sha256:ab",
        pullPolicy: "Always",
      },
      imagePullSecrets: [{ name: "registry" }],
      slack: { channel: "#deploys", username: "Deploys", apiUrl: "https://slack-gov.com/api/" },
      watchSeconds: 60,
      deadlineSeconds: 5,
      resources: { limits: { memory: "128Mi" } },
      nodeSelector: { disk: "ssd" },
      tolerations: [{ key: "ci", operator: "Exists" }],
      priorityClassName: "tools",
      podLabels: { "sidecar.istio.io/inject": "false" },
      podAnnotations: { note: "kept" },
      extraEnv: [{ name: "HTTPS_PROXY", value: "http://proxy.example.com:3128" }],
      extraVolumes: [{ name: "authority", configMap: { name: "authority" } }],
      extraVolumeMounts: [{ name: "authority", mountPath: "/etc/authority" }],
    };
    const watcher = watcherOf(await renderStaging(major, settings), "pre-install");
    expect(watcher["spec"]).toMatchObject({
      template: {
        metadata: {
          labels: { "app.kubernetes.io/instance": "shop", "sidecar.istio.io/inject": "false" },
          annotations: { note: "kept" },
        },
      },
    });
    const pod = podOf(watcher);
    expect(pod).toMatchObject({
      imagePullSecrets: settings.imagePullSecrets,
      nodeSelector: settings.nodeSelector,
      tolerations: settings.tolerations,
      priorityClassName: "tools",
    });
    expect(pod["volumes"]).toContainEqual(settings.extraVolumes[0]);
    expect(containerOf(watcher)).toMatchObject({
      image: "r.example.com/hook:2.0.0@sha256:ab",
      imagePullPolicy: "Always",
      resources: { limits: { memory: "128Mi" } },
    });
    expect(containerOf(watcher)["volumeMounts"]).toContainEqual(settings.extraVolumeMounts[0]);
    expect(envOf(watcher)).toMatchObject({
      HELM_NOTIFY_WATCH_SECONDS: "60",
      HELM_NOTIFY_DEADLINE_SECONDS: "5",
      SLACK_CHANNEL: "#deploys",
      SLACK_USERNAME: "Deploys",
      SLACK_API_URL: "https://slack-gov.com/api/",
      HTTPS_PROXY: "http://proxy.example.com:3128",
    });
  });

  it("of two releases in one namespace share no name", async () => {
    const releases = ["shop", "shop2", LONGEST, `${LONGEST.slice(0, -1)}x`];
    const names = await Promise.all(
      releases.map(async (name) => {
        const { objects } = await renderStaging(major, {}, name);
        return new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
      }),
    );
    const shared = new Set(names.flatMap((of) => [...of]));
    expect(shared.size).toBe(names.reduce((sum, of) => sum + of.size, 0));
  });
});

it.each(HELM_MAJORS)(
  "with Helm %i names that YAML would read as something else stay names",
  async (major) => {
    const account = [
      "--set",
      "helm-notify.rbac.create=false,helm-notify.rbac.serviceAccountName=no",
    ];
    const settings = ["-f", `${SHOP}/staging.yaml`, ...account];
    const rendered = await render(major, SHOP, settings, "123");
    const watcher = watcherOf(rendered, "pre-upgrade");
    expect(textAt(watcher, "spec", "template", "spec", "serviceAccountName")).toBe("no");
    const ours = rendered.objects
      .map(({ metadata }) => metadata.labels ?? {})
      .filter((labels) => labels["app.kubernetes.io/name"] === "helm-notify");
    expect(ours.length).toBeGreaterThan(0);
    expect(ours.filter((labels) => labels["app.kubernetes.io/instance"] !== "123")).toEqual([]);
  },
);
