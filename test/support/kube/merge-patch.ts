import { isObject, type Json } from "./json.ts";

/** RFC 7386. The result shares what the patch left alone with `current`: clone before you change it. */
export function applyMergePatch(current: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged = isObject(current) ? { ...current } : {};
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) delete merged[field];
    else merged[field] = applyMergePatch(merged[field], value);
  }
  return merged;
}
