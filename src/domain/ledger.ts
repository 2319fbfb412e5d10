// The ledger: what was done to a release, how it ended, and whom it was told. Written at run time by plugin and watcher,
// never by Helm. A contract between programs released apart: versioned, unknown keys ignored, old fixtures kept under test
// for ever.
import * as z from "zod/mini";
import { type Cause, cause } from "./cause.ts";
import { parseJson } from "./json.ts";
import type { Before } from "./message.ts";
import { type ReleaseRecord, releaseRecord, type ServiceRecord } from "./record.ts";
import { action, outcome } from "./run.ts";

/** One way of telling, and how far it has come. */
const telling = z.object({
  told: z.optional(z.enum(["start", "end"])),
  /** Where Slack keeps the announcement. */
  place: z.optional(z.object({ channel: z.string(), ts: z.string() })),
  /** Why the last attempt came to nothing. */
  trouble: z.optional(z.string()),
});

const run = z.object({
  id: z.string(),
  action,
  /** Who tells this run: the plugin, or the hook's pod. */
  // oxlint-disable-next-line promise/valid-params -- this is zod's
  by: z.catch(z.enum(["plugin", "hook"]), "hook"),
  /** The pod that tells it, by the uid of its run ConfigMap; absent while a run that a plugin began waits for its pod. */
  pod: z.optional(z.string()),
  /** Which of that ConfigMap's pods, by its uid: there are two for a while where a node goes away. */
  teller: z.optional(z.string()),
  /** The cluster's version when that ConfigMap was made: what bears a higher one came after. */
  since: z.optional(z.string()),
  startedAt: z.string(),
  endedAt: z.optional(z.string()),
  /** Rises while the plugin lives: a clock the other side need not share. */
  beats: z.optional(z.number()),
  /** As the environment of a CI says it. */
  actor: z.optional(z.string()),
  /** As the cluster knows the plugin that ran Helm: `system:serviceaccount:ci:deployer`. */
  account: z.optional(z.string()),
  url: z.optional(z.string()),
  /** Helm's revision that the run makes. */
  revision: z.optional(z.number()),
  /** Null where nothing was there before, absent where it could not be known. */
  from: z.optional(z.nullable(releaseRecord)),
  /** Absent where nothing is left: an uninstall. */
  to: z.optional(releaseRecord),
  /** Of a run whose `from` is not known; else the records say it. */
  environment: z.optional(z.string()),
  phase: z.enum(["started", "ended"]),
  /** Of an ended run. A kind of a later version is not known. */
  // oxlint-disable-next-line promise/valid-params -- this is zod's
  outcome: z.optional(z.catch(outcome, { kind: "unknown" })),
  cause: z.optional(cause),
  /** Left pending, and marked as failed later; `by` as the environment says it. */
  recovered: z.optional(z.object({ at: z.string(), by: z.optional(z.string()) })),
  /** It ran although `by` had locked the release for `reason`; `why`, where it was said. */
  passedLock: z.optional(
    z.object({ by: z.optional(z.string()), reason: z.string(), why: z.optional(z.string()) }),
  ),
  /** By the way's name: `slack`, `generic`. */
  tellings: z.optional(z.record(z.string(), telling)),
});

const ledger = z.object({
  v: z.literal(1),
  /** The last run: in progress, or ended. */
  run: z.optional(run),
  /** Earlier runs, newest first. */
  runs: z.array(run),
});

export type Run = z.infer<typeof run>;
export type Telling = z.infer<typeof telling>;
export type Ledger = z.infer<typeof ledger>;

/** Key of the ledger's text in the ConfigMap. */
export const LEDGER_KEY = "ledger.json";

// A ConfigMap holds 1 MiB at most (https://kubernetes.io/docs/concepts/configuration/configmap/): room for the run itself is left.
// It is read and written many times a run, so it is kept far smaller.
const MAX_RUNS = 50;
const MAX_RUNS_LENGTH = 256 * 1024;
/** Earlier runs that are kept whole: whoever still has something to tell of one needs all of it. */
export const WHOLE_RUNS = 3;

export function ledgerName(release: string): string {
  return `helm-notify-ledger.${release}`;
}

/** `undefined` for text that is not a ledger this version can read. */
export function decodeLedger(text: string): Ledger | undefined {
  return ledger.safeParse(parseJson(text)).data;
}

/**
 * Makes `next` the run in progress. The one before it joins the earlier runs, of which the older ones keep only what they
 * changed and the oldest are dropped; one that had not ended by then never told its end, and nobody knows it.
 */
export function openRun(before: Ledger | undefined, next: Run): Ledger {
  const last = before?.run && closeRun(before.run, { kind: "unknown" }, next.startedAt);
  const earlier = [...(last ? [last] : []), ...(before?.runs ?? [])];
  const runs: Run[] = [];
  let length = 0;
  for (const [index, whole] of earlier.slice(0, MAX_RUNS).entries()) {
    const past = index < WHOLE_RUNS ? whole : shorten(whole);
    length += JSON.stringify(past).length;
    if (length > MAX_RUNS_LENGTH) break;
    runs.push(past);
  }
  return { v: 1, run: next, runs };
}

/** Without the services that stayed as they were, and without logs. What was there before an install, or is not known, stays. */
function shorten(of: Run): Run {
  const { from, to, cause: why } = of;
  const short = why ? { ...of, cause: withoutLogs(why) } : of;
  if (!from || !to) return short;
  const names = Object.keys({ ...from.services, ...to.services });
  const changed = new Set(names.filter((name) => !isSame(from.services[name], to.services[name])));
  return { ...short, from: only(changed, from), to: only(changed, to) };
}

function isSame(one: ServiceRecord | undefined, other: ServiceRecord | undefined): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function only(names: ReadonlySet<string>, record: ReleaseRecord): ReleaseRecord {
  const services = Object.entries(record.services).filter(([name]) => names.has(name));
  return { ...record, services: Object.fromEntries(services) };
}

function withoutLogs({ hook, pods, ...rest }: Cause): Cause {
  return {
    ...rest,
    ...(hook && { hook: { ...hook, log: undefined } }),
    pods: pods.map((pod) => ({ ...pod, log: undefined })),
  };
}

/** The run as ended; one whose end is known stays as it ended. */
export function closeRun(of: Run, how: Run["outcome"], at: string, why?: Run["cause"]): Run {
  const isKnown = of.outcome?.kind !== "unknown" || how?.kind === "unknown";
  if (of.phase === "ended" && isKnown) return of;
  return { ...of, phase: "ended", endedAt: at, outcome: how, ...(why && { cause: why }) };
}

/** All runs that the ledger keeps, newest first. */
export function runsOf(of: Ledger | undefined): readonly Run[] {
  return [...(of?.run ? [of.run] : []), ...(of?.runs ?? [])];
}

/** The run of that id, in progress or earlier. */
export function findRun(of: Ledger | undefined, id: string): Run | undefined {
  return runsOf(of).find((one) => one.id === id);
}

/** Changes the run of that id where it stands; `undefined` where there is none. */
export function changeRun(
  of: Ledger | undefined,
  id: string,
  change: (run: Run) => Run,
): Ledger | undefined {
  if (of?.run?.id === id) return { ...of, run: change(of.run) };
  if (of === undefined || findRun(of, id) === undefined) return undefined;
  return { ...of, runs: of.runs.map((earlier) => (earlier.id === id ? change(earlier) : earlier)) };
}

/** What ran before a run, as the ledger has it. */
export function beforeOf(of: Pick<Run, "from" | "environment">): Before {
  if (of.from === undefined) return { kind: "unknown", environment: of.environment };
  return of.from === null ? { kind: "nothing" } : { kind: "record", record: of.from };
}

/** The inverse of `beforeOf`. */
export function toFrom(before: Before): Pick<Run, "from" | "environment"> {
  switch (before.kind) {
    case "record":
      return { from: before.record };
    case "nothing":
      return { from: null };
    case "unknown":
      return before.environment ? { environment: before.environment } : {};
  }
}
