// Changes one value of a YAML text and not one byte besides: comments, quotes, blank lines and line ends stay.
// Where to write is found in the nodes of the `yaml` package; whether it was right is seen by reading both texts as Helm
// does. That also finds what no look at a single place can: anchors, merge keys, and keys that stand twice.
import { isDeepStrictEqual } from "node:util";
import {
  isAlias,
  isMap as isMapNode,
  isScalar,
  isSeq,
  type Pair,
  parseDocument,
  type ParsedNode,
  type Scalar as ScalarNode,
  type YAMLMap,
} from "yaml";
import { NotifyError } from "../../domain/errors.ts";
import {
  formatPath,
  isMap,
  type Path,
  type Value,
  type Values,
  valueAt,
} from "../../domain/values.ts";
import { toScalarText } from "./scalar-text.ts";
import { resolveScalar } from "./yaml-scalar.ts";
import { parseHelmYaml, YAML_NODES } from "./yaml-values.ts";

export interface ScalarEdit {
  readonly path: Path;
  readonly value: string;
  /** Wins over the option. */
  readonly mayCreate?: true;
}

export interface EditOptions {
  /** The name of the file, for what is refused. */
  readonly file: string;
  /** Whether a path that is not there is written. */
  readonly mayCreate: boolean;
}

type ParsedPair = Pair<ParsedNode, ParsedNode | null>;

type Style = ScalarNode["type"];

/** Replaces `start` to `end` of a text. */
interface Patch {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const BOM = "\ufeff";

/** Reads a values file as Helm does. Refuses what is no map, and several documents: Helm 3 reads the first, Helm 4 all. */
export function readEditableValues(text: string, file: string): Values {
  const read = parseHelmYaml(Buffer.from(text));
  switch (read.kind) {
    case "read": {
      const value = read.value ?? {};
      if (isMap(value)) return value;
      const kind = Array.isArray(value) ? "a list" : "a single value";
      throw refusal(`${file} holds ${kind}, not a map of values`, "Name a values file.");
    }
    case "documents":
      throw refusal(
        `${file} holds several YAML documents: Helm 3 reads the first of them, Helm 4 all`,
        "Put each document into a file of its own.",
      );
    case "refused":
      throw refusal(`${file}:${read.line}: ${read.reason}`, "Correct the values file.");
  }
}

/** The same of a file of our own, in which Helm's rule for a key that stands twice is no excuse. */
export function readStrictValues(text: string, file: string): Values {
  const { errors } = parseDocument(text, { ...YAML_NODES, uniqueKeys: true });
  const twice = errors.find(({ code }) => code === "DUPLICATE_KEY");
  if (twice === undefined) return readEditableValues(text, file);
  const [from, to] = twice.pos;
  const line = text.slice(0, from).split("\n").length;
  const key = /^[^:\s]+/.exec(text.slice(from, to + 100))?.[0] ?? "a key";
  throw refusal(`${file}:${line}: ${key} stands twice in one map`, "Take one of them away.");
}

/**
 * Writes several values, each as `setScalar` does. Those that stand there are changed at once: a file of hundreds of
 * services is read twice, not for each of them.
 */
export function setScalars(
  text: string,
  edits: readonly ScalarEdit[],
  options: EditOptions,
): string {
  const before = readEditableValues(text, options.file);
  for (const { path } of edits) checkNotEncrypted(before, path, options.file);
  const stands = ({ path }: ScalarEdit) => valueAt(before, path) !== undefined;
  const present = edits.filter(stands);
  const changed = setPresent(text, before, present, options) ?? setEach(text, present, options);
  return setEach(
    changed,
    edits.filter((edit) => !stands(edit)),
    options,
  );
}

function setEach(text: string, edits: readonly ScalarEdit[], options: EditOptions): string {
  return edits.reduce((edited, edit) => setScalar(edited, edit, options), text);
}

/** `undefined` where it is not done by changing these places alone. */
function setPresent(
  text: string,
  before: Values,
  edits: readonly ScalarEdit[],
  { file }: EditOptions,
): string | undefined {
  const mark = text.startsWith(BOM) ? BOM : "";
  const body = text.slice(mark.length);
  const root = parseRoot(body);
  const patches = edits
    .map(({ path, value }) => new Editor(body, before, file, path, root).patch(value, false))
    .toSorted((a, b) => b.start - a.start);
  const edited = mark + patches.reduce((patched, patch) => apply(patched, patch), body);
  const expected = edits.reduce<Value>(
    (all, { path, value }) => withValue(all, path, value),
    before,
  );
  return isDeepStrictEqual(readEditableValues(edited, file), expected) ? edited : undefined;
}

/**
 * Writes a string at `path`. Kept are the quotes it had; a plain value gets quotes where it would not be a string.
 * Refuses, before anything is changed, a map or list there, a value that comes by an alias or a merge key, and any edit
 * that would change another value too.
 */
export function setScalar(
  text: string,
  { path, value, ...edit }: ScalarEdit,
  { file, ...options }: EditOptions,
): string {
  const before = readEditableValues(text, file);
  const mark = text.startsWith(BOM) ? BOM : "";
  const body = text.slice(mark.length);
  const editor = new Editor(body, before, file, path, parseRoot(body));
  const edited = mark + apply(body, editor.patch(value, edit.mayCreate ?? options.mayCreate));
  checkEdit(before, edited, { path, value }, file);
  return edited;
}

/** SOPS computes its checksum over plain values too, unless told otherwise: it would not decrypt the edited file. */
function checkNotEncrypted(values: Values, path: Path, file: string): void {
  if (valueAt(values, ["sops", "mac"]) === undefined) return;
  const hint =
    "Keep tags in a file that SOPS does not encrypt, or set mac_only_encrypted in .sops.yaml.";
  if (valueAt(values, ["sops", "mac_only_encrypted"]) !== true) {
    throw refusal(`${file}: SOPS keeps a checksum of all its values`, hint);
  }
  const old = valueAt(values, path);
  if (typeof old === "string" && old.startsWith("ENC[")) {
    throw refusal(`${file}: ${formatPath(path)} is encrypted by SOPS`, hint);
  }
}

type Root = ParsedNode | null;

function parseRoot(text: string): Root {
  return parseDocument(text, { ...YAML_NODES, keepSourceTokens: true }).contents;
}

function apply(text: string, { start, end, text: inserted }: Patch): string {
  return text.slice(0, start) + inserted + text.slice(end);
}

class Editor {
  readonly #text: string;
  readonly #file: string;
  readonly #path: Path;
  readonly #values: Values;
  readonly #root: Root;
  readonly #newline: string;

  /** `values` is what `text` says to Helm, `root` are its nodes. */
  constructor(text: string, values: Values, file: string, path: Path, root: Root) {
    this.#text = text;
    this.#values = values;
    this.#file = file;
    this.#path = path;
    this.#root = root;
    this.#newline = text.includes("\r\n") ? "\r\n" : "\n";
  }

  patch(value: string, mayCreate: boolean): Patch {
    if (this.#root === null) return this.#create(undefined, this.#path, value, mayCreate);
    let node: ParsedNode = this.#root;
    let pair: ParsedPair | undefined;
    for (const [depth, step] of this.#path.entries()) {
      const place = this.#path.slice(0, depth);
      if (isAlias(node)) throw this.#sharedBy(`the alias *${node.source}`, place, node);
      if (isScalar(node) && pair !== undefined && isNull(node)) {
        return this.#fillNull(node, pair, this.#path.slice(depth), value, mayCreate);
      }
      if (typeof step === "number") {
        if (!isSeq(node)) throw this.#notA("list", place, node);
        const item: ParsedNode | undefined = node.items[step];
        if (item === undefined) throw this.#missingItem(step, place);
        [node, pair] = [item, undefined];
      } else {
        if (!isMapNode(node)) throw this.#notA("map", place, node);
        const found = this.#findPair(node, step, place);
        if (found === undefined)
          return this.#create(node, this.#path.slice(depth), value, mayCreate);
        if (found.value === null) throw this.#noColon(found.key);
        [node, pair] = [found.value, found];
      }
    }
    return this.#replace(node, pair, value);
  }

  #findPair(map: YAMLMap.Parsed, key: string, place: Path): ParsedPair | undefined {
    const found = map.items.filter((pair) => keyOf(pair.key) === key);
    const [first, second] = found;
    if (first === undefined && valueAt(this.#values, [...place, key]) !== undefined) {
      throw this.#sharedBy("<<", [...place, key], map);
    }
    if (first !== undefined && second !== undefined) {
      const lines = found.map((pair) => this.#line(pair.key.range[0])).join(" and ");
      const spelled = formatPath([...place, key]);
      throw this.#refusal(
        first.key,
        `${spelled} stands on lines ${lines}`,
        "Take out all but one.",
      );
    }
    return first;
  }

  #replace(node: ParsedNode, pair: ParsedPair | undefined, value: string): Patch {
    if (isAlias(node)) throw this.#sharedBy(`the alias *${node.source}`, this.#path, node);
    if (!isScalar(node)) throw this.#notA("single value", this.#path, node);
    const [start, end] = node.range;
    if (node.type === "BLOCK_LITERAL" || node.type === "BLOCK_FOLDED") {
      const problem = `${this.#spelled} is a block of text`;
      throw this.#refusal(node, problem, "Write the value on the line of its key.");
    }
    // A file of JSON stays one: there, every text is in quotes.
    const written = toScalarText(value, isString(node) ? node.type : pair && keyStyle(pair));
    if (start === end && pair !== undefined) return this.#fill(pair, written);
    return { start, end, text: written };
  }

  /** Writes behind the colon, anchor or tag of a key that has no value. */
  #fill(pair: ParsedPair, text: string): Patch {
    const tokens = pair.srcToken?.sep ?? [];
    const last = tokens.findLast(({ type }) => ["map-value-ind", "anchor", "tag"].includes(type));
    if (last === undefined) throw this.#noColon(pair.key);
    const end = last.offset + last.source.length;
    return { start: end, end, text: ` ${text}` };
  }

  #fillNull(
    node: ScalarNode.Parsed,
    pair: ParsedPair,
    rest: Path,
    value: string,
    mayCreate: boolean,
  ): Patch {
    this.#checkCreation(rest, mayCreate);
    const text = `{${toFlowEntry(rest, value, keyStyle(pair))}}`;
    const [start, end] = node.range;
    return start === end ? this.#fill(pair, text) : { start, end, text };
  }

  #create(map: YAMLMap.Parsed | undefined, rest: Path, value: string, mayCreate: boolean): Patch {
    this.#checkCreation(rest, mayCreate);
    const last = map?.items.at(-1);
    if (map?.flow === true) {
      const entry = toFlowEntry(rest, value, last && keyStyle(last));
      if (last === undefined) return insertion(map.range[0] + 1, entry);
      return insertion(this.#endOf(last), `, ${entry}`);
    }
    const first = map?.items[0];
    const column = first === undefined ? 0 : this.#column(first.key.range[0]);
    const lines = toBlockLines(rest, value, column, this.#indent());
    return this.#insertLines(last === undefined ? this.#text.length : this.#endOf(last), lines);
  }

  /** Below the line that `offset` is on, or at it where a block of text has ended that line. */
  #insertLines(offset: number, lines: readonly string[]): Patch {
    const isAtLineStart = offset === 0 || this.#text[offset - 1] === "\n";
    const lineEnd = isAtLineStart ? offset - 1 : this.#text.indexOf("\n", offset);
    if (lineEnd === -1 && !isAtLineStart) {
      return insertion(this.#text.length, lines.map((line) => `${this.#newline}${line}`).join(""));
    }
    return insertion(lineEnd + 1, lines.map((line) => `${line}${this.#newline}`).join(""));
  }

  /** Where the last value of a pair ends, without the comments behind it. */
  #endOf(pair: ParsedPair): number {
    const { key, value } = pair;
    if (value === null) return key.range[1];
    if (isMapNode(value) && value.flow !== true) {
      const last = value.items.at(-1);
      if (last !== undefined) return this.#endOf(last);
    }
    if (isSeq(value) && value.flow !== true) return this.#endOfList(value.items, value.range[1]);
    const [start, end] = value.range;
    return start === end ? this.#fill(pair, "").start : end;
  }

  #endOfList(items: readonly ParsedNode[], end: number): number {
    const last = items.at(-1);
    if (isMapNode(last) && last.flow !== true) {
      const pair = last.items.at(-1);
      return pair === undefined ? end : this.#endOf(pair);
    }
    if (isSeq(last) && last.flow !== true) return this.#endOfList(last.items, last.range[1]);
    return last === undefined ? end : last.range[1];
  }

  #checkCreation(rest: Path, mayCreate: boolean): void {
    if (!mayCreate) {
      throw refusal(
        `${this.#file}: nothing stands at ${this.#spelled}`,
        "Add --create to have it written, or correct the path in helm-notify.yaml.",
      );
    }
    const index = rest.find((step) => typeof step === "number");
    if (index !== undefined) throw this.#missingItem(index, this.#path.slice(0, -rest.length));
  }

  /** By how much the file indents a map in a map. */
  #indent(): number {
    const maps = isMapNode(this.#root) ? this.#root.items.map(({ value }) => value) : [];
    const nested = maps.filter((node) => isMapNode(node)).find((node) => node.flow !== true);
    const first = nested?.items[0];
    return first === undefined ? 2 : this.#column(first.key.range[0]);
  }

  #column(offset: number): number {
    return offset - (this.#text.lastIndexOf("\n", offset - 1) + 1);
  }

  #line(offset: number): number {
    return this.#text.slice(0, offset).split("\n").length;
  }

  get #spelled(): string {
    return formatPath(this.#path);
  }

  #notA(kind: string, place: Path, node: ParsedNode): NotifyError {
    const what = isMapNode(node) ? "a map" : isSeq(node) ? "a list" : "a single value";
    const problem = `${formatPath(place)} is ${what}, not a ${kind}`;
    return this.#refusal(node, problem, "Correct the path in helm-notify.yaml.");
  }

  #missingItem(index: number, place: Path): NotifyError {
    return refusal(
      `${this.#file}: ${formatPath(place)} has no item ${index}`,
      "Write the item by hand, or correct the path in helm-notify.yaml.",
    );
  }

  #sharedBy(what: string, place: Path, node: ParsedNode): NotifyError {
    const problem = `${formatPath(place)} comes by ${what}: an edit would change other places too`;
    return this.#refusal(node, problem, `Write ${this.#spelled} out, without the alias.`);
  }

  #noColon(key: ParsedNode): NotifyError {
    return this.#refusal(key, "this key has no colon behind it", "Write it as key: value.");
  }

  #refusal(node: ParsedNode, problem: string, hint: string): NotifyError {
    return refusal(`${this.#file}:${this.#line(node.range[0])}: ${problem}`, hint);
  }
}

function checkEdit(
  before: Values,
  edited: string,
  { path, value }: ScalarEdit,
  file: string,
): void {
  const after = readEditableValues(edited, file);
  const spelled = formatPath(path);
  if (valueAt(after, path) !== value) {
    throw refusal(
      `${file}: ${spelled} is decided elsewhere: a << or a tag of its own stands in the way`,
      `Write ${spelled} as plain text, behind any << of its map.`,
    );
  }
  const other = firstDifference(withValue(before, path, value), after, []);
  if (other === undefined) return;
  throw refusal(
    `${file}: ${spelled} cannot be changed alone: ${formatPath(other)} would change too`,
    `Write ${spelled} out, without anchor, alias and <<.`,
  );
}

function withValue(value: Value | undefined, [step, ...rest]: Path, leaf: string): Value {
  if (step === undefined) return leaf;
  if (typeof step === "number") {
    return Array.isArray(value)
      ? value.map((item: Value, index) => (index === step ? withValue(item, rest, leaf) : item))
      : [];
  }
  const map = isMap(value) ? value : {};
  const inner = Object.hasOwn(map, step) ? map[step] : undefined;
  return { ...map, [step]: withValue(inner, rest, leaf) };
}

function firstDifference(expected: Value, found: Value, path: Path): Path | undefined {
  if (isDeepStrictEqual(expected, found)) return undefined;
  const [a, b] = [toChildren(expected), toChildren(found)];
  const key = [...a.keys(), ...b.keys()].find(
    (step) => !isDeepStrictEqual(a.get(step), b.get(step)),
  );
  if (key === undefined) return path;
  const [inner, other] = [a.get(key), b.get(key)];
  if (inner === undefined || other === undefined) return [...path, key];
  return firstDifference(inner, other, [...path, key]);
}

function toChildren(value: Value): ReadonlyMap<string | number, Value> {
  if (isMap(value)) return new Map(Object.entries(value));
  return new Map(Array.isArray(value) ? value.entries() : []);
}

/** A key as Helm reads it; `undefined` for an alias, a map or a list. */
function keyOf(key: ParsedNode): string | undefined {
  if (!isScalar(key)) return undefined;
  const text = String(key.value);
  return key.type === "PLAIN" && key.tag === undefined ? String(resolveScalar(text).value) : text;
}

function isString(node: ScalarNode.Parsed): boolean {
  return node.type !== "PLAIN" || resolveScalar(String(node.value)).tag === "str";
}

function isNull(node: ScalarNode.Parsed): boolean {
  return node.type === "PLAIN" && resolveScalar(String(node.value)).tag === "null";
}

function toBlockLines(
  [step, ...rest]: Path,
  value: string,
  column: number,
  indent: number,
): readonly string[] {
  const key = `${" ".repeat(column)}${toScalarText(String(step), "PLAIN")}:`;
  if (rest.length === 0) return [`${key} ${toScalarText(value, "PLAIN")}`];
  return [key, ...toBlockLines(rest, value, column + indent, indent)];
}

function toFlowEntry([step, ...rest]: Path, value: string, style: Style): string {
  const key = toScalarText(String(step), style);
  if (rest.length === 0) return `${key}: ${toScalarText(value, style)}`;
  return `${key}: {${toFlowEntry(rest, value, style)}}`;
}

function keyStyle({ key }: ParsedPair): Style {
  return isScalar(key) ? key.type : undefined;
}

function insertion(offset: number, text: string): Patch {
  return { start: offset, end: offset, text };
}

function refusal(message: string, hint: string): NotifyError {
  return new NotifyError("VALUES_NOT_EDITABLE", message, { hint });
}
