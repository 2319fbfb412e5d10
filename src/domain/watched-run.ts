// A run as its pod knows it, and which run of the ledger that is: one of its own, one that a plugin began, or none of its
// business, since a plugin tells it.
import { closeRun, type Ledger, openRun, type Run, runsOf, toFrom } from "./ledger.ts";
import type { Before, PassedLock } from "./message.ts";
import type { Pulse } from "./pulse.ts";
import type { ReleaseRecord } from "./record.ts";
import { type Action, isGood } from "./run.ts";

/** The names of what the chart makes for a run. A contract like the record's name. */
export function runName(release: string): string {
  return `${release}-helm-notify-run`;
}

export function endName(release: string): string {
  return `${release}-helm-notify-end`;
}

export function watcherName(release: string): string {
  return `${release}-helm-notify`;
}

/** Key of the user's wording in the run's ConfigMap. */
export const TEXTS_KEY = "texts.json";

export interface WatchedRun {
  /** The uid of its run ConfigMap. */
  readonly id: string;
  /** The uid of the pod. */
  readonly teller: string;
  /** The cluster's version when that was made: what is there at it was there before Helm applied anything. */
  readonly since: string;
  readonly startedAt: string;
  readonly action: Action;
  readonly from: Before;
  readonly to: ReleaseRecord;
  /** A lock that plain helm knows nothing of. */
  readonly passedLock: PassedLock | undefined;
}

/** What the pod sees beside the ledger. */
export interface Sight {
  /** The cluster's version, and its time where it keeps that, when the ledger was last written. */
  readonly written:
    | { readonly resourceVersion: string; readonly writtenAt?: string | undefined }
    | undefined;
  /** The newest mark of a good end, whichever run's. */
  readonly end: { readonly version: string; readonly at: string } | undefined;
  /** Whether the plugin that began the ledger's last run lives: by its beats. */
  readonly plugin: Pulse;
}

/** What a pod has to do with telling a run. */
export type Part =
  /** The run is ours to tell. */
  | { readonly kind: "ours"; readonly run: Run; readonly ledger: Ledger }
  /** The plugin tells it, or is given time to show whether it lives. */
  | { readonly kind: "wait"; readonly isAlive: boolean }
  /** The plugin told it to its end. */
  | { readonly kind: "told" };

/** Says whether the run is this pod's to tell, and makes the ledger that says so. */
export function takeUpRun(ledger: Ledger | undefined, own: WatchedRun, sight: Sight): Part {
  const known = runsOf(ledger).find(({ pod }) => pod === own.id);
  if (ledger && known) return { kind: "ours", run: known, ledger };
  // The next run, of an uninstall or without hooks, makes nothing that would tell this pod to go.
  if (ledger?.runs.some((run) => isSameRun(run, own) && hasToldDuring(run, own))) {
    return { kind: "told" };
  }
  const last = ledger?.run;
  if (ledger === undefined || last === undefined || !isBegunByPlugin(last)) {
    return open(ledger, own, sight);
  }
  const isWritten = isAfter(sight.written?.resourceVersion, own.since);
  const isRecent = isWritten || isJustBefore(sight.written?.writtenAt ?? last.startedAt, own);
  if (last.phase === "ended") {
    const isPart = isWritten && (isSameRun(last, own) || isUndoing(own, last));
    const isTelling = isRecent && isBeingTold(last) && sight.plugin !== "dead";
    if (!isPart) return isTelling ? { kind: "wait", isAlive: false } : open(ledger, own, sight);
    return last.by === "plugin" ? { kind: "told" } : adopt(ledger, last, own);
  }
  if (last.by === "hook" && isSameRun(last, own) && isRecent) {
    return adopt(ledger, last, own);
  }
  switch (sight.plugin) {
    case "not known":
      return { kind: "wait", isAlive: false };
    case "alive":
      // Helm going back by itself is part of its run, a Helm beside its `helm test` is not: its end says which.
      return { kind: "wait", isAlive: true };
    case "dead":
      return isSameRun(last, own) && isRecent ? adopt(ledger, last, own) : open(ledger, own, sight);
  }
}

/** Whether a plugin began it, whoever tells it. */
export function isBegunByPlugin({ by, id, pod }: Run): boolean {
  return by === "plugin" || pod !== id;
}

/** Compares two versions of the cluster: https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions */
export function isAfter(version: string | undefined, other: string): boolean {
  return version !== undefined && BigInt(version) > BigInt(other);
}

function open(ledger: Ledger | undefined, own: WatchedRun, { end }: Sight): Part {
  const run: Run = {
    id: own.id,
    action: own.action,
    by: "hook",
    pod: own.id,
    teller: own.teller,
    since: own.since,
    startedAt: own.startedAt,
    ...toFrom(own.from),
    to: own.to,
    ...(own.passedLock && { passedLock: own.passedLock }),
    phase: "started",
  };
  const before = end && isAfter(own.since, end.version) ? end : undefined;
  return { kind: "ours", run, ledger: openRun(withSeenEnd(ledger, before), run) };
}

/** A run that was followed before its pod could say how it ended: the mark of its end is still there. */
export function withSeenEnd(ledger: Ledger | undefined, end: Sight["end"]): Ledger | undefined {
  const last = ledger?.run;
  if (ledger === undefined || last?.since === undefined || end === undefined) return ledger;
  const isSeen = isAfter(end.version, last.since) && end.at >= last.startedAt;
  return isSeen ? { ...ledger, run: closeRun(last, { kind: "applied" }, end.at) } : ledger;
}

function adopt(ledger: Ledger, last: Run, own: WatchedRun): Part {
  const { id: pod, teller, since } = own;
  const run: Run = { ...last, by: "hook", pod, teller, since, ...factsOf(last, own) };
  return { kind: "ours", run, ledger: { ...ledger, run } };
}

/** What the cluster says counts more; what the plugin says may know more of the same services: their Git revisions. */
function factsOf(last: Run, own: WatchedRun): Pick<Run, "from" | "to"> {
  if (last.action !== own.action) return {};
  const { from } = toFrom(own.from);
  const isSame = last.from !== undefined && isSameRecord(last.from ?? undefined, from ?? undefined);
  return {
    ...(from !== undefined && !isSame && { from }),
    to: isSameRecord(last.to, own.to) ? last.to : own.to,
  };
}

/** Whether its plugin has closed it, and may be about to say so: nobody else is to. */
function isBeingTold({ by, tellings = {} }: Run): boolean {
  return by === "plugin" && Object.values(tellings).some(({ told }) => told !== "end");
}

/** Whether a plugin was at it when this pod's run was made, of which the cluster keeps whole seconds. */
function hasToldDuring({ by, startedAt, endedAt }: Run, own: WatchedRun): boolean {
  if (by !== "plugin" || endedAt === undefined) return false;
  const madeAt = Date.parse(own.startedAt);
  return Date.parse(startedAt) < madeAt + 1000 && madeAt <= Date.parse(endedAt);
}

function isSameRun(last: Run, own: WatchedRun): boolean {
  const isFree = last.by === "plugin" || last.pod === undefined;
  const isSame = last.to === undefined || isSameRecord(last.to, own.to);
  return isFree && last.action === own.action && isSame;
}

/** Whether Helm, or we, went back within a run that failed, well or not. */
function isUndoing(own: WatchedRun, { action, outcome }: Run): boolean {
  const hasFailed = outcome !== undefined && outcome.kind !== "unknown" && !isGood(outcome);
  return own.action === "rollback" && action !== "rollback" && hasFailed;
}

// A plugin that was killed before its Helm ran leaves a run that the same deploy by another hand must not take for its own.
// Between a plugin's beginning and Helm's first hook lies a chart's download.
const RECENT_MS = 10 * 60_000;

function isJustBefore(time: string, own: WatchedRun): boolean {
  return Date.parse(own.startedAt) - Date.parse(time) < RECENT_MS;
}

/** By what runs: a plugin may have looked up sources and Git revisions that the chart does not know. */
function isSameRecord(a: ReleaseRecord | undefined, b: ReleaseRecord | undefined): boolean {
  return whatRuns(a) === whatRuns(b);
}

function whatRuns(record: ReleaseRecord | undefined): string {
  const services = Object.entries(record?.services ?? {});
  return JSON.stringify(
    services.map(([name, { tag, digest }]) => [name, tag, digest]).toSorted(byName),
  );
}

function byName([a]: readonly unknown[], [b]: readonly unknown[]): number {
  return String(a) < String(b) ? -1 : 1;
}
