import { badRequest, patchRefused } from "./api-error.ts";
import { clone, deepEqual, isObject, type Json, type JsonObject, textAt } from "./json.ts";

/** RFC 6902. Refused as a whole where one operation cannot be done. */
export function applyJsonPatch(document: JsonObject, operations: Json): JsonObject {
  if (!Array.isArray(operations) || !operations.every(isObject))
    throw badRequest("json: cannot unmarshal into Go value of type jsonpatch.Patch");
  const patched = clone(document);
  for (const operation of operations) applyOperation(patched, operation);
  return patched;
}

function applyOperation(document: JsonObject, operation: JsonObject): void {
  const path = textAt(operation, "path");
  const from = textAt(operation, "from");
  switch (textAt(operation, "op")) {
    case "add":
      return add(document, path, valueOf(operation));
    case "remove":
      remove(document, path);
      return;
    case "replace":
      remove(document, path);
      return add(document, path, valueOf(operation));
    case "move":
      return add(document, path, remove(document, from));
    case "copy":
      return add(document, path, clone(read(document, from)));
    case "test":
      if (!deepEqual(read(document, path), valueOf(operation))) throw patchRefused();
      return;
    default:
      throw patchRefused();
  }
}

function valueOf(operation: JsonObject): Json {
  const value = operation["value"];
  if (value === undefined) throw patchRefused();
  return clone(value);
}

function read(document: JsonObject, path: string): Json {
  const { parent, step } = locate(document, path);
  const value = Array.isArray(parent) ? parent[indexOf(step, parent.length)] : parent[step];
  if (value === undefined) throw patchRefused();
  return value;
}

function remove(document: JsonObject, path: string): Json {
  const value = read(document, path);
  const { parent, step } = locate(document, path);
  if (Array.isArray(parent)) parent.splice(Number(step), 1);
  else delete parent[step];
  return value;
}

function add(document: JsonObject, path: string, value: Json): void {
  const { parent, step } = locate(document, path);
  if (!Array.isArray(parent)) parent[step] = value;
  else parent.splice(step === "-" ? parent.length : indexOf(step, parent.length + 1), 0, value);
}

function locate(document: JsonObject, path: string): { parent: Json[] | JsonObject; step: string } {
  const steps = path
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = steps.pop();
  let parent: Json | undefined = document;
  for (const step of steps)
    parent = Array.isArray(parent)
      ? parent[Number(step)]
      : isObject(parent)
        ? parent[step]
        : undefined;
  if (last === undefined || !(Array.isArray(parent) || isObject(parent))) throw patchRefused();
  return { parent, step: last };
}

function indexOf(step: string, limit: number): number {
  const index = Number(step);
  if (!/^\d+$/.test(step) || index >= limit) throw patchRefused();
  return index;
}
