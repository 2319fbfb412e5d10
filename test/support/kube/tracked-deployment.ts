// A Deployment that two clients write to, for tests of who owns its fields.
import {
  type Json,
  type JsonObject,
  type KubeObject,
  type ManagedFieldsEntry,
  objectAt,
} from "./json.ts";
import { trackUpdate } from "./managed-fields.ts";
import { serverSideApply } from "./server-side-apply.ts";

export const NOW = "2026-11-21T00:00:00Z";
export const LATER = "2026-11-21T00:01:00Z";

export function deployment(spec: JsonObject, metadata: JsonObject = {}): KubeObject {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "shop", ...metadata },
    spec,
  };
}

export function apply(
  live: KubeObject | undefined,
  applied: KubeObject,
  { manager = "helm", force = false, now = NOW } = {},
): KubeObject {
  return serverSideApply(live, applied, { manager, force, now });
}

/** `live` with the changes another client made to its spec. */
export function update(
  live: KubeObject,
  spec: JsonObject,
  manager = "kubectl",
  subresource?: string,
) {
  const object = structuredClone(live);
  object["spec"] = { ...objectAt(object, "spec"), ...spec };
  trackUpdate(live, object, { manager, now: NOW, subresource });
  return object;
}

/** The entry of Helm as the first owner of these fields. */
export function entry(fieldsV1: JsonObject): ManagedFieldsEntry {
  return {
    manager: "helm",
    operation: "Apply",
    apiVersion: "apps/v1",
    time: NOW,
    fieldsType: "FieldsV1",
    fieldsV1,
  };
}

/** What each manager owns. */
export function owners(object: KubeObject): Record<string, Json> {
  const entries = object.metadata.managedFields ?? [];
  return Object.fromEntries(entries.map(({ manager, fieldsV1 }) => [manager, fieldsV1]));
}
