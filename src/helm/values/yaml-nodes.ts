// What the nodes of a YAML document mean to Helm: go-yaml v2's decode.go, then the way to JSON of sigs.k8s.io/yaml.
import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type ParsedNode,
  Scalar as ScalarNode,
  type YAMLMap,
} from "yaml";
import type { Value } from "../../domain/values.ts";
import { resolveScalar, resolveTagged, type Scalar } from "./yaml-scalar.ts";

/** Why a document is not to be read, and where. */
export class YamlRefusal extends Error {
  readonly offset: number;

  constructor(node: ParsedNode, reason: string) {
    super(reason);
    this.offset = node.range[0];
  }
}

const BLOCKS: readonly (string | undefined)[] = [ScalarNode.BLOCK_LITERAL, ScalarNode.BLOCK_FOLDED];

interface Reading {
  readonly text: string;
  readonly anchors: Map<string, ParsedNode>;
  /** Anchors that are being followed. */
  readonly followed: ParsedNode[];
  copiedNodes: number;
}

/** Refuses with a `YamlRefusal` what has no place in JSON, and what Helm refuses. */
export function toHelmValue(root: ParsedNode | null, text: string): Value {
  return toValue(root, { text, anchors: new Map(), followed: [], copiedNodes: 0 });
}

function toValue(node: ParsedNode | null, reading: Reading): Value {
  if (node === null) return null;
  countCopies(node, reading);
  if (isAlias(node)) return follow(node, reading, (target) => toValue(target, reading));
  setAnchor(node, reading);
  if (isMap(node)) {
    const map = new Map<string, Value>();
    readMap(node, map, reading);
    return Object.fromEntries(map);
  }
  if (isSeq(node)) return node.items.map((item) => toValue(item, reading));
  const { tag, value } = toScalar(node, reading);
  if (tag === "int") return Number(value);
  if (tag === "float" && !Number.isFinite(value)) {
    throw new YamlRefusal(node, "a number that is not finite cannot be a value");
  }
  return value;
}

/** Later keys win, also over a merged map that stands before them, and a merged map over keys before it. */
function readMap(node: YAMLMap.Parsed, map: Map<string, Value>, reading: Reading): void {
  for (const { key, value } of node.items) {
    if (isMergeKey(key)) mergeInto(map, value ?? key, reading);
    else map.set(toKey(key, reading), toValue(value, reading));
  }
}

function isMergeKey(key: ParsedNode): boolean {
  if (!isScalar(key) || key.value !== "<<") return false;
  return key.tag === undefined ? isPlain(key) : key.tag === "tag:yaml.org,2002:merge";
}

function mergeInto(map: Map<string, Value>, node: ParsedNode, reading: Reading): void {
  countCopies(node, reading);
  if (isAlias(node)) {
    follow(node, reading, (target) => {
      if (!isMap(target)) throw notAMap(node);
      readMap(target, map, reading);
    });
  } else if (isMap(node)) {
    setAnchor(node, reading);
    readMap(node, map, reading);
  } else if (isSeq(node)) {
    setAnchor(node, reading);
    for (const item of node.items.toReversed()) {
      if (isSeq(item)) throw notAMap(item);
      mergeInto(map, item, reading);
    }
  } else throw notAMap(node);
}

function notAMap(node: ParsedNode): YamlRefusal {
  return new YamlRefusal(node, "<< needs a map, or a list of maps");
}

function toKey(node: ParsedNode, reading: Reading): string {
  if (isAlias(node)) return follow(node, reading, (target) => toKey(target, reading));
  setAnchor(node, reading);
  if (!isScalar(node)) throw new YamlRefusal(node, "a key must be a single value");
  const { tag, value } = toScalar(node, reading);
  switch (tag) {
    case "str":
      return value;
    case "bool":
      return String(value);
    case "int":
      if (value >= 2n ** 63n) throw new YamlRefusal(node, "a key must be a smaller number");
      return String(value);
    case "float":
      return toFloatKey(node, value);
    case "null":
      throw new YamlRefusal(node, "a key must not be null");
  }
}

/** Helm writes it with the digits of a float32: alike up to six of them, the others are left to Helm. */
function toFloatKey(node: ParsedNode, value: number): string {
  const text = String(value);
  if (!/^-?(?=[\d.]{1,7}$)\d+\.\d+$/.test(text)) {
    throw new YamlRefusal(node, "a key must be text, or a short number");
  }
  return text;
}

function toScalar(node: ScalarNode.Parsed, reading: Reading): Scalar {
  if (isUnendedBlock(node, reading)) {
    throw new YamlRefusal(node, "its last line has no line break at its end");
  }
  const text = String(node.value);
  if (node.tag === undefined) {
    return isPlain(node) ? resolveScalar(text) : { tag: "str", value: text };
  }
  const scalar = resolveTagged(node.tag, text);
  if (scalar === undefined) {
    throw new YamlRefusal(node, `its value does not fit its tag ${node.tag}`);
  }
  return scalar;
}

/** Helm 4 ends the last line before it reads the text, Helm 3 does not: then a block at the very end differs. */
function isUnendedBlock(node: ScalarNode.Parsed, { text }: Reading): boolean {
  return BLOCKS.includes(node.type) && node.range[1] === text.length && !text.endsWith("\n");
}

function isPlain(node: ScalarNode.Parsed): boolean {
  return node.type === ScalarNode.PLAIN;
}

/** An anchor inside of something copied was set where it stands already. */
function setAnchor(node: Exclude<ParsedNode, Alias.Parsed>, reading: Reading): void {
  if (node.anchor !== undefined && reading.followed.length === 0) {
    reading.anchors.set(node.anchor, node);
  }
}

function follow<T>(
  alias: Alias.Parsed,
  { anchors, followed }: Reading,
  use: (target: ParsedNode) => T,
): T {
  const target = anchors.get(alias.source);
  if (target === undefined) {
    throw new YamlRefusal(alias, `unknown anchor '${alias.source}' referenced`);
  }
  if (followed.includes(target)) {
    throw new YamlRefusal(alias, `anchor '${alias.source}' value contains itself`);
  }
  followed.push(target);
  const result = use(target);
  followed.pop();
  return result;
}

// go-yaml's own line depends on the length of the document: Helm is asked beyond this one.
const MOST_COPIES = 100_000;

/** Against copies of copies of copies. */
function countCopies(node: ParsedNode, reading: Reading): void {
  if (reading.followed.length > 0) reading.copiedNodes++;
  if (reading.copiedNodes > MOST_COPIES) {
    throw new YamlRefusal(node, "document contains excessive aliasing");
  }
}
