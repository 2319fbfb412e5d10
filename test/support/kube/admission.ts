// What a real API refuses and a chart author would otherwise only learn in production. Not a schema check.
import { invalid } from "./api-error.ts";
import { at, deepEqual, objectAt, objectsAt, type Json, type KubeObject } from "./json.ts";
import type { Resource } from "./resources.ts";

// https://github.com/kubernetes/apimachinery/blob/master/pkg/util/validation/validation.go
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const LABEL_LIMIT = 63;
const NAME_LIMIT = 253;
// https://kubernetes.io/docs/concepts/configuration/configmap/ - "cannot exceed 1 MiB", Secrets likewise.
const DATA_LIMIT = 1024 * 1024;

/** A replaced Service keeps its address where the client names none, as since Kubernetes 1.20. */
export function inherit(object: KubeObject, old: KubeObject): void {
  if (object.kind !== "Service") return;
  const spec = objectAt(object, "spec");
  const oldSpec = objectAt(old, "spec");
  for (const field of ["clusterIP", "clusterIPs"]) {
    const inherited = oldSpec[field];
    if (!spec[field] && inherited !== undefined && spec["type"] !== "ExternalName")
      spec[field] = inherited;
  }
}

/** Checks an object that is about to be written, its defaults filled in. */
export function admit(resource: Resource, object: KubeObject, old: KubeObject | undefined): void {
  const refuse = (field: string, why: string) => {
    const { group } = resource;
    return invalid({ kind: object.kind, group, name: object.metadata.name }, field, why);
  };
  const refuseValue = (field: string, value: Json | undefined, why: string) =>
    refuse(field, `Invalid value: ${JSON.stringify(value)}: ${why}`);

  const { name, labels = {} } = object.metadata;
  if (!name) throw refuse("metadata.name", "Required value: name or generateName is required");
  // Names of RBAC objects are path segments: "system:node" is one.
  if (resource.group !== "rbac.authorization.k8s.io" && !SUBDOMAIN.test(name))
    throw refuseValue(
      "metadata.name",
      name,
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
    );
  const limit = ["Job", "Service", "Namespace"].includes(object.kind) ? LABEL_LIMIT : NAME_LIMIT;
  if (name.length > limit)
    throw refuseValue("metadata.name", name, `must be no more than ${limit} bytes`);
  for (const [field, values] of [
    ["metadata.labels", labels],
    ["spec.template.labels", objectAt(object, "spec", "template", "metadata", "labels")],
  ] as const) {
    for (const value of Object.values(values)) {
      if (typeof value !== "string") throw refuseValue(field, value, "must be a string");
      if (value.length > LABEL_LIMIT)
        throw refuseValue(field, value, `must be no more than ${LABEL_LIMIT} bytes`);
      if (!LABEL_VALUE.test(value))
        throw refuseValue(
          field,
          value,
          "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
        );
    }
  }
  for (const path of [["spec"], ["spec", "template", "spec"]]) {
    for (const list of ["initContainers", "containers"]) {
      for (const [index, container] of objectsAt(object, ...path, list).entries()) {
        if (!container["image"])
          throw refuse(`${path.join(".")}.${list}[${index}].image`, "Required value");
      }
    }
  }
  if (["ConfigMap", "Secret"].includes(object.kind)) {
    const data = { ...objectAt(object, "data"), ...objectAt(object, "binaryData") };
    if (JSON.stringify(data).length > DATA_LIMIT)
      throw refuse("data", `Too long: may not be more than ${DATA_LIMIT} bytes`);
  }
  if (old !== undefined) admitChange(object, old, refuse, refuseValue);
}

function admitChange(
  object: KubeObject,
  old: KubeObject,
  refuse: (field: string, why: string) => Error,
  refuseValue: (field: string, value: Json | undefined, why: string) => Error,
): void {
  const changes = (...path: string[]) => !deepEqual(at(object, ...path), at(old, ...path));
  switch (object.kind) {
    case "Job":
      if (changes("spec", "template"))
        throw refuseValue("spec.template", at(object, "spec", "template"), "field is immutable");
      break;
    case "Deployment":
    case "StatefulSet":
    case "DaemonSet":
      if (changes("spec", "selector"))
        throw refuseValue("spec.selector", at(object, "spec", "selector"), "field is immutable");
      break;
    case "RoleBinding":
    case "ClusterRoleBinding":
      if (changes("roleRef"))
        throw refuseValue("roleRef", object["roleRef"], "cannot change roleRef");
      break;
    case "ConfigMap":
    case "Secret":
      if (old["immutable"] === true && (changes("data") || changes("binaryData")))
        throw refuse("data", "Forbidden: field is immutable when `immutable` is set");
      break;
  }
}
