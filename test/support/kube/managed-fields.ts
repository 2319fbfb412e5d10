// Who owns which fields of an object, as k8s.io/apimachinery/pkg/util/managedfields keeps it.
import {
  decodeFieldSet,
  encodeFieldSet,
  type FieldPath,
  type FieldSet,
  fieldsOf,
  isItem,
  isSameField,
  locate,
} from "./field-set.ts";
import { isObject, type KubeObject, type ManagedFieldsEntry } from "./json.ts";

/** An entry of managedFields, with the fields as a set. */
export interface Owner {
  readonly manager: string;
  readonly operation: "Apply" | "Update";
  readonly apiVersion: string;
  readonly time: string | undefined;
  readonly subresource?: string | undefined;
  readonly fields: FieldSet;
}

export interface UpdateOptions {
  readonly manager: string;
  /** RFC 3339 with whole seconds, as Kubernetes writes times. */
  readonly now: string;
  readonly subresource?: string | undefined;
}

/**
 * Notes in `object` who owns its fields after a create, update or patch: what changed belongs to the manager alone, what
 * went is nobody's. To be called when the defaults are in: they belong to whoever left them out.
 */
export function trackUpdate(
  old: KubeObject | undefined,
  object: KubeObject,
  options: UpdateOptions,
): void {
  const { manager, now, subresource } = options;
  const owners = ownersBefore(old, object, subresource);
  // Nobody tracks this object, and an update does not begin to.
  if (old !== undefined && owners.length === 0) return writeOwners(object, []);

  const changed = changedFields(old, object);
  for (const { fields } of owners) {
    forgetMissing(fields, object);
    for (const path of changed) fields.delete(path);
  }
  if (changed.length === 0) return writeOwners(object, owners);

  const own = owners.find(
    (owner) =>
      owner.operation === "Update" &&
      owner.manager === manager &&
      owner.subresource === subresource,
  );
  writeOwners(object, [
    ...owners.filter((owner) => owner !== own),
    {
      manager,
      operation: "Update",
      apiVersion: object.apiVersion,
      time: now,
      subresource,
      fields: new Set([...(own?.fields ?? []), ...changed]),
    },
  ]);
}

export function readOwners(entries: readonly ManagedFieldsEntry[] = []): Owner[] {
  return entries.map(({ manager, operation, apiVersion, time, subresource, fieldsV1 }) => ({
    manager,
    operation,
    apiVersion,
    time,
    subresource,
    fields: decodeFieldSet(fieldsV1),
  }));
}

/** Applies first, then by time and name; owners that own nothing are not written. */
export function writeOwners(object: KubeObject, owners: readonly Owner[]): void {
  const entries = owners
    .filter(({ fields }) => fields.size > 0)
    .toSorted((left, right) => (rankOf(left) < rankOf(right) ? -1 : 1))
    .map(toEntry);
  if (entries.length > 0) object.metadata.managedFields = entries;
  else delete object.metadata.managedFields;
}

function rankOf({ operation, time = "", manager, subresource = "" }: Owner): string {
  return [operation, time, manager, subresource].join(" ");
}

function toEntry(owner: Owner): ManagedFieldsEntry {
  const { manager, operation, apiVersion, time, subresource, fields } = owner;
  return {
    manager,
    operation,
    apiVersion,
    ...(time !== undefined && { time }),
    fieldsType: "FieldsV1",
    fieldsV1: encodeFieldSet(fields),
    ...(subresource !== undefined && { subresource }),
  };
}

/** Takes what is not in the object out of the set. The status is not looked at: its controllers write it untracked. */
export function forgetMissing(fields: FieldSet, object: KubeObject): void {
  for (const path of fields)
    if (!path.startsWith("f:status") && locate(object, path) === undefined) fields.delete(path);
}

/** Clients may write managedFields themselves (Helm 4 does, to go from client-side to server-side apply). */
function ownersBefore(
  old: KubeObject | undefined,
  object: KubeObject,
  subresource: string | undefined,
): Owner[] {
  const sent = object.metadata.managedFields ?? [];
  if (subresource !== undefined || sent.length === 0)
    return readOwners(old?.metadata.managedFields);
  // One empty entry is the documented way to reset the owners.
  const isReset = sent.every((entry) => Object.keys(entry).length === 0);
  return isReset ? [] : readOwners(sent);
}

function changedFields(old: KubeObject | undefined, object: KubeObject): FieldPath[] {
  const before: FieldSet = old === undefined ? new Set() : fieldsOf(old);
  return [...fieldsOf(object)].filter((path) => {
    const oldValue = old === undefined ? undefined : locate(old, path)?.value;
    const value = locate(object, path)?.value;
    if (before.has(path)) return !isItem(path) && !isSameField(oldValue, value);
    // A map that lost its last field is a leaf now, yet nothing was added.
    return !(isObject(oldValue) && isObject(value));
  });
}
