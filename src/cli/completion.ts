// Shell completion by cobra's protocol: candidates, one a line, then a directive. Helm's own words are Helm's to complete.
import type { Command, Option } from "commander";
import { OWN_FLAGS } from "./settings.ts";

export type Completion =
  | { readonly kind: "answer"; readonly lines: readonly string[] }
  | {
      readonly kind: "helm";
      readonly argv: readonly string[];
      readonly alsoOwn: readonly string[];
    };

/** What the helm-notify.yaml of the folder names. */
export interface KnownNames {
  readonly environments: readonly string[];
  readonly services: readonly string[];
}

// https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective
const ANY_FILE = ":0";
const NO_FILES = ":4";
const NO_SPACE = ":6";
const DIRECTORIES_ONLY = ":16";

/** Words of ours that take what one of Helm's takes. */
const HELM_WORDS: ReadonlyMap<string, string> = new Map([
  ["plan", "upgrade"],
  ["values", "upgrade"],
  ["preview", "upgrade"],
  ["recover", "status"],
  ["lock", "status"],
  ["unlock", "status"],
  ["log", "status"],
]);

/** Those that take options of ours, `--notify-…`, beside Helm's. */
const DEPLOYS = [
  "upgrade",
  "install",
  "rollback",
  "uninstall",
  "diff",
  "plan",
  "values",
  "preview",
];

/** `words` are the words typed so far; the last one is being completed, and may be empty. */
export function complete(
  words: readonly string[],
  program: Command,
  names: KnownNames,
): Completion {
  const [first = "", ...rest] = words;
  const current = rest.at(-1);
  if (current === undefined) {
    const own = program.commands.map((one) => `${one.name()}\t${one.description()}`);
    return askHelm([first], starting(first, own));
  }
  const helmWords = [HELM_WORDS.get(first) ?? first, ...rest];
  if (DEPLOYS.includes(first)) {
    const flags = current.startsWith("-") ? OWN_FLAGS.map((name) => `--${name}`) : [];
    return askHelm(helmWords, starting(current, flags));
  }
  const command = program.commands.find((one) => one.name() === first);
  if (command === undefined) return askHelm(helmWords, []);
  const option = openOption(command, rest.slice(0, -1));
  if (option) return valueOf(option, current, names);
  if (current.startsWith("-")) {
    const options = command.createHelp().visibleOptions(command);
    const lines = options.map(({ long, description }) => `${long}\t${description}`);
    return answer(starting(current, lines), NO_FILES);
  }
  if (HELM_WORDS.has(first)) return askHelm(helmWords, []);
  if (first === "init") return answer([], DIRECTORIES_ONLY);
  if (first !== "bump") return answer([], NO_FILES);
  return rest.includes("--latest")
    ? answer(starting(current, names.services), NO_FILES)
    : answer(
        starting(
          current,
          names.services.map((name) => `${name}=`),
        ),
        NO_SPACE,
      );
}

/** The option that the words in front leave open. */
function openOption(command: Command, words: readonly string[]): Option | undefined {
  const at = words.findLastIndex((word) => word.startsWith("-"));
  const flag = words[at];
  if (flag === undefined) return undefined;
  const option = command.options.find(({ long, short }) => flag === long || flag === short);
  const isOpen = option?.required === true && (option.variadic || at === words.length - 1);
  return isOpen ? option : undefined;
}

const FILES = ["--ssh-key", "--known-hosts"];
const ENVIRONMENTS = ["--env", "--from", "--to"];

function valueOf(option: Option, current: string, names: KnownNames): Completion {
  const { long = "", argChoices } = option;
  if (FILES.includes(long)) return answer([], ANY_FILE);
  const named = long === "--service" ? names.services : [];
  const values = argChoices ?? (ENVIRONMENTS.includes(long) ? names.environments : named);
  return answer(starting(current, values), NO_FILES);
}

function starting(text: string, lines: readonly string[]): readonly string[] {
  return lines.filter((line) => line.startsWith(text));
}

function answer(candidates: readonly string[], directive: string): Completion {
  return { kind: "answer", lines: [...candidates, directive] };
}

function askHelm(words: readonly string[], alsoOwn: readonly string[]): Completion {
  return { kind: "helm", argv: ["__complete", ...words], alsoOwn };
}
