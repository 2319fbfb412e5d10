import { findConflicts, refuseApply } from "./apply-conflicts.ts";
import { mergeApplied } from "./apply-merge.ts";
import {
  type FieldPath,
  type FieldSet,
  fieldsOf,
  hasFieldsIn,
  isItem,
  locate,
  type Place,
  parentOf,
} from "./field-set.ts";
import { clone, deepEqual, type KubeObject, type ObjectMeta } from "./json.ts";
import { forgetMissing, type Owner, readOwners, writeOwners } from "./managed-fields.ts";

export interface ApplyOptions {
  readonly manager: string;
  /** Take over the fields that others own and that say otherwise. */
  readonly force: boolean;
  /** RFC 3339 with whole seconds, as Kubernetes writes times. */
  readonly now: string;
}

/** The object after the apply; refused as a whole where it conflicts. Never applies a status. */
export function serverSideApply(
  live: KubeObject | undefined,
  applied: KubeObject,
  { manager, force, now }: ApplyOptions,
): KubeObject {
  const owners = live === undefined ? [] : ownersOf(live, now);
  const own = owners.find((owner) => owner.operation === "Apply" && owner.manager === manager);
  const others = owners.filter((owner) => owner !== own);
  const wanted = fieldsOf(applied);

  const conflicts = live === undefined ? [] : findConflicts(live, applied, wanted, others);
  if (conflicts.length > 0 && !force) throw refuseApply(conflicts);
  for (const { path, owner } of conflicts) owner.fields.delete(path);

  const object = merge(live, applied);
  if (own !== undefined) dropAbandoned(object, own.fields, wanted, others);
  for (const { subresource, fields } of others)
    if (subresource !== "status") forgetMissing(fields, object);

  const isSameClaim = own !== undefined && deepEqual(own.fields, wanted);
  const time = isSameClaim ? own.time : now;
  const { apiVersion } = applied;
  writeOwners(object, [
    { manager, operation: "Apply", apiVersion, time, fields: wanted },
    ...others,
  ]);
  return object;
}

/** What stands in an object nobody tracked gets an owner, so that the first apply conflicts rather than takes over. */
function ownersOf(live: KubeObject, now: string): Owner[] {
  const owners = readOwners(live.metadata.managedFields);
  if (owners.length > 0) return owners;
  const { apiVersion } = live;
  const manager = "before-first-apply";
  return [{ manager, operation: "Update", apiVersion, time: now, fields: fieldsOf(live) }];
}

const IDENTITY = ["uid", "resourceVersion", "creationTimestamp", "generation"];

function merge(live: KubeObject | undefined, applied: KubeObject): KubeObject {
  const { status: _status, ...content } = applied;
  if (live === undefined) return clone(content);

  const { apiVersion, kind } = content;
  const { name } = live.metadata;
  const metadata: ObjectMeta = { ...mergeApplied(live.metadata, content.metadata), name };
  for (const field of IDENTITY) {
    const value = live.metadata[field];
    if (value === undefined) delete metadata[field];
    else metadata[field] = value;
  }
  return clone({ ...mergeApplied(live, content), apiVersion, kind, metadata });
}

/** Takes out what this manager owned and no longer applies, unless somebody else owns it too. */
function dropAbandoned(
  object: KubeObject,
  owned: FieldSet,
  wanted: FieldSet,
  others: readonly Owner[],
): void {
  const abandoned = [...owned].filter((path) => !wanted.has(path) && !isOwnedBy(others, path));
  // Items before the fields in them: a field that goes first would leave an empty item behind.
  const items = abandoned.filter((path) => isItem(path) && !hasFieldsIn(wanted, path));
  const fields = abandoned.filter((path) => !isItem(path));
  for (const path of [...byDepth(items), ...byDepth(fields)]) {
    const place = locate(object, path);
    if (place === undefined) continue;
    removeAt(place);
    removeEmptied(object, path, wanted);
  }
}

/** A list item is owned by itself: somebody else's fields in it do not keep it. */
function isOwnedBy(owners: readonly Owner[], path: FieldPath): boolean {
  return owners.some(
    ({ fields }) => fields.has(path) || (!isItem(path) && hasFieldsIn(fields, path)),
  );
}

function byDepth(paths: readonly FieldPath[]): FieldPath[] {
  return paths.toSorted((left, right) => left.length - right.length);
}

/** What holds nothing any more goes too, and what is around it: but no item, no top-level field, nothing applied empty. */
function removeEmptied(object: KubeObject, removed: FieldPath, wanted: FieldSet): void {
  let path = parentOf(removed);
  for (; path !== undefined && parentOf(path) !== undefined; path = parentOf(path)) {
    const place = locate(object, path);
    if (place === undefined) continue;
    const isEmpty = Object.keys(place.value ?? {}).length === 0;
    if (!isEmpty || wanted.has(path) || Array.isArray(place.parent)) return;
    removeAt(place);
  }
}

function removeAt({ parent, key }: Place): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}
