// The language of --set and its kin, as pkg/strvals of Helm 3.17 and 4.2 reads it, its oddities included: the
// differential test holds this file to the real Helm. One oddity is left out: Helm 4 takes `a[` for nothing at all.
import { NotifyError } from "../../domain/errors.ts";
import { toExactInteger } from "../../domain/exact-json.ts";
import { isMap } from "../../domain/values.ts";
import { parseJsonPrefix } from "./json-prefix.ts";
import type { MutableValue, MutableValues } from "./mutable-values.ts";
import { SetScanner } from "./set-scanner.ts";

export type SetFlag = "--set" | "--set-string" | "--set-json" | "--set-file" | "--set-literal";

/** Text of the file that a --set-file names. */
export type ReadSetFile = (path: string) => string;

// pkg/strvals/parser.go: MaxIndex, MaxNestedNameLevel
const MAX_INDEX = 65_536;
const MAX_NESTING = 30;

/** Whether more of the text may follow. `end` also leaves what was built above it unset, as Helm does. */
type Progress = "more" | "end";

interface Reading {
  readonly flag: SetFlag;
  readonly text: string;
  readonly scanner: SetScanner;
  readonly readFile: ReadSetFile;
  /** Where the assignment starts that is being read. */
  start: number;
}

/** Writes what one flag says into `values`. Refuses what Helm refuses; the message shows no value, only its key. */
export function applySetFlag(
  flag: SetFlag,
  text: string,
  values: MutableValues,
  readFile: ReadSetFile,
): void {
  const scanner = new SetScanner(text, { hasEscapes: flag !== "--set-literal" });
  const reading: Reading = { flag, text, scanner, readFile, start: 0 };
  while (readKey(reading, values, 0) === "more") reading.start = scanner.position;
}

function readKey(reading: Reading, map: MutableValues, nesting: number): Progress {
  const { text: key, stop } = reading.scanner.readUntil(
    reading.flag === "--set-literal" ? "=[." : "=[,.",
  );
  switch (stop) {
    case undefined:
      return key === "" ? "end" : refuse(reading, `key ${JSON.stringify(key)} has no value`);
    case ",":
      return refuse(reading, `key ${JSON.stringify(key)} has no value (cannot end with ,)`);
    case "[":
      return readListKey(reading, map, key, nesting);
    case "=": {
      const { value, progress } = readValue(reading);
      setKey(map, key, value);
      return progress;
    }
    default:
      return readMapKey(reading, map, key, nesting + 1);
  }
}

function readMapKey(reading: Reading, map: MutableValues, key: string, nesting: number): Progress {
  if (nesting > MAX_NESTING) {
    refuse(
      reading,
      `value name nested level is greater than maximum supported nested level of ${MAX_NESTING}`,
    );
  }
  const found = Object.hasOwn(map, key) ? map[key] : {};
  if (!isMutableMap(found)) return refuse(reading, `${JSON.stringify(key)} is not a map`);
  const progress = readKey(reading, found, nesting);
  const isEmpty = Object.keys(found).length === 0;
  if (progress === "more" && isEmpty) {
    refuse(reading, `key map ${JSON.stringify(key)} has no value`);
  }
  if (!isEmpty) setKey(map, key, found);
  return progress;
}

function readListKey(reading: Reading, map: MutableValues, key: string, nesting: number): Progress {
  const index = readIndex(reading);
  const found = Object.hasOwn(map, key) ? map[key] : [];
  if (!Array.isArray(found)) return refuse(reading, `${JSON.stringify(key)} is not a list`);
  setKey(map, key, found);
  return readListItem(reading, found, index, nesting);
}

/** What follows `[0]`. */
function readListItem(
  reading: Reading,
  list: MutableValue[],
  index: number,
  nesting: number,
): Progress {
  if (index < 0) refuse(reading, `negative ${index} index not allowed`);
  const { text, stop } = reading.scanner.readUntil("[.=");
  if (text !== "")
    refuse(reading, `unexpected data at end of array index: ${JSON.stringify(text)}`);
  switch (stop) {
    case undefined:
      return "end";
    case "=":
      setItem(reading, list, index, readValue(reading).value);
      return "more";
    case "[":
      return readNestedItem(reading, list, index, nesting);
    default:
      return readItemKey(reading, list, index, nesting);
  }
}

function readNestedItem(
  reading: Reading,
  list: MutableValue[],
  index: number,
  nesting: number,
): Progress {
  const nestedIndex = readIndex(reading);
  const nested = list[index] ?? [];
  if (!Array.isArray(nested)) return refuse(reading, `item ${index} is not a list`);
  const progress = readListItem(reading, nested, nestedIndex, nesting);
  if (progress === "more") setItem(reading, list, index, nested);
  return progress;
}

function readItemKey(
  reading: Reading,
  list: MutableValue[],
  index: number,
  nesting: number,
): Progress {
  const found = list[index];
  const item = isMutableMap(found) ? found : {};
  if (index < list.length) list[index] = item;
  const progress = readKey(reading, item, nesting);
  if (progress === "more") setItem(reading, list, index, item);
  return progress;
}

function readIndex(reading: Reading): number {
  const { text, stop } = reading.scanner.readUntil("]");
  if (stop === undefined) refuse(reading, "error parsing index: it has no ]");
  if (!/^[+-]?\d+$/.test(text)) {
    refuse(reading, `error parsing index: ${JSON.stringify(text)} is not a number`);
  }
  return Number(text);
}

function setKey(map: MutableValues, key: string, value: MutableValue): void {
  if (key !== "") map[key] = value;
}

function setItem(reading: Reading, list: MutableValue[], index: number, value: MutableValue): void {
  if (index > MAX_INDEX) {
    refuse(reading, `index of ${index} is greater than maximum supported index of ${MAX_INDEX}`);
  }
  while (list.length < index) list.push(null);
  list[index] = value;
}

interface ReadValue {
  readonly value: MutableValue;
  readonly progress: Progress;
}

/** What follows `=`. */
function readValue(reading: Reading): ReadValue {
  const { flag, scanner } = reading;
  if (flag === "--set-literal") return { value: scanner.readUntil("").text, progress: "more" };
  if (flag === "--set-json") return { value: readJson(reading), progress: "more" };
  if (scanner.isAtEnd) return { value: "", progress: "end" };
  const value = scanner.take("{")
    ? readList(reading)
    : toValue(reading, scanner.readUntil(",").text);
  return { value, progress: "more" };
}

/** `{a,b}`, and the comma behind it. */
function readList(reading: Reading): MutableValue[] {
  const list: MutableValue[] = [];
  for (;;) {
    const { text, stop } = reading.scanner.readUntil(",}");
    if (stop === undefined) refuse(reading, "list must terminate with '}'");
    list.push(toValue(reading, text));
    if (stop === "}") {
      reading.scanner.take(",");
      return list;
    }
  }
}

function readJson(reading: Reading): MutableValue {
  if (skipBlanksAndComma(reading.scanner)) return null;
  const parsed = parseJsonPrefix(reading.scanner.rest);
  if (parsed === undefined) return refuse(reading, "its value is not JSON");
  reading.scanner.skip(parsed.length);
  skipBlanksAndComma(reading.scanner);
  return parsed.value;
}

/** Whether a comma or the end was reached. */
function skipBlanksAndComma(scanner: SetScanner): boolean {
  scanner.skip(/^\s*/.exec(scanner.rest)?.[0].length ?? 0);
  return scanner.isAtEnd || scanner.take(",");
}

function toValue({ flag, readFile }: Reading, text: string): MutableValue {
  if (flag === "--set-file") return readFile(text);
  return flag === "--set-string" ? text : toTypedValue(text);
}

const INT64_LIMIT = 2n ** 63n;

/** A leading zero makes a string: Git revisions and phone numbers. */
function toTypedValue(text: string): MutableValue {
  if (/^true$/iu.test(text)) return true;
  if (/^false$/iu.test(text)) return false;
  if (/^null$/iu.test(text)) return null;
  if (text === "0") return 0;
  if (!/^(?!0)[+-]?\d+$/.test(text)) return text;
  const integer = BigInt(text);
  return integer >= -INT64_LIMIT && integer < INT64_LIMIT ? toExactInteger(String(integer)) : text;
}

function isMutableMap(value: MutableValue | undefined): value is MutableValues {
  return isMap(value);
}

function refuse({ flag, text, scanner, start }: Reading, reason: string): never {
  const assignment = text.slice(start, scanner.position);
  const end = assignment.search(/=./s);
  const key = end === -1 ? assignment : `${assignment.slice(0, end + 1)}…`;
  throw new NotifyError("BAD_SET", `${flag} ${JSON.stringify(key)}: ${reason}`, {
    hint: "Quote it for the shell, and put a backslash before a comma or dot that is meant literally.",
  });
}
