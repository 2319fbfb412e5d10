// https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/v1/defaults.go, as far as clients can see it.
import { isObject, type JsonObject, objectAt, objectsAt, textAt } from "./json.ts";

/** Sets what is missing. */
export function setDefaults(object: JsonObject, defaults: JsonObject): void {
  for (const [field, value] of Object.entries(defaults)) object[field] ??= value;
}

/** The map at `field`, made where there is none. */
export function ensureObject(object: JsonObject, field: string): JsonObject {
  const value = objectAt(object, field);
  object[field] = value;
  return value;
}

export function applyPodDefaults(spec: JsonObject): void {
  setDefaults(spec, {
    restartPolicy: "Always",
    dnsPolicy: "ClusterFirst",
    schedulerName: "default-scheduler",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
  });
  const serviceAccount = textAt(spec, "serviceAccountName");
  // The field's old name is kept up.
  if (serviceAccount !== "") setDefaults(spec, { serviceAccount });
  for (const container of objectsAt(spec, "initContainers")) applyContainerDefaults(container);
  for (const container of objectsAt(spec, "containers")) applyContainerDefaults(container);
  for (const volume of objectsAt(spec, "volumes")) applyVolumeDefaults(volume);
}

function applyContainerDefaults(container: JsonObject): void {
  const tag = /:([^/:]+)$/.exec(textAt(container, "image"))?.[1];
  setDefaults(container, {
    imagePullPolicy: tag === undefined || tag === "latest" ? "Always" : "IfNotPresent",
    terminationMessagePath: "/dev/termination-log",
    terminationMessagePolicy: "File",
    resources: {},
  });
  for (const field of ["livenessProbe", "readinessProbe", "startupProbe"]) {
    const probe = container[field];
    if (isObject(probe)) applyProbeDefaults(probe);
  }
  for (const port of objectsAt(container, "ports")) setDefaults(port, { protocol: "TCP" });
  for (const variable of objectsAt(container, "env")) {
    const fieldRef = objectAt(variable, "valueFrom")["fieldRef"];
    if (isObject(fieldRef)) setDefaults(fieldRef, { apiVersion: "v1" });
  }
}

function applyProbeDefaults(probe: JsonObject): void {
  setDefaults(probe, {
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  const { httpGet } = probe;
  if (isObject(httpGet)) setDefaults(httpGet, { scheme: "HTTP", path: "/" });
}

function applyVolumeDefaults(volume: JsonObject): void {
  for (const field of ["configMap", "secret", "projected", "downwardAPI"]) {
    const source = volume[field];
    if (isObject(source)) setDefaults(source, { defaultMode: 0o644 });
  }
  if (Object.keys(volume).length === 1) volume["emptyDir"] = {};
  for (const { serviceAccountToken } of objectsAt(volume, "projected", "sources"))
    if (isObject(serviceAccountToken))
      setDefaults(serviceAccountToken, { expirationSeconds: 3600 });
}
