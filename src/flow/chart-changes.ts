import type { ChartChanges } from "./ports.ts";

/** What to change in a chart, and what to say about it. */
export interface PlannedChanges extends ChartChanges {
  /** One line for each thing done or kept. */
  readonly steps: readonly string[];
}

/** A file that is written, and how it is called. */
export function written(
  verb: "added" | "changed",
  file: string,
  text: string,
  what = file,
): PlannedChanges {
  return { writes: new Map([[file, text]]), removals: [], steps: [toStep(verb, what)] };
}

/** A thing left as it is. */
export function kept(what: string, reason?: string): PlannedChanges {
  return { writes: new Map(), removals: [], steps: [toStep("kept", what, reason)] };
}

/** All of them, in order. */
export function joined(parts: readonly PlannedChanges[]): PlannedChanges {
  return {
    writes: new Map(parts.flatMap((part) => [...part.writes])),
    removals: parts.flatMap((part) => part.removals),
    steps: parts.flatMap((part) => part.steps),
  };
}

/** A line such as `added    templates/NOTES.txt`. */
export function toStep(verb: string, what: string, reason?: string): string {
  return `${verb.padEnd(8)} ${what}${reason === undefined ? "" : `: ${reason}`}`;
}
