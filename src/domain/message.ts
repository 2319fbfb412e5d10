// What there is to say about a run, apart from how it is written and where it is sent.
import type { Cause } from "./cause.ts";
import { diffServices, type ServiceChange } from "./diff.ts";
import type { ReleaseRecord } from "./record.ts";
import type { Action, Outcome, Phase } from "./run.ts";
import type { Shipped } from "./shipped.ts";

/** What ran before: a record, nothing (a first install), or not to be known, which is said and never guessed. */
export type Before =
  | { readonly kind: "record"; readonly record: ReleaseRecord }
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown" };

/** Who started a run. Claimed: by the environment of a CI, not proved to the cluster. */
export interface Starter {
  readonly actor?: string | undefined;
  /** The CI run. */
  readonly url?: string | undefined;
}

export interface Message {
  /** Of the run, as in the ledger. */
  readonly id: string;
  readonly phase: Phase;
  readonly action: Action;
  readonly release: string;
  readonly namespace: string;
  /** Absent where nobody names it. */
  readonly environment?: string | undefined;
  readonly chart?: { readonly name: string; readonly version: string } | undefined;
  /** Helm's revision that the run makes, where it is known. */
  readonly revision?: number | undefined;
  readonly starter: Starter;
  readonly startedAt: Date;
  /** Of the phase `end`, as the next two. */
  readonly endedAt?: Date | undefined;
  readonly outcome?: Outcome | undefined;
  readonly cause?: Cause | undefined;
  readonly before: Before["kind"];
  /** Where `before` is not a record: every service, as added. */
  readonly changes: readonly ServiceChange[];
  readonly unchangedCount: number;
  /** By the service's name, where its Git host could be asked. */
  readonly shipped: Readonly<Record<string, Shipped>>;
  /** Told only now, long after it happened. */
  readonly isLate: boolean;
}

export type RunDescription = Omit<
  Message,
  "before" | "changes" | "unchangedCount" | "environment" | "chart"
> & {
  readonly before: Before;
  /** Absent where nothing is left: an uninstall. */
  readonly after: ReleaseRecord | undefined;
};

/** Says what a run does to a release. */
export function describeRun({ before, after, ...run }: RunDescription): Message {
  const record = before.kind === "record" ? before.record : undefined;
  const { environment, chart } = after ?? record ?? {};
  return {
    ...run,
    environment: environment || undefined,
    chart,
    before: before.kind,
    ...diffServices(record, after),
  };
}
