// A release left pending: which run left it so, whether that run may still be alive, and what a recovery writes down.
// For whoever asks "is somebody at it?": flow/pending-release.ts gathers what `judge` needs.
import { diffServices } from "./diff.ts";
import { closeRun, type Ledger, type Run, runsOf } from "./ledger.ts";
import type { Pulse } from "./pulse.ts";
import type { ReleaseRecord } from "./record.ts";
import type { RevisionStatus } from "./release.ts";
import type { Action } from "./run.ts";
import type { Holder } from "./turn.ts";
import { isBegunByPlugin } from "./watched-run.ts";

/** What Helm takes where nothing else is said: https://helm.sh/docs/helm/helm_upgrade/ (`--timeout`). */
export const HELM_TIMEOUT_MS = 5 * 60_000;

/** The revision that Helm left pending, or is at. */
export interface PendingRevision extends RevisionStatus {
  readonly action: Action;
  /** By the clock of the machine Helm runs on. */
  readonly startedAt: Date | undefined;
}

export interface Signs {
  readonly pending: PendingRevision;
  /** The ledger's run of that revision. */
  readonly run: Run | undefined;
  /** Whose turn it is at the release. */
  readonly holder: Holder | undefined;
  /** Of the plugin that began the run, and of the holder; absent where neither is there. */
  readonly pulse: Pulse | undefined;
  /** Its hooks that have a running pod: `Job migrate`. */
  readonly runningHooks: readonly string[];
  readonly now: Date;
  /** How long a Helm of which nothing else is known may take. */
  readonly timeoutMs: number;
}

/** Whether a Helm may still be at it, and which sign says so. */
export type Verdict =
  | { readonly kind: "alive"; readonly sign: "pulse" | "running hook" }
  | { readonly kind: "dead"; readonly sign: "ended" | "silent" | "older than timeout" }
  | { readonly kind: "not known" };

/** What is known of a release that is pending. */
export interface PendingRelease extends Omit<Signs, "pulse"> {
  readonly release: string;
  readonly namespace: string;
  /** The last one that Helm calls so. */
  readonly deployedRevision: number | undefined;
  /** The revision whose record the cluster has; absent where it is neither of both, or both are the same. */
  readonly appliedRevision: number | undefined;
  readonly verdict: Verdict;
  /** What could not be read, and why. */
  readonly missing: readonly string[];
}

/** Whether the run's plugin can tell by its beats whether it lives: until it has said how the run ended. */
export function hasPulse(run: Run | undefined): run is Run {
  if (run === undefined || !isBegunByPlugin(run)) return false;
  // The next run, or the pod, closes one of which nobody saw the end.
  return run.phase === "started" || run.outcome?.kind === "unknown";
}

/** Whether that is beyond doubt: what is merely old may have been given more time. */
export function isSurelyDead(verdict: Verdict): boolean {
  return verdict.kind === "dead" && verdict.sign !== "older than timeout";
}

/** A hook that runs is work under way, whatever became of its Helm. */
export function judge(signs: Signs): Verdict {
  const { pending, run, pulse, runningHooks, now, timeoutMs } = signs;
  if (pulse === "alive") return { kind: "alive", sign: "pulse" };
  if (runningHooks.length > 0) return { kind: "alive", sign: "running hook" };
  if (run?.phase === "ended" && run.outcome?.kind !== "unknown") {
    return { kind: "dead", sign: "ended" };
  }
  if (pulse === "dead") return { kind: "dead", sign: "silent" };
  // Somebody may live whom we could not hear.
  if (pulse === "not known") return { kind: "not known" };
  const ageMs = now.getTime() - (pending.startedAt?.getTime() ?? Number.NaN);
  return ageMs > timeoutMs ? { kind: "dead", sign: "older than timeout" } : { kind: "not known" };
}

export function toPendingRevision(
  { revision, status }: RevisionStatus,
  startedAt: Date | undefined,
): PendingRevision {
  return { revision, status, action: actionOf(status), startedAt };
}

function actionOf(status: string): Action {
  switch (status) {
    case "pending-install":
      return "install";
    case "pending-rollback":
      return "rollback";
    default:
      return "upgrade";
  }
}

// Between the beginning of a plugin's run, or its hook's, and Helm's revision lie a chart's download and the difference of two
// clocks.
const RECENT_MS = 10 * 60_000;

/** Whether it may have been the holder that made the revision; one that came later has found it pending. */
export function mayHaveMade({ since }: Holder, { startedAt }: PendingRevision): boolean {
  const leadMs = (startedAt?.getTime() ?? Number.NaN) - Date.parse(since);
  return leadMs >= 0 && leadMs < RECENT_MS;
}

/** The run that made the revision: of those of its kind the one that began nearest to it. */
export function findPendingRun(
  ledger: Ledger | undefined,
  { revision, action, startedAt }: PendingRevision,
): Run | undefined {
  if (startedAt === undefined) return undefined;
  const distance = (run: Run) => Math.abs(Date.parse(run.startedAt) - startedAt.getTime());
  const isOf = (run: Run) =>
    run.action === action &&
    // One that was refused made no revision.
    run.outcome?.kind !== "not-applied" &&
    (run.revision === undefined || run.revision === revision) &&
    distance(run) < RECENT_MS;
  const runs = runsOf(ledger).filter(isOf);
  return runs.toSorted((a, b) => distance(a) - distance(b))[0];
}

/** Which of both the cluster's record is. */
export function findApplied(
  running: ReleaseRecord | undefined,
  pending: ReleaseRecord | undefined,
  deployed: ReleaseRecord | undefined,
): "pending" | "deployed" | undefined {
  const isRunning = (record: ReleaseRecord | undefined) =>
    record !== undefined && diffServices(running, record).changes.length === 0;
  if (running === undefined || isRunning(pending) === isRunning(deployed)) return undefined;
  return isRunning(pending) ? "pending" : "deployed";
}

/**
 * The run as it ended, now that its revision is marked as failed. What was told of its end before is not all any more: it is to
 * be told once more.
 */
export function recoverRun(
  of: Run,
  revision: number,
  recovered: NonNullable<Run["recovered"]>,
): Run {
  const ended = closeRun(of, { kind: "interrupted" }, recovered.at);
  const tellings = Object.fromEntries(
    Object.entries(of.tellings ?? {}).map(([way, telling]) => [
      way,
      telling.told === "end" ? { ...telling, told: "start" as const } : telling,
    ]),
  );
  return { ...ended, revision, recovered, ...(of.tellings && { tellings }) };
}
