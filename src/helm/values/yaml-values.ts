// YAML as Helm reads it: sigs.k8s.io/yaml, that is go-yaml v2 and then JSON. The `yaml` package finds the nodes,
// yaml-nodes.ts says what they mean. What is refused here may still be fine for Helm: values-file.ts asks it.
import { parseDocument } from "yaml";
import type { Value } from "../../domain/values.ts";
import { readPlainYaml } from "./plain-yaml.ts";
import { toHelmValue, YamlRefusal } from "./yaml-nodes.ts";

/** How the `yaml` package is to find the nodes, and no more: what they mean is go-yaml's affair. */
export const YAML_NODES = {
  version: "1.1",
  schema: "failsafe",
  merge: false,
  uniqueKeys: false,
  prettyErrors: false,
} as const;

export type YamlText =
  | { readonly kind: "read"; readonly value: Value }
  /** Helm 3 takes the first document, Helm 4 merges them all. */
  | { readonly kind: "documents"; readonly first: Value }
  | { readonly kind: "refused"; readonly line: number; readonly reason: string };

/** Reads one text. Of several documents, only the first is read. */
export function parseHelmYaml(bytes: Uint8Array): YamlText {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return { kind: "refused", line: 1, reason: "it is not UTF-8 text" };
  }
  const refused = (offset: number, reason: string): YamlText => ({
    kind: "refused",
    line: text.slice(0, offset).split("\n").length,
    reason,
  });
  const plain = readPlainYaml(text);
  if (plain !== undefined) return { kind: "read", value: plain };
  // Line breaks to go-yaml, but not to the `yaml` package.
  const oddBreak = text.search(/[\u0085\u2028\u2029]|\r(?!\n)/);
  if (oddBreak !== -1) return refused(oddBreak, "it has an unusual line break");
  const document = parseDocument(text, YAML_NODES);
  const problem = document.errors.find(({ code }) => code !== "MULTIPLE_DOCS");
  if (problem !== undefined) return refused(problem.pos[0], problem.message);
  try {
    const value = toHelmValue(document.contents, text);
    return document.errors.length > 0
      ? { kind: "documents", first: value }
      : { kind: "read", value };
  } catch (error) {
    if (error instanceof YamlRefusal) return refused(error.offset, error.message);
    throw error;
  }
}
