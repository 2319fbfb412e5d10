// https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
import { isObject, type Json, type JsonObject } from "./json.ts";
import { isSet, mergeKeys } from "./list-keys.ts";

const ORDER_OF = "$setElementOrder/";
const DELETE_FROM = "$deleteFromPrimitiveList/";

/** The result shares what the patch left alone with `current`: clone before you change it. */
export function applyStrategicMergePatch(current: JsonObject, patch: JsonObject): JsonObject {
  return mergeMap("", current, patch) ?? {};
}

/** `undefined` where the patch takes the value away. */
function mergeValue(
  parent: string,
  field: string,
  current: Json | undefined,
  patch: Json,
): Json | undefined {
  if (patch === null) return undefined;
  if (Array.isArray(patch))
    return mergeList(parent, field, Array.isArray(current) ? current : [], patch);
  return isObject(patch) ? mergeMap(field, current, patch) : patch;
}

/** `name` is the field the map stands in, or the list it is an item of. */
function mergeMap(
  name: string,
  current: Json | undefined,
  patch: JsonObject,
): JsonObject | undefined {
  const { $patch: directive, $retainKeys: retained, ...fields } = patch;
  if (directive === "delete") return undefined;
  if (directive === "replace") return fields;

  const merged = isObject(current) ? { ...current } : {};
  if (Array.isArray(retained)) {
    for (const field of Object.keys(merged)) if (!retained.includes(field)) delete merged[field];
  }
  for (const [key, value] of Object.entries(fields)) {
    if (key.startsWith(ORDER_OF)) continue;
    const [field, result] = key.startsWith(DELETE_FROM)
      ? withoutItems(key.slice(DELETE_FROM.length), merged, value)
      : [key, mergeValue(name, key, merged[key], value)];
    if (result === undefined) delete merged[field];
    else merged[field] = result;
  }
  // Only now, as the order names items that the patch adds.
  for (const [key, order] of Object.entries(fields)) {
    if (!key.startsWith(ORDER_OF) || !Array.isArray(order)) continue;
    const field = key.slice(ORDER_OF.length);
    const list = merged[field];
    if (Array.isArray(list)) merged[field] = sortItems(list, order);
  }
  return merged;
}

function withoutItems(field: string, current: JsonObject, unwanted: Json): [string, Json[]] {
  const items = current[field];
  if (!Array.isArray(items) || !Array.isArray(unwanted)) return [field, []];
  return [field, items.filter((item) => !unwanted.includes(item))];
}

function mergeList(parent: string, field: string, current: Json[], patch: Json[]): Json[] {
  if (isSet(field)) return [...new Set([...current, ...patch])];
  // Unlike server-side apply, a strategic merge patch knows the first key only: not the protocol of a port.
  const key = mergeKeys(parent, field, [...patch, ...current])?.[0];
  if (key === undefined) return patch;
  const items = patch.filter(isObject);
  if (items.some((item) => item["$patch"] === "replace"))
    return items.filter((item) => item["$patch"] === undefined);

  const merged = [...current];
  for (const item of items) {
    const index = merged.findIndex((other) => isObject(other) && other[key] === item[key]);
    const result = mergeMap(field, merged[index], item);
    if (index === -1) {
      if (result !== undefined) merged.push(result);
    } else merged.splice(index, 1, ...(result === undefined ? [] : [result]));
  }
  return merged;
}

/** Items that the order does not name stay behind the item they stood behind. */
function sortItems(items: Json[], order: Json[]): Json[] {
  const key = isObject(order[0]) ? Object.keys(order[0])[0] : undefined;
  const identify = (item: Json) => (key !== undefined && isObject(item) ? item[key] : item);
  const places = new Map(order.map((item, place) => [identify(item), place]));
  const placeOf = (item: Json) => places.get(identify(item));

  const sorted = items
    .filter((item) => placeOf(item) !== undefined)
    .toSorted((left, right) => (placeOf(left) ?? 0) - (placeOf(right) ?? 0));
  let previous: Json | undefined;
  for (const item of items) {
    if (placeOf(item) === undefined)
      sorted.splice(previous === undefined ? 0 : sorted.indexOf(previous) + 1, 0, item);
    previous = item;
  }
  return sorted;
}
