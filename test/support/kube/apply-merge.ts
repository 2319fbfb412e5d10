// How server-side apply puts the applied configuration into the live object, after sigs.k8s.io/structured-merge-diff.
import { isObject, type Json, type JsonObject } from "./json.ts";
import { isAtomicMap, isSet, keyOf, mergeKeys } from "./list-keys.ts";

/** Nothing of the live map goes away here: what the applier gave up is taken out afterwards. */
export function mergeApplied(live: JsonObject, applied: JsonObject): JsonObject {
  return mergeMap("", live, applied);
}

/** `name` is the field the map stands in, or the list it is an item of. */
function mergeMap(name: string, live: JsonObject, applied: JsonObject): JsonObject {
  const merged = { ...live };
  for (const [field, value] of Object.entries(applied))
    merged[field] = mergeValue(name, field, live[field], value);
  return merged;
}

function mergeValue(parent: string, field: string, live: Json | undefined, applied: Json): Json {
  if (Array.isArray(live) && Array.isArray(applied)) return mergeList(parent, field, live, applied);
  if (isObject(live) && isObject(applied) && !isAtomicMap(field))
    return mergeMap(field, live, applied);
  return applied;
}

function mergeList(parent: string, field: string, live: Json[], applied: Json[]): Json[] {
  if (isSet(field)) return interleave(field, live, applied, (item) => JSON.stringify(item));
  const keys = mergeKeys(parent, field, [...live, ...applied]);
  if (keys === undefined) return applied;
  return interleave(field, live, applied, (item) => keyOf(item, keys));
}

/**
 * The applied items in their order, and between them the live items that are not applied, about where they stood: step
 * by step as structured-merge-diff does it (`mergeListItems` in typed/merge.go), as no shorter rule gives its order.
 */
function interleave(
  field: string,
  live: Json[],
  applied: Json[],
  identify: (item: Json) => string,
): Json[] {
  const liveKeys = live.map(identify);
  const appliedKeys = applied.map(identify);
  const liveByKey = new Map(live.map((item, index) => [liveKeys[index], item]));
  const shared = appliedKeys.filter((key) => liveByKey.has(key));
  const taken = new Set<string>();
  const merged: Json[] = [];

  let liveIndex = 0;
  for (let index = 0; index < applied.length || liveIndex < live.length;) {
    const [liveItem, liveKey] = [live[liveIndex], liveKeys[liveIndex]];
    const [item, key] = [applied[index], appliedKeys[index]];

    if (liveItem !== undefined && liveKey !== undefined) {
      if (!appliedKeys.includes(liveKey)) {
        merged.push(liveItem);
        liveIndex++;
        continue;
      }
      const isMoved =
        key !== undefined && key !== liveKey && shared.length > 0 && shared[0] !== liveKey;
      if (isMoved) {
        liveIndex++;
        continue;
      }
      if (key === liveKey || taken.has(liveKey)) liveIndex++;
    }
    if (item === undefined || key === undefined) continue;
    taken.add(key);
    if (shared[0] === key) shared.shift();
    const before = liveByKey.get(key);
    merged.push(isObject(before) && isObject(item) ? mergeMap(field, before, item) : item);
    index++;
  }
  return merged;
}
