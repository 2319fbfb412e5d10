// Laying values on values, as Helm does.
import { isMap, type Value, type Values } from "./values.ts";

/** Lays one values file on another: maps merge, anything else is replaced, a null stays a null. */
export function mergeValues(base: Values, over: Values): Values {
  return layOver(base, over, (value) => value);
}

/** Lays values on a chart's defaults: like `mergeValues`, but a null takes the default away. */
export function coalesceValues(defaults: Values, over: Values): Values {
  return layOver(defaults, over, () => undefined);
}

function layOver(base: Values, over: Values, onNull: (value: null) => Value | undefined): Values {
  const merged = new Map(Object.entries(base));
  for (const [key, value] of Object.entries(over)) {
    const under = merged.get(key);
    if (isMap(value)) merged.set(key, isMap(under) ? layOver(under, value, onNull) : value);
    else if (value !== null || under === undefined) merged.set(key, value);
    else {
      const left = onNull(value);
      if (left === undefined) merged.delete(key);
      else merged.set(key, left);
    }
  }
  return Object.fromEntries(merged);
}
