// What there is to say about a run, apart from how it is written and where it is sent.
import { diffServices, type ServiceChange } from "./diff.ts";
import type { ReleaseRecord } from "./record.ts";
import type { Action, Phase } from "./run.ts";

/** What ran before: a record, nothing (a first install), or not to be known, which is said and never guessed. */
export type Before =
  | { readonly kind: "record"; readonly record: ReleaseRecord }
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown" };

export interface Message {
  readonly phase: Phase;
  readonly action: Action;
  readonly release: string;
  readonly namespace: string;
  readonly environment: string;
  readonly chart: { readonly name: string; readonly version: string };
  /** The revision that rendered what is applied: on a rollback the one gone back to, not the new one. */
  readonly revision?: number | undefined;
  readonly before: Before["kind"];
  /** Where `before` is not a record: every service, as added. */
  readonly changes: readonly ServiceChange[];
  readonly unchangedCount: number;
  /** `false` only where it is known that Helm did not wait for the rollout. */
  readonly isWaited?: boolean;
}

export interface RunDescription extends Pick<
  Message,
  "phase" | "action" | "release" | "namespace" | "revision" | "isWaited"
> {
  readonly before: Before;
  readonly after: ReleaseRecord;
}

/** Says what a run does to a release. */
export function describeRun(run: RunDescription): Message {
  const { before, after, ...rest } = run;
  return {
    ...rest,
    environment: after.environment,
    chart: after.chart,
    before: before.kind,
    ...diffServices(before.kind === "record" ? before.record : undefined, after),
  };
}
