// What an untagged or tagged YAML scalar means to Helm: go-yaml v2's resolve.go, with YAML 1.1's booleans and octals.

export type Scalar =
  | { readonly tag: "null"; readonly value: null }
  | { readonly tag: "bool"; readonly value: boolean }
  | { readonly tag: "int"; readonly value: bigint }
  | { readonly tag: "float"; readonly value: number }
  | { readonly tag: "str"; readonly value: string };

const TAG_PREFIX = "tag:yaml.org,2002:";
const NULLS = ["", "~", "null", "Null", "NULL"];
const TRUES = ["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"];
const FALSES = ["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"];
const INFINITY = /^[-+]?\.(?:inf|Inf|INF)$/;
const NOT_A_NUMBER = /^\.(?:nan|NaN|NAN)$/;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const INTEGER = /^(?<sign>[-+]?)(?<digits>0[xX][\da-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|0|[1-9]\d*)$/;

/** Reads a scalar without quotes; dates stay strings. */
export function resolveScalar(text: string): Scalar {
  if (NULLS.includes(text)) return { tag: "null", value: null };
  if (TRUES.includes(text)) return { tag: "bool", value: true };
  if (FALSES.includes(text)) return { tag: "bool", value: false };
  return resolveNumber(text) ?? { tag: "str", value: text };
}

/** Reads a scalar that has a tag; `undefined` where Helm refuses it. */
export function resolveTagged(tag: string, text: string): Scalar | undefined {
  if (!tag.startsWith(TAG_PREFIX)) return { tag: "str", value: text };
  const kind = tag.slice(TAG_PREFIX.length);
  const scalar = resolveScalar(text);
  switch (kind) {
    case "null":
    case "bool":
    case "int":
      return scalar.tag === kind ? scalar : undefined;
    case "float":
      if (scalar.tag === "int") return { tag: "float", value: Number(scalar.value) };
      return scalar.tag === kind ? scalar : undefined;
    case "binary":
      return decodeBase64(text.replaceAll(/[\r\n]/g, ""));
    default:
      return { tag: "str", value: text };
  }
}

function decodeBase64(text: string): Scalar | undefined {
  if (!/^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}==|[A-Za-z\d+/]{3}=)?$/.test(text)) return undefined;
  return { tag: "str", value: Buffer.from(text, "base64").toString() };
}

function resolveNumber(text: string): Scalar | undefined {
  if (!/^[-+.\d]/.test(text)) return undefined;
  if (INFINITY.test(text)) {
    return { tag: "float", value: text.startsWith("-") ? -Infinity : Infinity };
  }
  if (NOT_A_NUMBER.test(text)) return { tag: "float", value: Number.NaN };
  // go-yaml drops every underscore, but leaves what starts with a dot to Go's own reading of numbers.
  const plain = text.replaceAll(text.startsWith(".") ? /(?<=\d)_(?=\d)/g : "_", "");
  const integer = parseInteger(plain);
  if (integer !== undefined) return { tag: "int", value: integer };
  const float = FLOAT.test(plain) ? Number(plain) : Infinity;
  return Number.isFinite(float) ? { tag: "float", value: float } : undefined;
}

/** An int64, or a uint64 without a sign; anything longer is a float. */
function parseInteger(text: string): bigint | undefined {
  const { sign, digits } = INTEGER.exec(text)?.groups ?? {};
  if (sign === undefined || digits === undefined) return undefined;
  const amount = BigInt(/^0[0-7]/.test(digits) ? `0o${digits}` : digits);
  const integer = sign === "-" ? -amount : amount;
  const bits = sign === "" ? 64n : 63n;
  return integer >= -(2n ** 63n) && integer < 2n ** bits ? integer : undefined;
}
