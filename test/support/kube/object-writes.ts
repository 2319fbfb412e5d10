// Create, update, the four patches, delete: what a client sent becomes what is stored.
import { badRequest, conflict, forbidden, invalid, unsupportedMediaType } from "./api-error.ts";
import { timestamp } from "./clock.ts";
import type { Cluster } from "./cluster.ts";
import { applyJsonPatch } from "./json-patch.ts";
import {
  clone,
  isObject,
  objectAt,
  textAt,
  type Json,
  type JsonObject,
  type KubeObject,
} from "./json.ts";
import { applyMergePatch } from "./merge-patch.ts";
import { toList } from "./object-list.ts";
import type { User } from "./rbac.ts";
import type { Resource } from "./resources.ts";
import { parseSelectors } from "./selectors.ts";
import { serverSideApply } from "./server-side-apply.ts";
import type { DeleteOptions, WriteOptions } from "./store.ts";
import { applyStrategicMergePatch } from "./strategic-merge-patch.ts";
import { ruleName, type Target } from "./target.ts";

export interface WriteRequest {
  readonly target: Target;
  readonly user: User;
  readonly body: Json;
  readonly contentType: string;
  readonly userAgent: string;
}

export interface WriteResult {
  readonly status: 200 | 201;
  readonly object: KubeObject;
}

const APPLY_PATCH = "application/apply-patch+yaml";
const STRATEGIC_PATCH = "application/strategic-merge-patch+json";
const PATCHES = new Map<string, (old: KubeObject, patch: Json) => Json>([
  ["application/json-patch+json", applyJsonPatch],
  ["application/merge-patch+json", applyMergePatch],
  [STRATEGIC_PATCH, (old, patch) => applyStrategicMergePatch(old, objectAt(patch))],
]);

export function createObject({ store }: Cluster, request: WriteRequest): WriteResult {
  const { resource, namespace } = request.target;
  const wanted = toObject(request.body);
  checkNamespace(wanted, request.target);
  delete wanted.metadata.managedFields;
  return { status: 201, object: store.create(resource, namespace, wanted, optionsOf(request)) };
}

export function updateObject({ store }: Cluster, request: WriteRequest): WriteResult {
  const { resource, namespace, name } = request.target;
  const wanted = toObject(request.body);
  checkNamespace(wanted, request.target);
  if (wanted.metadata.name !== name)
    throw badRequest(
      `the name of the object (${wanted.metadata.name}) does not match the name on the URL (${name})`,
    );
  const old = store.require(resource, namespace, name);
  if (wanted.metadata.managedFields === undefined && old.metadata.managedFields !== undefined)
    wanted.metadata.managedFields = old.metadata.managedFields;
  return replaceObject(store, request, old, wanted);
}

export function patchObject(cluster: Cluster, request: WriteRequest): WriteResult {
  const { target, body, contentType } = request;
  if (contentType === APPLY_PATCH) return applyObject(cluster, request);
  const patch = PATCHES.get(contentType);
  const isUnknownSchema = isCustom(target.resource) && contentType === STRATEGIC_PATCH;
  if (patch === undefined || isUnknownSchema)
    throw unsupportedMediaType([...PATCHES.keys(), APPLY_PATCH]);
  const old = cluster.store.require(target.resource, target.namespace, target.name);
  const wanted = toObject(patch(old, body));
  wanted.metadata.name = target.name;
  return replaceObject(cluster.store, request, old, wanted);
}

export function deleteObject({ store }: Cluster, request: WriteRequest): JsonObject {
  const { resource, namespace, name } = request.target;
  const { uid } = store.require(resource, namespace, name).metadata;
  store.delete(resource, namespace, name, deleteOptionsOf(request));
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: {
      name,
      ...(resource.group !== "" && { group: resource.group }),
      kind: resource.plural,
      ...(uid !== undefined && { uid }),
    },
  };
}

export function deleteCollection({ store }: Cluster, request: WriteRequest): JsonObject {
  const { resource, namespace, query } = request.target;
  const objects = store.list(resource, namespace, parseSelectors(query));
  for (const { metadata } of objects)
    store.delete(resource, metadata.namespace ?? "", metadata.name, deleteOptionsOf(request));
  return toList(resource, objects, { resourceVersion: String(store.version) });
}

/**
 * A missing object is created, whatever metadata.resourceVersion says: the real registry clears it then
 * (https://github.com/kubernetes/kubernetes/issues/106745). That needs the right to create, asked with the name.
 */
function applyObject({ store, authorizer }: Cluster, request: WriteRequest): WriteResult {
  const { target, user } = request;
  const { resource, namespace, name, query } = target;
  const applied = toObject(request.body);
  const manager = query.get("fieldManager") ?? "";
  if (manager === "")
    throw invalid(
      { kind: "PatchOptions", group: "meta.k8s.io", name: "" },
      "fieldManager",
      "Required value: is required for apply patch",
    );
  if (applied.metadata.managedFields !== undefined)
    throw badRequest("metadata.managedFields must be nil");
  checkNamespace(applied, target);
  applied.metadata.name ??= name;
  if (resource.isNamespaced) applied.metadata.namespace = namespace;

  const live = store.get(resource, namespace, name);
  const options = { isDryRun: isDryRun(request) };
  const force = query.get("force") === "true";
  if (live !== undefined) {
    checkVersion(request, live, applied);
    const merged = serverSideApply(live, applied, { manager, force, now: timestamp() });
    return { status: 200, object: store.replace(resource, live, merged, options) };
  }
  const action = {
    verb: "create",
    group: resource.group,
    resource: ruleName(target),
    namespace,
    name,
  };
  // The real text ends so, too: RBAC gives no reason.
  if (!authorizer.allows(user, action)) throw forbidden(resource, name, "");
  const created = serverSideApply(undefined, applied, { manager, force, now: timestamp() });
  return { status: 201, object: store.create(resource, namespace, created, options) };
}

function replaceObject(
  store: Cluster["store"],
  request: WriteRequest,
  old: KubeObject,
  wanted: KubeObject,
): WriteResult {
  const { resource, subresource, namespace } = request.target;
  checkVersion(request, old, wanted);
  if (resource.isNamespaced) wanted.metadata.namespace = namespace;
  let next = wanted;
  if (subresource === "status") next = withStatusOf(old, wanted);
  else if (resource.subresources.includes("status")) next = withStatusOf(wanted, old);
  return { status: 200, object: store.replace(resource, old, next, optionsOf(request)) };
}

function withStatusOf(object: KubeObject, other: KubeObject): KubeObject {
  const { status: _own, ...rest } = object;
  const { status } = other;
  return status === undefined ? rest : { ...rest, status };
}

/** A copy of what a client sent; the store fills in what it left out. */
function toObject(body: Json): KubeObject {
  if (!isKubeObject(body)) throw badRequest("the body of the request holds no metadata");
  return clone(body);
}

function isKubeObject(body: Json): body is KubeObject {
  return isObject(body) && isObject(body["metadata"]);
}

function checkVersion({ target }: WriteRequest, old: KubeObject, wanted: KubeObject): void {
  const { resourceVersion, uid } = wanted.metadata;
  if (resourceVersion && resourceVersion !== old.metadata.resourceVersion)
    throw conflict(target.resource, target.name);
  if (uid && uid !== old.metadata.uid)
    throw conflict(
      target.resource,
      target.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
}

function checkNamespace(object: KubeObject, { resource, namespace }: Target): void {
  const given = object.metadata.namespace;
  if (resource.isNamespaced && given && given !== namespace)
    throw badRequest(
      "the namespace of the provided object does not match the namespace sent on the request",
    );
}

function optionsOf(request: WriteRequest): WriteOptions {
  const { query, subresource } = request.target;
  const [agent = "unknown"] = request.userAgent.split("/");
  return {
    isDryRun: isDryRun(request),
    tracking: {
      manager: query.get("fieldManager") || agent,
      ...(subresource !== "" && { subresource }),
    },
  };
}

function deleteOptionsOf(request: WriteRequest): DeleteOptions {
  const { body, target } = request;
  return {
    isDryRun: isDryRun(request),
    propagationPolicy:
      textAt(body, "propagationPolicy") || (target.query.get("propagationPolicy") ?? ""),
    uid: textAt(body, "preconditions", "uid"),
    resourceVersion: textAt(body, "preconditions", "resourceVersion"),
  };
}

function isDryRun({ target, body }: WriteRequest): boolean {
  const asked = objectAt(body)["dryRun"];
  const isAskedInBody = Array.isArray(asked) && asked.includes("All");
  return isAskedInBody || target.query.getAll("dryRun").includes("All");
}

function isCustom({ group }: Resource): boolean {
  return group.includes(".") && !group.endsWith(".k8s.io");
}
