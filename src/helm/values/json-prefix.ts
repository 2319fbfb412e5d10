// One JSON value at the start of a text, as Go's json.Decoder takes it.
import type { MutableValue } from "./mutable-values.ts";

export interface JsonPrefix {
  readonly value: MutableValue;
  /** How much of the text it takes. */
  readonly length: number;
}

const STRING = '"(?:[^"\\\\]|\\\\.)*"';
// Whole: a dot or an e that is begun must be finished, while `01` is a 0 and something else.
const NUMBER = "-?(?:0|[1-9]\\d*(?!\\d))(?:\\.\\d+(?!\\d)|(?!\\.))(?:[eE][+-]?\\d+|(?![eE]))";
const SINGLE = new RegExp(`^(?:true|false|null|${STRING}|${NUMBER})`, "s");
const STRING_OR_BRACKET = new RegExp(`${STRING}|[\\[\\]{}]`, "gs");

/** `undefined` where no JSON value stands. */
export function parseJsonPrefix(text: string): JsonPrefix | undefined {
  const length = /^[[{]/.test(text) ? compositeLength(text) : SINGLE.exec(text)?.[0].length;
  if (length === undefined) return undefined;
  try {
    return { value: JSON.parse(text.slice(0, length), refuseInfinity), length };
  } catch {
    return undefined;
  }
}

/** Go refuses a number that no float64 holds. */
function refuseInfinity(_: string, value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) throw new RangeError("out of range");
  return value;
}

/** Up to the bracket that closes the first one; whether the brackets match is for JSON.parse to say. */
function compositeLength(text: string): number | undefined {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(STRING_OR_BRACKET)) {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    if (depth === 0) return index + token.length;
  }
  return undefined;
}
