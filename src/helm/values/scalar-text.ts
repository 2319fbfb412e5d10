// How a text is written as a YAML scalar, so that every reader of YAML takes it for a string.
import { Scalar as ScalarNode } from "yaml";
import { resolveScalar } from "./yaml-scalar.ts";

const PLAIN = /^[\w./+](?:[\w./+@=-]|:(?=[\w./+@=-]))*$/;

// Strings to Helm, but not to all that read the same file (helmfile, yq, kustomize): dates and times of YAML 1.1, and
// floats too long to be one, such as the Git revision 12e4567.
const TYPED_ELSEWHERE = [
  /^\d{4}-\d\d?-\d\d?(?:[Tt]\S*)?$/,
  /^[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?$/,
  /^[-+]?[\d_]*\.?[\d_]*(?:[eE][-+]?\d+)?$/,
];

/** In the way the scalar was written before, where that makes a string of it. */
export function toScalarText(value: string, before: ScalarNode["type"]): string {
  if (before === ScalarNode.QUOTE_SINGLE) return `'${value.replaceAll("'", "''")}'`;
  if (before === ScalarNode.QUOTE_DOUBLE || !isSafelyPlain(value)) return JSON.stringify(value);
  return value;
}

function isSafelyPlain(value: string): boolean {
  return (
    PLAIN.test(value) &&
    resolveScalar(value).tag === "str" &&
    !TYPED_ELSEWHERE.some((shape) => shape.test(value))
  );
}
