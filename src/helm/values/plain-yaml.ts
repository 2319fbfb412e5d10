// The plain YAML that most values files are written in: maps and lists by indentation, one value a line, comments.
// Anything else is left to the `yaml` package, which takes 20 ms for the first 200 lines of a process, this 2 ms.
import type { Value } from "../../domain/values.ts";
import { resolveScalar } from "./yaml-scalar.ts";

interface Line {
  readonly indent: number;
  readonly text: string;
}

const QUOTED = `"[^"\\\\]*"|'[^']*'`;
const ALL_QUOTED = new RegExp(`^(?:${QUOTED})$`);
const ENTRY = new RegExp(`^(?<key>${QUOTED}|[A-Za-z_][\\w./-]*):(?: +(?<rest>.*))?$`);
const ITEM = /^-(?<space> +|$)(?<rest>.*)$/;
const QUOTED_VALUE = new RegExp(`^(?<quoted>${QUOTED})(?: +#.*)?$`);
const FLOW_VALUE = /^(?:[\w./+~]|-[\w.])[\w./+~@=$%-]*$/;
const PLAIN_VALUE = /^(?:[\w./+~]|-[\w.])(?:[\w./+~@=,;()$% -]|:(?=\S))*$/;
// Tabs and other control characters, and what is a line break to some.
const ODD = /[^\P{Cc}\n]|[\u2028\u2029\ufeff]/u;

/** `undefined` for a text that is not plain through and through. */
export function readPlainYaml(text: string): Value | undefined {
  if (ODD.test(text)) return undefined;
  try {
    return new PlainYaml(text).read();
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

class NotPlain extends Error {}

class PlainYaml {
  readonly #lines: Line[];
  #at = 0;

  constructor(text: string) {
    this.#lines = text.split("\n").flatMap((line) => {
      const content = line.replace(/^ +/, "");
      if (content === "" || content.startsWith("#")) return [];
      return [{ indent: line.length - content.length, text: content.replace(/ +$/, "") }];
    });
  }

  read(): Value {
    const first = this.#lines[0];
    if (first === undefined) return null;
    const value = this.#readNode(first);
    // Left over: a wrong indent, or a text of several lines.
    if (this.#line !== undefined) throw new NotPlain();
    return value;
  }

  get #line(): Line | undefined {
    return this.#lines[this.#at];
  }

  #readNode({ indent, text }: Line): Value {
    return ITEM.test(text) ? this.#readList(indent) : this.#readMap(indent);
  }

  #readMap(indent: number): Value {
    const map = new Map<string, Value>();
    for (let line = this.#line; line?.indent === indent; line = this.#line) {
      const { key, rest = "" } = ENTRY.exec(line.text)?.groups ?? {};
      if (key === undefined) throw new NotPlain();
      this.#at++;
      map.set(toKey(key), isBlank(rest) ? this.#readBelow(indent, true) : toValue(rest));
    }
    return Object.fromEntries(map);
  }

  #readList(indent: number): Value {
    const list: Value[] = [];
    for (let line = this.#line; line?.indent === indent; line = this.#line) {
      const { space, rest = "" } = ITEM.exec(line.text)?.groups ?? {};
      if (space === undefined) break;
      if (ENTRY.test(rest)) {
        const inner = { indent: indent + 1 + space.length, text: rest };
        this.#lines[this.#at] = inner;
        list.push(this.#readMap(inner.indent));
      } else {
        this.#at++;
        list.push(isBlank(rest) ? this.#readBelow(indent, false) : toValue(rest));
      }
    }
    return list;
  }

  /** What stands indented under a key or a dash; under a key, a list may start without indent. */
  #readBelow(indent: number, isUnderKey: boolean): Value {
    const line = this.#line;
    if (line === undefined || line.indent < indent) return null;
    if (line.indent > indent) return this.#readNode(line);
    return isUnderKey && ITEM.test(line.text) ? this.#readList(indent) : null;
  }
}

function isBlank(rest: string): boolean {
  return rest === "" || rest.startsWith("#");
}

function toKey(text: string): string {
  if (/^["']/.test(text)) return text.slice(1, -1);
  if (resolveScalar(text).tag !== "str") throw new NotPlain();
  return text;
}

/** A single value, `[a, b]` or `{ a: b }` of single values, and the comment behind it. */
function toValue(text: string): Value {
  const quoted = QUOTED_VALUE.exec(text)?.groups?.["quoted"];
  if (quoted !== undefined) return quoted.slice(1, -1);
  const value = text.replace(/ +#.*$/, "");
  const list = /^\[(.*)\]$/.exec(value)?.[1];
  if (list !== undefined) return toParts(list).map(toFlowValue);
  const map = /^\{(.*)\}$/.exec(value)?.[1];
  if (map !== undefined) return Object.fromEntries(toParts(map).map(toFlowEntry));
  return toSingle(value, PLAIN_VALUE);
}

/** A comma inside of quotes makes parts that are no values. */
function toParts(inside: string): string[] {
  const parts = inside.replaceAll(/^ +| +$/g, "");
  return parts === "" ? [] : parts.split(/ *, */);
}

function toFlowEntry(text: string): [string, Value] {
  const { key, rest } = ENTRY.exec(text)?.groups ?? {};
  if (key === undefined || rest === undefined) throw new NotPlain();
  return [toKey(key), toFlowValue(rest)];
}

function toFlowValue(text: string): Value {
  return ALL_QUOTED.test(text) ? text.slice(1, -1) : toSingle(text, FLOW_VALUE);
}

function toSingle(text: string, shape: RegExp): Value {
  if (!shape.test(text)) throw new NotPlain();
  const { tag, value } = resolveScalar(text);
  if (tag === "float" && !Number.isFinite(value)) throw new NotPlain();
  return tag === "int" ? Number(value) : value;
}
