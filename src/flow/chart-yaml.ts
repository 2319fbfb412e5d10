// Chart.yaml and its like: read as a map, added to without touching a byte of the rest.
import { isMap as isMapNode, isScalar, isSeq, LineCounter, parseDocument, stringify } from "yaml";
import { NotifyError } from "../domain/errors.ts";

/** Helm takes the last of two equal keys (tried with 3.17.2 and 4.2.3). */
const YAML_OPTIONS = { uniqueKeys: false } as const;

export interface ChartYaml {
  readonly file: string;
  readonly text: string;
  readonly map: Readonly<Record<string, unknown>>;
}

/** Parses a file of a chart; empty text is an empty map. Refuses what is not one YAML map, naming file and line. */
export function parseChartYaml(file: string, text: string): ChartYaml {
  const document = parseDocument(text, { ...YAML_OPTIONS, lineCounter: new LineCounter() });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line ?? 1;
    const isSeveral = error.code === "MULTIPLE_DOCS";
    const problem = isSeveral ? "a second YAML document begins" : firstLine(error.message);
    throw new NotifyError("BAD_YAML", `${file}, line ${line}: ${problem}`, {
      hint: "Correct the file, then run this again.",
    });
  }
  const map: unknown = document.toJS() ?? {};
  if (!isRecord(map)) {
    throw new NotifyError("BAD_YAML", `${file} is not a map of keys and values`, {
      hint: "Correct the file, then run this again.",
    });
  }
  return { file, text, map };
}

/** The text with one more item in the list `key`, in the list's own style. */
export function withListItem(
  { file, text, map }: ChartYaml,
  key: string,
  item: Readonly<Record<string, string>>,
): string {
  const old = map[key] ?? [];
  const expected = { ...map, [key]: [...(Array.isArray(old) ? old : []), item] };
  return checked(file, insertItem(text, key, item), expected, text);
}

/** The text with `block` (lines of `key: value`) behind it. */
export function withBlock({ file, text, map }: ChartYaml, block: string): string {
  // `{}` is how an empty values.yaml is often written: block style cannot follow it.
  const start = Object.keys(map).length > 0 ? text : text.replace(/^\{\s*\}[^\S\n]*\n?/m, "");
  const gap = start.trim() === "" ? "" : newline(text);
  const made = `${endLine(start)}${gap}${inStyleOf(text, block)}`;
  return checked(file, made, { ...map, ...parseChartYaml(file, block).map }, text);
}

function insertItem(text: string, key: string, item: Readonly<Record<string, string>>): string {
  const root = parseDocument(text, YAML_OPTIONS).contents;
  const list = isMapNode(root) ? root.get(key, true) : undefined;
  const block = stringify([item], { lineWidth: 0 });
  if (isScalar(list) && list.value === null && list.range) {
    // Nothing, or comments alone. A null that is spelt out goes.
    const [start, end] = list.range;
    const rest = text.slice(0, start) + text.slice(end);
    const lineEnd = rest.indexOf("\n", start);
    const at = lineEnd === -1 ? rest.length : lineEnd + 1;
    return `${endLine(rest.slice(0, at))}${inStyleOf(text, indented(block, "  "))}${rest.slice(at)}`;
  }
  if (!isSeq(list) || !list.range) {
    return `${endLine(text)}${inStyleOf(text, `${key}:\n${indented(block, "  ")}`)}`;
  }
  const [start, end] = list.range;
  const before = text.slice(0, start);
  if (list.flow !== true) {
    const indent = /[^\n]*$/.exec(before)?.[0] ?? "";
    const lastLineEnd = text.indexOf("\n", text.slice(0, end).trimEnd().length);
    const at = lastLineEnd === -1 ? text.length : lastLineEnd + 1;
    return `${endLine(text.slice(0, at))}${inStyleOf(text, indented(block, indent))}${text.slice(at)}`;
  }
  if (list.items.length === 0) {
    const after = text.slice(end).replace(/^[^\S\n]*\n/, "");
    return `${before.trimEnd()}${newline(text)}${inStyleOf(text, indented(block, "  "))}${after}`;
  }
  const inside = text
    .slice(start, end - 1)
    .trimEnd()
    .replace(/,$/, "");
  const flow = stringify(item, { collectionStyle: "flow", lineWidth: 0 }).trim();
  return `${before}${inside}, ${flow}]${text.slice(end)}`;
}

/** Text surgery may meet a style nobody thought of: what it made is read again before anyone else does. */
function checked(file: string, text: string, expected: unknown, before: string): string {
  let made: unknown;
  try {
    made = parseChartYaml(file, text).map;
  } catch {
    made = undefined;
  }
  const isNewlyTwice = hasKeyTwice(text) && !hasKeyTwice(before);
  if (JSON.stringify(made) === JSON.stringify(expected) && !isNewlyTwice) return text;
  throw new NotifyError("BAD_YAML", `${file} is written in a way that cannot be added to`, {
    hint: "Write its top level as lines of `key: value`, then run this again.",
  });
}

/** Helm's lint refuses what Helm takes. */
function hasKeyTwice(text: string): boolean {
  return parseDocument(text).errors.some(({ code }) => code === "DUPLICATE_KEY");
}

function newline(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

function inStyleOf(text: string, addition: string): string {
  return addition.replaceAll("\n", newline(text));
}

function endLine(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}${newline(text)}`;
}

function indented(block: string, indent: string): string {
  return block.replace(/^(?=.)/gm, indent);
}

function firstLine(message: string): string {
  return message.replace(/ at line \d+[\s\S]*$/, "").split("\n", 1)[0] ?? message;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
