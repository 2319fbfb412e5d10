// Shell completion by cobra's protocol: candidates, one a line, then a directive. Helm's own words are Helm's to complete.
import { OWN_WORDS } from "./dispatch.ts";

export type Completion =
  | { readonly kind: "answer"; readonly lines: readonly string[] }
  | {
      readonly kind: "helm";
      readonly argv: readonly string[];
      readonly alsoOwn: readonly string[];
    };

/** https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective: 16 = directories only, 4 = no files. */
const DIRECTORIES_ONLY = ":16";

const NO_FILES = ":4";
const REPOSITORY_WORDS = new Set(["announce", "bump", "promote", "tags", "live", "log", "doctor"]);

const DESCRIPTIONS: Record<(typeof OWN_WORDS)[number], string> = {
  plan: "show what an upgrade would carry and change",
  values: "print the values an upgrade would inject",
  preview: "show the messages of a chart, sending none",
  init: "add the snippets to a chart",
  announce: "tell people of a pushed image",
  bump: "write a tag and revision into an environment's values file, commit, push",
  promote: "write what one environment runs into the values file of another",
  tags: "list an image's tags in its registry, pick one by policy",
  live: "show what runs where",
  log: "show who deployed what and when",
  doctor: "check a set-up: cluster, rights, Slack, helm-notify.yaml",
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
  // Words of a deployment repository: nothing of Helm's fits there.
  if (REPOSITORY_WORDS.has(first)) return { kind: "answer", lines: [NO_FILES] };
  const helmWord = ["plan", "values", "preview"].includes(first) ? "upgrade" : first;
  return { kind: "helm", argv: ["__complete", helmWord, ...rest], alsoOwn: [] };
}
