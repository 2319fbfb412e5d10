// The ledger: what was done to a release and by which message it was told. Written at run time by plugin and hooks, never
// by Helm. A contract between programs released apart: versioned, unknown keys ignored, old fixtures kept under test for ever.
import * as z from "zod/mini";
import type { Before } from "./message.ts";
import { releaseRecord, type ReleaseRecord } from "./record.ts";
import type { Action } from "./run.ts";

const run = z.object({
  id: z.string(),
  action: z.enum(["install", "upgrade", "rollback"]),
  startedAt: z.string(),
  endedAt: z.optional(z.string()),
  /** The revision that rendered `to`: on a rollback the one gone back to. */
  revision: z.optional(z.number()),
  /** Null where nothing was there before, absent where it could not be known. */
  from: z.optional(z.nullable(releaseRecord)),
  to: releaseRecord,
  phase: z.enum(["started", "ended"]),
  /** Where Slack keeps the announcement. */
  message: z.optional(z.object({ channel: z.string(), ts: z.string() })),
});

const ledger = z.object({
  v: z.literal(1),
  run: z.optional(run),
  /** Earlier runs, newest first. */
  runs: z.array(run),
});

export type Run = z.infer<typeof run>;
export type Ledger = z.infer<typeof ledger>;

/** Key of the ledger's text in the ConfigMap. */
export const LEDGER_KEY = "ledger.json";

// A ConfigMap holds 1 MiB at most (https://kubernetes.io/docs/concepts/configuration/configmap/): room for the run itself is left.
const MAX_RUNS = 10;
const MAX_RUNS_LENGTH = 256 * 1024;

export function ledgerName(release: string): string {
  return `helm-notify-ledger.${release}`;
}

/** `undefined` for text that is not a ledger this version can read. */
export function decodeLedger(text: string): Ledger | undefined {
  try {
    const result = ledger.safeParse(JSON.parse(text));
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

/** Makes `next` the run in progress; the one before it joins the earlier runs, of which the oldest are dropped. */
export function openRun(before: Ledger | undefined, next: Run): Ledger {
  const earlier = [...(before?.run ? [before.run] : []), ...(before?.runs ?? [])];
  const runs: Run[] = [];
  let length = 0;
  for (const past of earlier.slice(0, MAX_RUNS)) {
    length += JSON.stringify(past).length;
    if (length > MAX_RUNS_LENGTH) break;
    runs.push(past);
  }
  return { v: 1, run: next, runs };
}

/** The run that a post hook closes: begun by its own pre hook. Anything else is another run's, whose `from` would be a lie. */
export function runInProgress(
  of: Ledger | undefined,
  hook: {
    readonly action: Action;
    readonly revision: number | undefined;
    readonly to: ReleaseRecord;
  },
): Run | undefined {
  const open = of?.run;
  const isOurs =
    open?.phase === "started" &&
    open.action === hook.action &&
    open.revision === hook.revision &&
    isSameRecord(open.to, hook.to);
  return isOurs ? open : undefined;
}

/** What ran before a run, as the ledger has it. */
export function beforeOf(of: Run | undefined): Before {
  if (of?.from === undefined) return { kind: "unknown" };
  return of.from === null ? { kind: "nothing" } : { kind: "record", record: of.from };
}

/** The inverse of `beforeOf`. */
export function toFrom(before: Before): Pick<Run, "from"> {
  switch (before.kind) {
    case "record":
      return { from: before.record };
    case "nothing":
      return { from: null };
    case "unknown":
      return {};
  }
}

// Both were decoded by the same schema, so their keys stand in the same order but for the services, which keep the writer's.
function isSameRecord(a: ReleaseRecord, b: ReleaseRecord): boolean {
  return canonical(a) === canonical(b);
}

function canonical(record: ReleaseRecord): string {
  const services = Object.entries(record.services).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ ...record, services });
}
