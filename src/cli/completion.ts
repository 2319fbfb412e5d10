// Shell completion by cobra's protocol: candidates, one a line, then a directive. Helm's own words are Helm's to complete.
import { OWN_WORDS } from "./dispatch.ts";

export type Completion =
  | { readonly kind: "answer"; readonly lines: readonly string[] }
  | {
      readonly kind: "helm";
      readonly argv: readonly string[];
      readonly alsoOwn: readonly string[];
    };

/** https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective: 16 = directories only. */
const DIRECTORIES_ONLY = ":16";

const DESCRIPTIONS: Record<(typeof OWN_WORDS)[number], string> = {
  plan: "show what an upgrade would carry and change",
  values: "print the values an upgrade would inject",
  preview: "show the messages of a chart, sending none",
  init: "add the snippets to a chart",
};

/** `words` are the words typed so far; the last one is being completed, and may be empty. */
export function complete(words: readonly string[]): Completion {
  const [first = "", ...rest] = words;
  if (rest.length === 0) {
    const own = OWN_WORDS.filter((word) => word.startsWith(first));
    return {
      kind: "helm",
      argv: ["__complete", first],
      alsoOwn: own.map((word) => `${word}\t${DESCRIPTIONS[word]}`),
    };
  }
  if (first === "init") return { kind: "answer", lines: [DIRECTORIES_ONLY] };
  const helmWord = ["plan", "values", "preview"].includes(first) ? "upgrade" : first;
  return { kind: "helm", argv: ["__complete", helmWord, ...rest], alsoOwn: [] };
}
