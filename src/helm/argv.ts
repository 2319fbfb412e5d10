// Helm's command line, read as pflag reads it.
import { type FlagTable, GLOBAL_FLAGS, longName, verbFlags } from "./flags.ts";

export interface ParsedArgv {
  readonly positionals: readonly string[];
  /** In the order typed, by long name; `undefined` = a switch without a value. */
  readonly flags: readonly { readonly name: string; readonly value: string | undefined }[];
  /** Flags the table does not know: whether they take the next word is unknown too. */
  readonly unknown: readonly string[];
  /** Words of ours (`--notify-…`), taken out of what Helm gets. */
  readonly own: readonly { readonly name: string; readonly value: string }[];
  /** The argv for Helm. */
  readonly rest: readonly string[];
}

const OWN_PREFIX = "notify-";
/** Those of ours that take no value. */
const OWN_SWITCHES: ReadonlySet<string> = new Set(["notify-recover", "notify-test"]);

/** Flags may stand anywhere; after `--` all are positionals; short ones may be grouped (`-if x`, `-fx`, `-f=x`). */
export function parseArgv(argv: readonly string[], table: FlagTable): ParsedArgv {
  const positionals: string[] = [];
  const flags: { name: string; value: string | undefined }[] = [];
  const unknown: string[] = [];
  const own: { name: string; value: string }[] = [];
  const rest: string[] = [];
  let index = 0;

  const nextWord = () => {
    const word = argv[++index];
    if (word !== undefined) rest.push(word);
    return word;
  };

  for (; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (word.startsWith(`--${OWN_PREFIX}`)) {
      const [name, value] = splitOnce(word.slice(2));
      const isSwitch = OWN_SWITCHES.has(name);
      own.push({ name, value: value ?? (isSwitch ? "true" : (argv[++index] ?? "")) });
      continue;
    }
    rest.push(word);
    if (word === "--") {
      positionals.push(...argv.slice(index + 1));
      rest.push(...argv.slice(index + 1));
      break;
    }
    if (word.startsWith("--")) {
      const [name, value] = splitOnce(word.slice(2));
      const arity = table.get(name);
      if (arity === undefined) unknown.push(name);
      flags.push({ name, value: value ?? (arity === "required" ? nextWord() : undefined) });
    } else if (word.startsWith("-") && word.length > 1) {
      parseGroup(word.slice(1));
    } else {
      positionals.push(word);
    }
  }
  return { positionals, flags, unknown, own, rest };

  function parseGroup(letters: string): void {
    for (let at = 0; at < letters.length; at++) {
      const name = longName(letters.charAt(at));
      const arity = table.get(name);
      const tail = letters.slice(at + 1);
      if (arity === undefined) unknown.push(name);
      if (tail.startsWith("=")) return void flags.push({ name, value: tail.slice(1) });
      if (arity === "required") {
        return void flags.push({ name, value: tail === "" ? nextWord() : tail });
      }
      flags.push({ name, value: undefined });
    }
  }
}

function splitOnce(text: string): [string, string | undefined] {
  const at = text.indexOf("=");
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

/**
 * Where the words of the command stand: Helm's first one, if any, and the one after `diff`. Flags may come before both;
 * an outer helm hands `-nfoo` and `--burst-limit 5` through in front of the command.
 */
export function commandPlaces(argv: readonly string[]): readonly number[] {
  const first = nextPositional(argv, 0, GLOBAL_FLAGS);
  if (first === undefined) return [];
  if (argv[first] !== "diff") return [first];
  const second = nextPositional(argv, first + 1, verbFlags("diff upgrade"));
  return second === undefined ? [first] : [first, second];
}

function nextPositional(
  argv: readonly string[],
  from: number,
  table: FlagTable,
): number | undefined {
  for (let index = from; index < argv.length; index++) {
    const word = argv[index] ?? "";
    if (!word.startsWith("-") || word === "-") return index;
    if (word === "--") return undefined;
    if (takesNextWord(word, table)) index++;
  }
  return undefined;
}

/** In front of the command cobra takes a flag it does not know there for one with a value: `helm -f a.yaml upgrade`. */
function takesNextWord(word: string, table: FlagTable): boolean {
  if (word.includes("=") || OWN_SWITCHES.has(word.slice(2))) return false;
  if (word.startsWith("--")) return (table.get(word.slice(2)) ?? "required") === "required";
  return word.length === 2 && (table.get(longName(word.slice(1))) ?? "required") === "required";
}

/** Values of a repeated flag, in order. */
export function flagValues(parsed: ParsedArgv, name: string): string[] {
  return parsed.flags.flatMap((flag) =>
    flag.name === name && flag.value !== undefined ? [flag.value] : [],
  );
}

/** The last one typed wins, as in pflag. */
export function flagValue(parsed: ParsedArgv, name: string): string | undefined {
  return flagValues(parsed, name).at(-1);
}

/** Whether a switch is on: `--wait`, `--wait=true`, but not `--wait=false`. */
export function isSwitchedOn(parsed: ParsedArgv, name: string): boolean {
  const last = parsed.flags.findLast((flag) => flag.name === name);
  // https://pkg.go.dev/strconv#ParseBool
  return last !== undefined && !/^(0|f|F|FALSE|false|False)$/.test(last.value ?? "true");
}

/** pflag reads `-f a,"b,c"` as one CSV record. Empty fields stay, as Helm opens "" and says so. */
export function splitCsv(text: string): string[] {
  const fields: string[] = [];
  const field = /\s*(?:"((?:[^"]|"")*)"|([^,]*))(,|$)/gy;
  let match: RegExpExecArray | null;
  while ((match = field.exec(text)) !== null) {
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === "") break;
  }
  return fields;
}

/** One path as pflag's CSV gives it back, whatever it holds. */
export function quoteCsv(path: string): string {
  return /[",\n]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path;
}
