// Kubernetes objects as JSON: no kind has a type of its own here, `at` reads what lies deep.
import { isDeepStrictEqual } from "node:util";

export type Json = null | boolean | number | string | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

export interface OwnerReference extends JsonObject {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
}

/** Who owns which fields. */
export interface ManagedFieldsEntry extends JsonObject {
  manager: string;
  operation: "Apply" | "Update";
  apiVersion: string;
  fieldsType: "FieldsV1";
  fieldsV1: JsonObject;
  time?: string;
  subresource?: string;
}

export interface ObjectMeta extends JsonObject {
  name: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  managedFields?: ManagedFieldsEntry[];
}

export interface KubeObject extends JsonObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function clone<T>(value: T): T {
  return structuredClone(value);
}

/** The order of keys does not count; the order of lists does. */
export function deepEqual(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(left, right);
}

/** The value at the end of `path`; `undefined` as soon as a step is missing. */
export function at(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): Json | undefined {
  let found = value;
  for (const step of path) {
    if (typeof step === "number") found = Array.isArray(found) ? found[step] : undefined;
    else found = isObject(found) ? found[step] : undefined;
  }
  return found;
}

/** The map at the end of `path`, to read; empty where there is none. */
export function objectAt(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): JsonObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

/** The maps in the list at the end of `path`; none where there is no list. */
export function objectsAt(
  value: Json | undefined,
  ...path: readonly (string | number)[]
): JsonObject[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter(isObject) : [];
}

/** The text at the end of `path`; `""` where there is none, as in Go. */
export function textAt(value: Json | undefined, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}
