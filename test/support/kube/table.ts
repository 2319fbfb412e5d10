// The server-side Table for `kubectl get` and `helm status`. Kinds without columns of their own get name and age.
import { at, isObject, type Json, type JsonObject, objectAt, objectsAt, textAt } from "./json.ts";

type Column = readonly [name: string, read: (object: JsonObject) => Json];

const COLUMNS: Readonly<Record<string, readonly Column[]>> = {
  ConfigMap: [["Data", (object) => Object.keys(objectAt(object, "data")).length]],
  CronJob: [
    ["Schedule", (object) => textAt(object, "spec", "schedule")],
    ["Suspend", (object) => (at(object, "spec", "suspend") === true ? "True" : "False")],
    ["Active", (object) => objectsAt(object, "status", "active").length],
  ],
  DaemonSet: [
    ["Desired", count("status", "desiredNumberScheduled")],
    ["Current", count("status", "currentNumberScheduled")],
    ["Ready", count("status", "numberReady")],
    ["Up-to-date", count("status", "updatedNumberScheduled")],
    ["Available", count("status", "numberAvailable")],
  ],
  Deployment: [
    ["Ready", outOf("readyReplicas", "replicas")],
    ["Up-to-date", count("status", "updatedReplicas")],
    ["Available", count("status", "availableReplicas")],
  ],
  Job: [
    [
      "Status",
      (object) => textAt(objectsAt(object, "status", "conditions").at(-1), "type") || "Running",
    ],
    ["Completions", outOf("succeeded", "completions")],
  ],
  Namespace: [
    [
      "Status",
      (object) =>
        at(object, "metadata", "deletionTimestamp") === undefined ? "Active" : "Terminating",
    ],
  ],
  Pod: [
    ["Ready", readyContainers],
    ["Status", podStatus],
    ["Restarts", () => "0"],
  ],
  ReplicaSet: [
    ["Desired", count("spec", "replicas")],
    ["Current", count("status", "replicas")],
    ["Ready", count("status", "readyReplicas")],
  ],
  RoleBinding: [
    [
      "Role",
      (object) => `${textAt(object, "roleRef", "kind")}/${textAt(object, "roleRef", "name")}`,
    ],
  ],
  Secret: [
    ["Type", (object) => textAt(object, "type")],
    ["Data", (object) => Object.keys(objectAt(object, "data")).length],
  ],
  Service: [
    ["Type", (object) => textAt(object, "spec", "type")],
    ["Cluster-IP", (object) => textAt(object, "spec", "clusterIP")],
    ["External-IP", () => "<none>"],
    ["Port(s)", servicePorts],
  ],
  ServiceAccount: [["Secrets", (object) => objectsAt(object, "secrets").length]],
  StatefulSet: [["Ready", outOf("readyReplicas", "replicas")]],
};

// These tell when they were made instead of their age.
const DATED = new Set(["Role", "ClusterRole"]);

/** One row for an object, or for each object of a list. `includeObject` is the query parameter: Object, Metadata or None. */
export function toTable(
  kind: string,
  object: JsonObject,
  includeObject: string,
  now = Date.now(),
): JsonObject {
  const { items } = object;
  const objects = Array.isArray(items) ? items.filter(isObject) : [object];
  const columns = COLUMNS[kind] ?? [];
  const last: Column = DATED.has(kind)
    ? ["Created At", createdAt]
    : ["Age", (row) => formatAge(now - Date.parse(createdAt(row)))];
  return {
    kind: "Table",
    apiVersion: "meta.k8s.io/v1",
    metadata: { resourceVersion: textAt(object, "metadata", "resourceVersion") },
    columnDefinitions: [
      defineColumn("Name", "name"),
      ...[...columns, last].map(([name]) => defineColumn(name)),
    ],
    rows: objects.map((row) => ({
      cells: [textAt(row, "metadata", "name"), ...[...columns, last].map(([, read]) => read(row))],
      ...include(row, includeObject),
    })),
  };
}

function defineColumn(name: string, format = ""): JsonObject {
  return { name, type: "string", format, description: "", priority: 0 };
}

function include(object: JsonObject, includeObject: string): JsonObject {
  if (includeObject === "None") return {};
  if (includeObject === "Object") return { object };
  const kind = "PartialObjectMetadata";
  const metadata = objectAt(object, "metadata");
  return { object: { kind, apiVersion: "meta.k8s.io/v1", metadata } };
}

function count(...path: readonly string[]): Column[1] {
  return (object) => at(object, ...path) ?? 0;
}

function outOf(done: string, wanted: string): Column[1] {
  return (object) =>
    [at(object, "status", done) ?? 0, at(object, "spec", wanted) ?? 0].map(String).join("/");
}

function readyContainers(pod: JsonObject): Json {
  const statuses = objectsAt(pod, "status", "containerStatuses");
  const readyCount = statuses.filter((status) => status["ready"] === true).length;
  return `${readyCount}/${objectsAt(pod, "spec", "containers").length}`;
}

function podStatus(pod: JsonObject): Json {
  const phase = textAt(pod, "status", "phase");
  if (phase === "Succeeded") return "Completed";
  if (phase === "Failed") return "Error";
  const [container] = objectsAt(pod, "status", "containerStatuses");
  return textAt(container, "state", "waiting", "reason") || phase;
}

function servicePorts(service: JsonObject): Json {
  return objectsAt(service, "spec", "ports")
    .map(({ port, protocol }) => [port ?? "", protocol ?? ""].map(String).join("/"))
    .join(",");
}

function createdAt(object: JsonObject): string {
  return textAt(object, "metadata", "creationTimestamp");
}

// https://github.com/kubernetes/apimachinery/blob/master/pkg/util/duration/duration.go - up to the age a test can reach.
function formatAge(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (seconds < 120) return `${seconds}s`;
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  return hours < 3 ? `${minutes}m` : `${hours}h`;
}
