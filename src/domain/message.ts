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
  /** `environment` where it is known all the same. */
  | { readonly kind: "unknown"; readonly environment?: string | undefined };

/** Who started a run. Claimed: by the environment of a CI, not proved to the cluster. */
export interface Starter {
  readonly actor?: string | undefined;
  /** The CI run. */
  readonly url?: string | undefined;
}

/** Who had locked the release and what for, and why it was deployed to all the same, where that was said. */
export interface PassedLock {
  readonly by?: string | undefined;
  readonly reason: string;
  readonly why?: string | undefined;
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
  /** The release was left pending, and its revision is marked as failed by now; `by` as the environment said it. */
  readonly recovered?: { readonly by?: string | undefined } | undefined;
  /** A lock that did not stop it. */
  readonly passedLock?: PassedLock | undefined;
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
  const known = after ?? record;
  const environment = before.kind === "unknown" ? before.environment : undefined;
  return {
    ...run,
    environment: known?.environment || environment || undefined,
    chart: known?.chart,
    before: before.kind,
    ...diffServices(record, after),
  };
}

/**
 * The changes that each announcement's thread is to hear of: of the images that came, on a rollback also of those that went.
 * One that ran before, under whatever tag, has heard; where what ran before is not known, nobody knows who has.
 */
export function changesByThread({
  action,
  before,
  changes,
}: Pick<Message, "action" | "before" | "changes">): ReadonlyMap<string, readonly ServiceChange[]> {
  const heard = new Map<string, ServiceChange[]>();
  for (const change of before === "unknown" ? [] : changes) {
    const from = "from" in change ? change.from.thread : undefined;
    const to = "to" in change ? change.to.thread : undefined;
    if (from === to) continue;
    for (const thread of action === "rollback" ? [to, from] : [to]) {
      if (thread !== undefined) heard.set(thread, [...(heard.get(thread) ?? []), change]);
    }
  }
  return heard;
}
