// Sets of fields, as managedFields write them (FieldsV1): `f:name` is a field, `k:{…}` the item of a list with keys,
// `v:…` the item of a set, `.` the item itself as opposed to the fields in it.
import { deepEqual, isObject, type Json, type JsonObject, objectAt } from "./json.ts";
import { isAtomicMap, isSet, keyOf, mergeKeys } from "./list-keys.ts";

/** A path: the elements of FieldsV1, joined. */
export type FieldPath = string;
export type FieldSet = Set<FieldPath>;

// No field name and no JSON text contains it.
const SEPARATOR = "\0";
const ITEM = ".";

// The rest of the metadata belongs to the server.
const OWNED_METADATA = ["labels", "annotations", "finalizers", "ownerReferences"];
const NOT_CONTENT = new Set(["apiVersion", "kind", "metadata", "status"]);

/** The fields an object says something about; never its status, which belongs to the controllers. */
export function fieldsOf(object: JsonObject): FieldSet {
  const fields: FieldSet = new Set();
  const metadata = objectAt(object, "metadata");
  for (const field of OWNED_METADATA) {
    const value = metadata[field];
    if (value !== undefined && value !== null)
      addFields(fields, ["f:metadata", `f:${field}`], value);
  }
  for (const [field, value] of Object.entries(object))
    if (!NOT_CONTENT.has(field)) addFields(fields, [`f:${field}`], value);
  return fields;
}

function addFields(fields: FieldSet, path: readonly string[], value: Json): void {
  const names = path
    .filter((element) => element.startsWith("f:"))
    .map((element) => element.slice(2));
  const [field = "", parent = ""] = names.toReversed();
  if (Array.isArray(value) && value.length > 0) {
    if (isSet(field)) {
      for (const item of value) fields.add(join([...path, `v:${JSON.stringify(item)}`]));
      return;
    }
    const keys = mergeKeys(parent, field, value);
    if (keys !== undefined) {
      for (const item of value.filter(isObject)) {
        const itemPath = [...path, `k:${keyOf(item, keys)}`];
        fields.add(join([...itemPath, ITEM]));
        addFieldsOfMap(fields, itemPath, item);
      }
      return;
    }
  }
  if (isObject(value) && Object.keys(value).length > 0 && !isAtomicMap(field))
    addFieldsOfMap(fields, path, value);
  else fields.add(join(path));
}

function addFieldsOfMap(fields: FieldSet, path: readonly string[], map: JsonObject): void {
  for (const [field, value] of Object.entries(map))
    addFields(fields, [...path, `f:${field}`], value);
}

export function encodeFieldSet(fields: FieldSet): JsonObject {
  const encoded: JsonObject = {};
  for (const path of [...fields].toSorted()) {
    let node = encoded;
    for (const element of path.split(SEPARATOR)) {
      const child = objectAt(node, element);
      node[element] = child;
      node = child;
    }
  }
  return encoded;
}

export function decodeFieldSet(encoded: JsonObject): FieldSet {
  const fields: FieldSet = new Set();
  const walk = (node: JsonObject, path: readonly string[]): void => {
    const children = Object.keys(node);
    if (children.length === 0 && path.length > 0) fields.add(join(path));
    for (const element of children) walk(objectAt(node, element), [...path, element]);
  };
  walk(encoded, []);
  return fields;
}

/** Where a path leads: `parent[key]` is `value`. */
export interface Place {
  readonly parent: JsonObject | Json[];
  readonly key: string | number;
  readonly value: Json;
}

/** `undefined` where nothing stands. */
export function locate(object: JsonObject, path: FieldPath): Place | undefined {
  let place: Place | undefined;
  let node: Json = object;
  for (const element of path.split(SEPARATOR)) {
    if (element === ITEM) break;
    place = stepInto(node, element);
    if (place === undefined) return undefined;
    node = place.value;
  }
  return place;
}

function stepInto(node: Json, element: string): Place | undefined {
  const text = element.slice(2);
  if (element.startsWith("f:")) {
    if (!isObject(node)) return undefined;
    const value = node[text];
    return value === undefined ? undefined : { parent: node, key: text, value };
  }
  if (!Array.isArray(node)) return undefined;
  const wanted: Json = JSON.parse(text);
  const keys = isObject(wanted) ? Object.keys(wanted) : [];
  const index = node.findIndex((item) =>
    element.startsWith("k:") ? keyOf(item, keys) === text : item === wanted,
  );
  const value = node[index];
  return value === undefined ? undefined : { parent: node, key: index, value };
}

/** Whether the path stands for a list item itself: that it is there, not what it says. */
export function isItem(path: FieldPath): boolean {
  return path.endsWith(SEPARATOR + ITEM);
}

/** The path a step up; `undefined` at the top. */
export function parentOf(path: FieldPath): FieldPath | undefined {
  const end = path.lastIndexOf(SEPARATOR);
  return end === -1 ? undefined : path.slice(0, end);
}

/** Whether the set has fields within the one at `path`; for an item's path, within the item. */
export function hasFieldsIn(fields: FieldSet, path: FieldPath): boolean {
  const prefix = isItem(path) ? path.slice(0, -ITEM.length) : path + SEPARATOR;
  return [...fields].some((field) => field !== path && field.startsWith(prefix));
}

/** The order of structured-merge-diff: at each level the fields that end there, then those that go on. */
export function comparePaths(left: FieldPath, right: FieldPath): number {
  const [lefts, rights] = [left.split(SEPARATOR), right.split(SEPARATOR)];
  const depth = lefts.findIndex((element, index) => element !== rights[index]);
  const [leftEnds, rightEnds] = [depth === lefts.length - 1, depth === rights.length - 1];
  if (leftEnds !== rightEnds) return leftEnds ? -1 : 1;
  return (lefts[depth] ?? "") < (rights[depth] ?? "") ? -1 : 1;
}

/** As kubectl and Helm print it: `.spec.containers[name="api"].image`. */
export function formatPath(path: FieldPath): string {
  return path.split(SEPARATOR).map(formatElement).join("");
}

function formatElement(element: string): string {
  const text = element.slice(2);
  if (element.startsWith("f:")) return `.${text}`;
  if (element.startsWith("v:")) return `[=${text}]`;
  if (!element.startsWith("k:")) return "";
  const keys = Object.entries(objectAt(JSON.parse(text)));
  return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`;
}

/** Whether both values satisfy an owner alike: an owned empty struct (`emptyDir: {}`) is only about being there. */
export function isSameField(left: Json | undefined, right: Json | undefined): boolean {
  if (isObject(left) && isObject(right) && (isEmpty(left) || isEmpty(right))) return true;
  return deepEqual(left, right);
}

function isEmpty(map: JsonObject): boolean {
  return Object.keys(map).length === 0;
}

function join(path: readonly string[]): FieldPath {
  return path.join(SEPARATOR);
}
