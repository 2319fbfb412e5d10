// The first word decides: Helm's own words keep Helm's meaning, so that helm-notify can stand in for helm anywhere.
import type { HelmVerb, ToldVerb } from "../domain/request.ts";

/** Words of ours; none is a Helm command. */
export const OWN_WORDS = [
  "plan",
  "values",
  "preview",
  "init",
  "announce",
  "bump",
  "promote",
  "tags",
  "live",
  "log",
  "recover",
  "lock",
  "unlock",
  "doctor",
] as const;

export type Dispatch =
  | { readonly kind: "own" }
  | { readonly kind: "version" }
  | { readonly kind: "complete"; readonly words: readonly string[] }
  | { readonly kind: "deploy"; readonly verb: HelmVerb }
  | { readonly kind: "told"; readonly verb: ToldVerb }
  | { readonly kind: "helm" };

/** `places` is where the command's words stand, if any: flags may come before them. */
export function dispatch(argv: readonly string[], places: readonly number[]): Dispatch {
  const [first = -1, second = -1] = places;
  const word = argv[first];
  switch (word) {
    case undefined:
      if (argv.includes("--version")) return { kind: "version" };
      return argv.length === 0 || isHelp(argv) ? { kind: "own" } : { kind: "helm" };
    case "upgrade":
    case "install":
      return { kind: "deploy", verb: word };
    case "rollback":
      return { kind: "told", verb: "rollback" };
    case "uninstall":
    case "delete":
    case "del":
    case "un":
      return { kind: "told", verb: "uninstall" };
    case "diff":
      return argv[second] === "upgrade"
        ? { kind: "deploy", verb: "diff upgrade" }
        : { kind: "helm" };
    case "__complete":
      return { kind: "complete", words: argv.slice(first + 1) };
    case "help":
      return isOwn(argv[first + 1]) ? { kind: "own" } : { kind: "helm" };
    default:
      return isOwn(word) ? { kind: "own" } : { kind: "helm" };
  }
}

const isOwn = (word: string | undefined) => OWN_WORDS.some((own) => own === word);
const isHelp = (argv: readonly string[]) => argv.includes("--help") || argv.includes("-h");
