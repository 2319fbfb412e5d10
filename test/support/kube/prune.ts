// What Go's JSON leaves out (`omitempty`): a client that sent it does not get it back.
import { isObject, type Json } from "./json.ts";

// Maps of text, which are gone when empty. Other empty maps are structs, and say something: `emptyDir: {}`.
const TEXT_MAPS = new Set([
  "annotations",
  "binaryData",
  "data",
  "labels",
  "limits",
  "matchLabels",
  "nodeSelector",
  "requests",
]);

// A Role without rules says so.
const KEPT_LISTS = new Set(["rules"]);

/** Takes out nulls, empty lists and empty maps of text; in these maps a null is the empty text. */
export function prune(value: Json): void {
  if (Array.isArray(value)) value.forEach(prune);
  if (!isObject(value)) return;
  for (const [field, child] of Object.entries(value)) {
    if (isObject(child) && TEXT_MAPS.has(field))
      for (const [name, text] of Object.entries(child)) if (text === null) child[name] = "";
    if (isOmitted(field, child)) delete value[field];
    else if (field !== "managedFields") prune(child);
  }
}

function isOmitted(field: string, value: Json): boolean {
  if (value === null) return true;
  if (Array.isArray(value)) return value.length === 0 && !KEPT_LISTS.has(field);
  return isObject(value) && TEXT_MAPS.has(field) && Object.keys(value).length === 0;
}
