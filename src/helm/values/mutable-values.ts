// Values that --set writes into.
import { isMap, type Value, type Values } from "../../domain/values.ts";

export type MutableValue = null | boolean | number | string | MutableValue[] | MutableValues;
export interface MutableValues {
  [key: string]: MutableValue;
}

/** A copy that shares nothing. */
export function toMutableValues(values: Values): MutableValues {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, toMutableValue(value)]),
  );
}

function toMutableValue(value: Value): MutableValue {
  if (typeof value !== "object" || value === null) return value;
  return isMap(value) ? toMutableValues(value) : value.map(toMutableValue);
}
