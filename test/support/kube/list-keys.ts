// How lists and maps are merged: the x-kubernetes-list-type, -list-map-keys and -map-type marks of the OpenAPI of core, apps,
// batch, rbac, networking, policy and autoscaling. Among these the names of fields are unambiguous, except `ports`.
import { isObject, type Json, type JsonObject } from "./json.ts";

const MERGE_KEYS: Readonly<Record<string, readonly string[]>> = {
  conditions: ["type"],
  containers: ["name"],
  env: ["name"],
  ephemeralContainers: ["name"],
  hostAliases: ["ip"],
  hostIPs: ["ip"],
  imagePullSecrets: ["name"],
  initContainers: ["name"],
  ownerReferences: ["uid"],
  podIPs: ["ip"],
  resourceClaims: ["name"],
  schedulingGates: ["name"],
  secrets: ["name"],
  topologySpreadConstraints: ["topologyKey", "whenUnsatisfiable"],
  volumeDevices: ["devicePath"],
  volumeMounts: ["mountPath"],
  volumes: ["name"],
};

// The ports of NetworkPolicies and Endpoints have no keys.
const PORT_KEYS: Readonly<Record<string, readonly string[]>> = {
  containers: ["containerPort", "protocol"],
  ephemeralContainers: ["containerPort", "protocol"],
  initContainers: ["containerPort", "protocol"],
  spec: ["port", "protocol"],
};

const SETS = new Set(["finalizers"]);

const ATOMIC_MAPS = new Set([
  "configMapKeyRef",
  "fieldRef",
  "involvedObject",
  "labelSelector",
  "namespaceSelector",
  "nodeSelector",
  "podSelector",
  "resourceFieldRef",
  "roleRef",
  "scaleTargetRef",
  "secretKeyRef",
  "selector",
]);

/** What tells the items of the list `field` in the map `parent` apart; `undefined` where the list is one value. */
export function mergeKeys(
  parent: string,
  field: string,
  items: readonly Json[],
): readonly string[] | undefined {
  const keys = field === "ports" ? PORT_KEYS[parent] : MERGE_KEYS[field];
  const first = keys?.[0];
  if (first === undefined) return undefined;
  // Custom resources use the same names for other things.
  const isKeyed = items.every((item) => isObject(item) && (first in item || "$patch" in item));
  return isKeyed ? keys : undefined;
}

export function isSet(field: string): boolean {
  return SETS.has(field);
}

export function isAtomicMap(field: string): boolean {
  return ATOMIC_MAPS.has(field);
}

/** The item's keys as JSON, as they stand in FieldsV1. */
export function keyOf(item: Json, keys: readonly string[]): string {
  const values = isObject(item) ? item : {};
  return JSON.stringify(Object.fromEntries(keys.map((key) => [key, keyValue(values, key)])));
}

function keyValue(item: JsonObject, key: string): Json | undefined {
  return item[key] ?? (key === "protocol" ? "TCP" : undefined);
}
