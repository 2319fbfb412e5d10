import { describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { HOOK_EVENTS } from "../../src/domain/run.ts";
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

const EVENTS = [...HOOK_EVENTS].toSorted();
const LONGEST = "a-release-with-a-name-of-53-characters-which-is-the-m";

function eventsOf(object: KubeObject): readonly string[] {
  return object.metadata.annotations?.["helm.sh/hook"]?.split(",").toSorted() ?? [];
}

function jobOf(rendered: Rendered, event: string): KubeObject {
  const job = rendered.objects.find(
    (object) => object.kind === "Job" && eventsOf(object).includes(event),
  );
  if (job === undefined) throw new Error(`no Job for ${event}\n${rendered.stderr}`);
  return job;
}

function podOf(job: KubeObject): JsonObject {
  return objectAt(job, "spec", "template", "spec");
}

function containerOf(job: KubeObject): JsonObject {
  return objectAt(job, "spec", "template", "spec", "containers", 0);
}

function envOf(job: KubeObject): Readonly<Record<string, unknown>> {
  const variables = objectsAt(containerOf(job), "env");
  return Object.fromEntries(
    variables.map((variable) => [
      textAt(variable, "name"),
      variable["value"] ?? at(variable, "valueFrom", "secretKeyRef"),
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
  it("are one Job for each event, and what it stands on for all of them", async () => {
    const { objects } = await renderStaging(major);
    const hooks = objects.filter((object) => eventsOf(object).length > 0);
    const jobs = hooks.filter(({ kind }) => kind === "Job");
    const others = hooks.filter(({ kind }) => kind !== "Job");
    expect(jobs.map(({ metadata }) => metadata.annotations)).toEqual(
      jobs.map((job) => ({
        "helm.sh/hook": eventsOf(job)[0],
        "helm.sh/hook-weight": "0",
        "helm.sh/hook-delete-policy": "before-hook-creation",
        "helm.sh/hook-output-log-policy": "hook-failed",
      })),
    );
    expect(jobs.flatMap(eventsOf).toSorted()).toEqual(EVENTS);
    expect(others.map(({ kind, metadata: { name } }) => `${kind}/${name}`).toSorted()).toEqual([
      "ConfigMap/shop-helm-notify",
      "Role/shop-helm-notify",
      "RoleBinding/shop-helm-notify",
      "ServiceAccount/shop-helm-notify",
    ]);
    for (const object of others) {
      expect(eventsOf(object)).toEqual(EVENTS);
      expect(object.metadata.annotations).toMatchObject({
        "helm.sh/hook-weight": "-10",
        "helm.sh/hook-delete-policy": "before-hook-creation,hook-succeeded",
      });
    }
  });

  it("may read the record and the ledger and write the ledger, by name, and nothing else", async () => {
    const rendered = await renderStaging(major);
    const names = ["shop-helm-notify-record", "helm-notify-ledger.shop"];
    expect(objectOf(rendered, "Role")["rules"]).toEqual([
      { apiGroups: [""], resources: ["configmaps"], resourceNames: names, verbs: ["get"] },
      {
        apiGroups: [""],
        resources: ["configmaps"],
        resourceNames: ["helm-notify-ledger.shop"],
        verbs: ["create", "patch"],
      },
    ]);
    expect(objectOf(rendered, "RoleBinding")).toMatchObject({
      roleRef: { kind: "Role", name: "shop-helm-notify" },
      subjects: [{ kind: "ServiceAccount", name: "shop-helm-notify", namespace: "shops" }],
    });
  });

  it("run without privileges, for a bounded time, once", async () => {
    const job = jobOf(await renderStaging(major, { deadlineSeconds: 30 }), "pre-upgrade");
    expect(job["spec"]).toMatchObject({
      backoffLimit: 0,
      activeDeadlineSeconds: 90,
      ttlSecondsAfterFinished: 3600,
    });
    const pod = podOf(job);
    expect(pod).toMatchObject({
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      serviceAccountName: "shop-helm-notify",
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      },
    });
    expect(pod["containers"]).toHaveLength(1);
    expect(containerOf(job)).toMatchObject({
      image: "helm-notify-hook:0.1.0",
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      },
      resources: { requests: { cpu: "10m", memory: "32Mi" }, limits: { memory: "64Mi" } },
    });
    expect(containerOf(job)).not.toHaveProperty("command");
    expect(containerOf(job)).not.toHaveProperty("args");
  });

  it("are told their event, the release and Slack's credentials", async () => {
    const job = jobOf(await renderStaging(major), "post-rollback");
    expect(envOf(job)).toEqual({
      HELM_NOTIFY_EVENT: "post-rollback",
      HELM_NOTIFY_RELEASE: "shop",
      HELM_NOTIFY_NAMESPACE: "shops",
      HELM_NOTIFY_RUN_DIR: "/etc/helm-notify/run",
      HELM_NOTIFY_KUBE_DIR: "/etc/helm-notify/kube",
      HELM_NOTIFY_DEADLINE_SECONDS: "20",
      HELM_NOTIFY_FAILURE_POLICY: "ignore",
      SLACK_API_URL: "https://slack.com/api/",
      SLACK_WEBHOOK_URL: fromSecret("webhookUrl"),
      SLACK_BOT_TOKEN: fromSecret("botToken"),
      SLACK_CHANNEL: fromSecret("channel"),
    });
  });

  it("find the record and a short-lived token where they are told", async () => {
    const job = jobOf(await renderStaging(major), "pre-install");
    expect(containerOf(job)["volumeMounts"]).toEqual([
      { name: "run", mountPath: "/etc/helm-notify/run", readOnly: true },
      { name: "kube", mountPath: "/etc/helm-notify/kube", readOnly: true },
    ]);
    expect(podOf(job)["volumes"]).toEqual([
      { name: "run", configMap: { name: "shop-helm-notify" } },
      {
        name: "kube",
        projected: {
          sources: [
            { serviceAccountToken: { path: "token", expirationSeconds: 600 } },
            { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
            {
              downwardAPI: {
                items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }],
              },
            },
          ],
        },
      },
    ]);
  });

  it("have no access to Kubernetes where rbac.create is false", async () => {
    const rendered = await renderStaging(major, { rbac: { create: false } });
    expect(rendered.stdout).not.toMatch(/kind: (?:Role|RoleBinding|ServiceAccount)$/m);
    const job = jobOf(rendered, "pre-upgrade");
    const pod = podOf(job);
    expect(pod).not.toHaveProperty("serviceAccountName");
    expect(pod["automountServiceAccountToken"]).toBe(false);
    expect(pod["volumes"]).toEqual([{ name: "run", configMap: { name: "shop-helm-notify" } }]);
    expect(envOf(job)).not.toHaveProperty("HELM_NOTIFY_KUBE_DIR");
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
      failurePolicy: "fail",
      resources: { limits: { memory: "128Mi" } },
      nodeSelector: { disk: "ssd" },
      tolerations: [{ key: "ci", operator: "Exists" }],
      podLabels: { "sidecar.istio.io/inject": "false" },
      podAnnotations: { note: "kept" },
      extraEnv: [{ name: "HTTPS_PROXY", value: "http://proxy.example.com:3128" }],
      extraVolumes: [{ name: "authority", configMap: { name: "authority" } }],
      extraVolumeMounts: [{ name: "authority", mountPath: "/etc/authority" }],
    };
    const job = jobOf(await renderStaging(major, settings), "post-install");
    expect(job["spec"]).toMatchObject({
      template: {
        metadata: {
          labels: { "app.kubernetes.io/instance": "shop", "sidecar.istio.io/inject": "false" },
          annotations: { note: "kept" },
        },
      },
    });
    const pod = podOf(job);
    expect(pod).toMatchObject({
      imagePullSecrets: settings.imagePullSecrets,
      nodeSelector: settings.nodeSelector,
      tolerations: settings.tolerations,
    });
    expect(pod["volumes"]).toContainEqual(settings.extraVolumes[0]);
    expect(containerOf(job)).toMatchObject({
      image: "r.example.com/hook:2.0.0@sha256:ab",
      imagePullPolicy: "Always",
      resources: { limits: { memory: "128Mi" } },
    });
    expect(containerOf(job)["volumeMounts"]).toContainEqual(settings.extraVolumeMounts[0]);
    expect(envOf(job)).toMatchObject({
      HELM_NOTIFY_FAILURE_POLICY: "fail",
      SLACK_CHANNEL: "#deploys",
      SLACK_USERNAME: "Deploys",
      SLACK_API_URL: "https://slack-gov.com/api/",
      HTTPS_PROXY: "http://proxy.example.com:3128",
    });
  });

  it("have names that Kubernetes takes, also below the longest release names", async () => {
    const cut = `${LONGEST.slice(0, 27)}.${LONGEST.slice(28)}`;
    for (const release of [LONGEST, cut]) {
      const { objects } = await renderStaging(major, {}, release);
      const hooks = objects.filter((object) => eventsOf(object).length > 0);
      expect(hooks).toHaveLength(10);
      for (const { metadata } of hooks) {
        expect(metadata.name).toMatch(/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/);
        expect(metadata.name.length).toBeLessThanOrEqual(63);
      }
      expect(new Set(hooks.map(({ kind, metadata }) => kind + metadata.name)).size).toBe(10);
    }
  });

  it("of two releases in one namespace share no name", async () => {
    const releases = ["shop", "shop2", LONGEST, `${LONGEST.slice(0, -1)}x`];
    const rendered = await Promise.all(releases.map((name) => renderStaging(major, {}, name)));
    const names = rendered.flatMap(({ objects }) =>
      objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    );
    expect(names.length).toBe(releases.length * (rendered[0]?.objects.length ?? 0));
    expect(new Set(names).size).toBe(names.length);
  });
});
