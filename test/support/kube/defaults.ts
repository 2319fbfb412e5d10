// What a Kubernetes API adds to an object that leaves it out, as far as clients can see it.
import { isObject, type JsonObject, type KubeObject, objectAt, objectsAt, textAt } from "./json.ts";
import { applyPodDefaults, ensureObject, setDefaults } from "./pod-defaults.ts";
import { prune } from "./prune.ts";

const RBAC = { apiGroup: "rbac.authorization.k8s.io" };

const DEFAULTS: Readonly<Record<string, (object: KubeObject) => void>> = {
  ClusterRoleBinding: applyBindingDefaults,
  CronJob: applyCronJobDefaults,
  DaemonSet: applyDaemonSetDefaults,
  Deployment: applyDeploymentDefaults,
  HorizontalPodAutoscaler: (object) =>
    setDefaults(ensureObject(object, "spec"), { minReplicas: 1 }),
  Ingress: (object) => setDefaults(object, { status: { loadBalancer: {} } }),
  Job: applyJobDefaults,
  Namespace: applyNamespaceDefaults,
  NetworkPolicy: applyNetworkPolicyDefaults,
  PersistentVolumeClaim: applyClaimDefaults,
  Pod: applyPodObjectDefaults,
  ReplicaSet: applyReplicaSetDefaults,
  RoleBinding: applyBindingDefaults,
  Secret: applySecretDefaults,
  Service: applyServiceDefaults,
  StatefulSet: applyStatefulSetDefaults,
};

/** Changes an object in place that is about to be stored; it has its uid. Of custom resources only the metadata. */
export function applyDefaults(object: KubeObject): void {
  prune(object.metadata);
  if (isCustom(object)) return;
  prune(object);
  DEFAULTS[object.kind]?.(object);
}

/** Custom resources and their definitions: their fields are not Go's, and their kinds may be named like built-in ones. */
function isCustom({ apiVersion, kind }: KubeObject): boolean {
  if (kind === "CustomResourceDefinition") return true;
  const [group = "", version] = apiVersion.split("/");
  return version !== undefined && group.includes(".") && !group.endsWith(".k8s.io");
}

function applyBindingDefaults(object: KubeObject): void {
  for (const subject of objectsAt(object, "subjects"))
    if (subject["kind"] !== "ServiceAccount") setDefaults(subject, RBAC);
  setDefaults(ensureObject(object, "roleRef"), RBAC);
}

function applyClaimDefaults(object: KubeObject): void {
  setDefaults(ensureObject(object, "spec"), { volumeMode: "Filesystem" });
  setDefaults(object, { status: { phase: "Pending" } });
}

function applyCronJobDefaults(object: KubeObject): void {
  const spec = ensureObject(object, "spec");
  setDefaults(spec, {
    concurrencyPolicy: "Allow",
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 1,
  });
  applyTemplateDefaults(ensureObject(ensureObject(spec, "jobTemplate"), "spec"));
  setDefaults(object, { status: {} });
}

function applyDaemonSetDefaults(object: KubeObject): void {
  const spec = ensureObject(object, "spec");
  setDefaults(spec, { revisionHistoryLimit: 10 });
  applyRollingUpdateDefaults(spec, "updateStrategy", { maxUnavailable: 1, maxSurge: 0 });
  applyTemplateDefaults(spec);
  setDefaults(object, { status: {} });
}

function applyDeploymentDefaults(object: KubeObject): void {
  const spec = ensureObject(object, "spec");
  setDefaults(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 });
  applyRollingUpdateDefaults(spec, "strategy", { maxUnavailable: "25%", maxSurge: "25%" });
  applyTemplateDefaults(spec);
  setDefaults(object, { status: {} });
}

/** A Job is bound to its pods by labels that carry its uid. */
function applyJobDefaults(object: KubeObject): void {
  const { metadata } = object;
  const { uid = "", name } = metadata;
  const spec = ensureObject(object, "spec");
  setDefaults(spec, {
    backoffLimit: 6,
    parallelism: 1,
    completions: 1,
    completionMode: "NonIndexed",
    manualSelector: false,
    suspend: false,
    podReplacementPolicy: "TerminatingOrFailed",
  });
  const templateMetadata = ensureObject(ensureObject(spec, "template"), "metadata");
  if (spec["selector"] === undefined) {
    spec["selector"] = { matchLabels: { "batch.kubernetes.io/controller-uid": uid } };
    Object.assign(ensureObject(templateMetadata, "labels"), {
      "batch.kubernetes.io/controller-uid": uid,
      "batch.kubernetes.io/job-name": name,
      "controller-uid": uid,
      "job-name": name,
    });
  }
  // A Job without labels of its own gets those of its pods.
  const labels = objectAt(templateMetadata, "labels");
  if (Object.keys(labels).length > 0) setDefaults(metadata, { labels: { ...labels } });
  applyTemplateDefaults(spec);
  setDefaults(object, { status: {} });
}

function applyNamespaceDefaults(object: KubeObject): void {
  const { metadata } = object;
  metadata.labels = { ...metadata.labels, "kubernetes.io/metadata.name": metadata.name };
  setDefaults(object, { spec: { finalizers: ["kubernetes"] }, status: { phase: "Active" } });
}

function applyNetworkPolicyDefaults(object: KubeObject): void {
  const spec = ensureObject(object, "spec");
  setDefaults(spec, { policyTypes: "egress" in spec ? ["Ingress", "Egress"] : ["Ingress"] });
  for (const rule of [...objectsAt(spec, "ingress"), ...objectsAt(spec, "egress")])
    for (const port of objectsAt(rule, "ports")) setDefaults(port, { protocol: "TCP" });
}

function applyPodObjectDefaults(object: KubeObject): void {
  const spec = ensureObject(object, "spec");
  setDefaults(spec, {
    enableServiceLinks: true,
    preemptionPolicy: "PreemptLowerPriority",
    priority: 0,
    serviceAccountName: "default",
  });
  applyPodDefaults(spec);
  setDefaults(object, { status: { phase: "Pending", qosClass: "BestEffort" } });
}

function applyReplicaSetDefaults(object: KubeObject): void {
  const spec = ensureObject(object, "spec");
  setDefaults(spec, { replicas: 1 });
  applyTemplateDefaults(spec);
  setDefaults(object, { status: {} });
}

function applySecretDefaults(object: KubeObject): void {
  setDefaults(object, { type: "Opaque" });
  const { stringData } = object;
  if (!isObject(stringData)) return;
  const data = ensureObject(object, "data");
  for (const [name, value] of Object.entries(stringData))
    data[name] = typeof value === "string" ? Buffer.from(value).toString("base64") : "";
  delete object["stringData"];
}

function applyServiceDefaults(object: KubeObject): void {
  const spec = ensureObject(object, "spec");
  if (Object.keys(objectAt(spec, "selector")).length === 0) delete spec["selector"];
  if (spec["clusterIP"] === "") delete spec["clusterIP"];
  setDefaults(spec, { type: "ClusterIP", sessionAffinity: "None" });
  if (spec["type"] !== "ExternalName") {
    setDefaults(spec, {
      clusterIP: addressOf(object),
      internalTrafficPolicy: "Cluster",
      ipFamilies: ["IPv4"],
      ipFamilyPolicy: "SingleStack",
    });
    setDefaults(spec, { clusterIPs: [textAt(spec, "clusterIP")] });
  }
  for (const port of objectsAt(spec, "ports")) {
    const { port: targetPort } = port;
    setDefaults(port, { protocol: "TCP", ...(targetPort !== undefined && { targetPort }) });
  }
  setDefaults(object, { status: { loadBalancer: {} } });
}

/** Nothing listens there: it only has to look like an address, and to stay the same. */
function addressOf({ metadata }: KubeObject): string {
  const bytes = Buffer.from((metadata.uid ?? "").slice(0, 4).padEnd(4, "0"), "hex");
  return `10.96.${bytes.join(".")}`;
}

function applyStatefulSetDefaults(object: KubeObject): void {
  const spec = ensureObject(object, "spec");
  setDefaults(spec, {
    replicas: 1,
    podManagementPolicy: "OrderedReady",
    revisionHistoryLimit: 10,
    persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
  });
  applyRollingUpdateDefaults(spec, "updateStrategy", { partition: 0 });
  applyTemplateDefaults(spec);
  setDefaults(object, { status: { replicas: 0 } });
}

function applyRollingUpdateDefaults(spec: JsonObject, field: string, defaults: JsonObject): void {
  const strategy = ensureObject(spec, field);
  setDefaults(strategy, { type: "RollingUpdate" });
  if (strategy["type"] === "RollingUpdate")
    setDefaults(ensureObject(strategy, "rollingUpdate"), defaults);
}

function applyTemplateDefaults(spec: JsonObject): void {
  applyPodDefaults(ensureObject(ensureObject(spec, "template"), "spec"));
}
