// What the demo and the journey share: how they print, and which Helm they run.
import { parseArgs, styleText } from "node:util";
import { HELM_MAJORS, type HelmMajor } from "./toolbox.ts";

export function title(text: string): void {
  show("cyan", `\n━━ ${text}`);
}

/** Colours on a terminal only. */
export function show(format: "bold" | "cyan" | "magenta", text: string): void {
  console.log(styleText(format, text, { stream: process.stdout }));
}

/** `--helm 3` or `--helm 4`; 4 if nothing is said. */
export function chooseHelm(argv: readonly string[]): HelmMajor {
  const options = { helm: { type: "string", default: "4" } } as const;
  const { values } = parseArgs({ args: [...argv], options });
  const chosen = HELM_MAJORS.find((known) => String(known) === values.helm);
  if (chosen !== undefined) return chosen;
  throw new Error(`there is no Helm ${values.helm}; use --helm 3 or --helm 4`);
}
