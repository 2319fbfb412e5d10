// The first word decides: Helm's own words keep Helm's meaning, so that helm-notify can stand in for helm anywhere.
import type { HelmVerb } from "../domain/request.ts";

/** Words of ours; none is a Helm command. */
export const OWN_WORDS = ["plan", "values", "init"] as const;

export type Dispatch =
  | { readonly kind: "own" }
  | { readonly kind: "version" }
  | { readonly kind: "complete"; readonly words: readonly string[] }
  | { readonly kind: "deploy"; readonly verb: HelmVerb }
  | { readonly kind: "helm" };

/** `at` is where the first word stands, or `-1`: global flags may come before it. */
export function dispatch(argv: readonly string[], at: number): Dispatch {
  const word = argv[at];
  switch (word) {
    case undefined:
      if (argv.includes("--version")) return { kind: "version" };
      return argv.length === 0 || isHelp(argv) ? { kind: "own" } : { kind: "helm" };
    case "upgrade":
    case "install":
      return { kind: "deploy", verb: word };
    case "__complete":
      return { kind: "complete", words: argv.slice(at + 1) };
    default:
      return OWN_WORDS.some((own) => own === word) ? { kind: "own" } : { kind: "helm" };
  }
}

const isHelp = (argv: readonly string[]) => argv.includes("--help") || argv.includes("-h");
