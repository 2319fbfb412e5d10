// The ledger as people and programs read it: one run after the other, the newest first.
import type { Cause } from "../domain/cause.ts";
import { diffServices, isSameDigest, type ServiceChange } from "../domain/diff.ts";
import { beforeOf, type Run } from "../domain/ledger.ts";
import type { ServiceRecord } from "../domain/record.ts";
import type { Outcome } from "../domain/run.ts";
import type { Lock } from "../domain/turn.ts";
import { alignColumns } from "./columns.ts";
import { type CsvColumn, toCsv } from "./csv.ts";
import { toDuration, toUtc } from "./moments.ts";
import { toLockText } from "./turn-text.ts";

export interface Log {
  readonly release: string;
  readonly namespace: string;
  /** Who keeps it from being deployed. */
  readonly lock: Lock | undefined;
  readonly runs: readonly Run[];
}

const NOTHING = "-";

/** The lock; then a line a run, and one more for each further service that it changed. */
export function toLogTable({ lock, ...log }: Log): string[] {
  const { release } = log;
  return [...(lock ? [`${release} is locked by ${toLockText(lock)}`] : []), ...toRunTable(log)];
}

function toRunTable({ release, namespace, runs }: Omit<Log, "lock">): string[] {
  if (runs.length === 0) return [`no run of ${release} in ${namespace} is recorded`];
  const hasLinks = runs.some(({ url }) => url !== undefined);
  const header = ["STARTED", "ACTION", "REV", "WHO", "WHAT", "ENDED", "TOOK", "LINK"];
  const rows = runs.flatMap((run) => {
    const [first = "no service changed", ...more] = toChangeLines(run);
    const line = [
      toUtc(run.startedAt),
      run.action,
      run.revision === undefined ? NOTHING : String(run.revision),
      toWho(run),
      first,
      toEnd(run),
      toDuration(durationMs(run) ?? 0) || NOTHING,
      run.url ?? NOTHING,
    ];
    return [line, ...more.map((change) => ["", "", "", "", change, "", "", ""])];
  });
  const table = [header, ...rows];
  return alignColumns(hasLinks ? table : table.map((row) => row.slice(0, -1)));
}

/** The name that the run's environment gave itself, and the one that the cluster has for its credentials. */
function toWho({ actor, account }: Run): string {
  const names = [actor && `${actor} (claimed)`, account && `${account} (verified)`];
  return names.filter(Boolean).join(", ") || NOTHING;
}

/** A row a changed service, and one for a run that changed none. */
export function toLogCsv(log: Log): string {
  const rows = log.runs.flatMap((run): LogRow[] => {
    const changes = changesOf(run);
    if (changes.length === 0) return [{ log, run, change: undefined }];
    return changes.map((change) => ({ log, run, change, ...endsOf(change) }));
  });
  return toCsv(COLUMNS, rows);
}

interface LogRow extends Partial<Ends> {
  readonly log: Log;
  readonly run: Run;
  readonly change: ServiceChange | undefined;
}

const COLUMNS: readonly CsvColumn<LogRow>[] = [
  ["id", ({ run }) => run.id],
  ["started_at", ({ run }) => run.startedAt],
  ["ended_at", ({ run }) => run.endedAt],
  ["seconds", ({ run }) => seconds(run)],
  ["release", ({ log }) => log.release],
  ["namespace", ({ log }) => log.namespace],
  ["environment", ({ run }) => environmentOf(run)],
  ["action", ({ run }) => run.action],
  ["helm_revision", ({ run }) => run.revision],
  ["claimed_actor", ({ run }) => run.actor],
  ["url", ({ run }) => run.url],
  ["outcome", ({ run }) => toOutcomeName(run)],
  ["cause", ({ run }) => causeText(run.cause)],
  ["before", ({ run }) => beforeOf(run).kind],
  ["service", ({ change }) => change?.name],
  ["change", ({ change }) => change?.kind],
  ["from_tag", ({ from }) => from?.tag],
  ["to_tag", ({ to }) => to?.tag],
  ["from_revision", ({ from }) => from?.revision],
  ["to_revision", ({ to }) => to?.revision],
  ["from_digest", ({ from }) => from?.digest],
  ["to_digest", ({ to }) => to?.digest],
  ["verified_account", ({ run }) => run.account],
];

/** A contract with scripts: keys are only ever added. `null` = nothing known. */
export function toLogJson({ release, namespace, lock, runs }: Log): object {
  return {
    v: 1,
    release,
    namespace,
    lock: lock ?? null,
    runs: runs.map((run) => ({
      id: run.id,
      action: run.action,
      environment: environmentOf(run) ?? null,
      startedAt: run.startedAt,
      endedAt: run.endedAt ?? null,
      seconds: seconds(run) ?? null,
      actor: run.actor === undefined ? null : { name: run.actor, isVerified: false },
      account: run.account === undefined ? null : { name: run.account, isVerified: true },
      url: run.url ?? null,
      helmRevision: run.revision ?? null,
      outcome: run.phase === "ended" ? (run.outcome ?? { kind: "unknown" }) : null,
      cause: run.cause ?? null,
      recovered: run.recovered ?? null,
      before: beforeOf(run).kind,
      changes: changesOf(run).map((change) => {
        const { from, to } = endsOf(change);
        return { service: change.name, kind: change.kind, from: from ?? null, to: to ?? null };
      }),
    })),
  };
}

function changesOf(run: Run): readonly ServiceChange[] {
  return diffServices(run.from ?? undefined, run.to).changes;
}

/** In the order of the message: changed services first. */
function toChangeLines(run: Run): readonly string[] {
  const before = beforeOf(run).kind;
  return changesOf(run).map((change) => {
    switch (change.kind) {
      case "added": {
        const { name, to } = change;
        if (before === "unknown") return `${name} ? → ${to.tag}`;
        return `${name} ${to.tag}${before === "record" ? " (new)" : ""}`;
      }
      case "removed":
        return `${change.name} ${change.from.tag} (removed)`;
      case "renamed":
        return `${change.name} ${arrow(change.from.tag, change.to.tag)} (was ${change.fromName})`;
      case "rebuilt": {
        const { name, from, to } = change;
        return `${name} ${arrow(from.tag, to.tag)} (same ${isSameDigest(from, to) ? "digest" : "revision"})`;
      }
      case "digest-only":
        return `${change.name} ${change.to.tag} (another digest)`;
      case "changed": {
        const { name, from, to } = change;
        if (from.tag !== to.tag) {
          const isSame = isSameDigest(from, to) ? " (same digest)" : "";
          return `${name} ${arrow(from.tag, to.tag)}${change.isDowngrade ? " (downgrade)" : isSame}`;
        }
        return `${name} ${to.tag} (another ${from.image === to.image ? "revision" : "image"})`;
      }
    }
  });
}

function arrow(from: string, to: string): string {
  return from === to ? to : `${from} → ${to}`;
}

interface Ends {
  readonly from: ServiceRecord | undefined;
  readonly to: ServiceRecord | undefined;
}

function endsOf(change: ServiceChange): Ends {
  const from = "from" in change ? change.from : undefined;
  return { from, to: "to" in change ? change.to : undefined };
}

function environmentOf({ to, from }: Run): string | undefined {
  return (to ?? from)?.environment;
}

function toOutcomeName(run: Run): string {
  return run.phase === "ended" ? (run.outcome?.kind ?? "unknown") : "in-progress";
}

function toEnd({ phase, outcome, cause, action, recovered }: Run): string {
  if (phase === "started") return "in progress";
  const why = causeText(cause);
  const end = `${toOutcomeText(action, outcome ?? { kind: "unknown" })}${why === "" ? "" : `: ${why}`}`;
  return recovered
    ? `${end}, recovered${recovered.by === undefined ? "" : ` by ${recovered.by}`}`
    : end;
}

function toOutcomeText(action: Run["action"], outcome: Outcome): string {
  switch (outcome.kind) {
    case "applied":
      return action === "uninstall" ? "uninstalled" : "applied";
    case "rolled-out":
      return action === "uninstall" ? "uninstalled" : "rolled out";
    case "not-applied":
      return "failed, nothing applied";
    case "failed":
      return "failed";
    case "rolled-back":
      return outcome.toRevision === undefined
        ? "failed, undone"
        : `failed, back to revision ${outcome.toRevision}`;
    case "interrupted":
      return "interrupted";
    case "unknown":
      return "not known";
  }
}

/** The most telling part. */
function causeText(cause: Cause | undefined): string {
  if (cause === undefined) return "";
  const { hook, pods, description = "" } = cause;
  if (hook) return [`${hook.kind} ${hook.name}`, hook.reason].filter(Boolean).join(" ");
  const [pod] = pods;
  return pod ? `pod ${pod.pod} ${pod.reason}` : description;
}

function durationMs({ startedAt, endedAt, outcome }: Run): number | undefined {
  // Where nobody saw the end that is when somebody gave up on it, by whatever clock.
  if (endedAt === undefined || outcome?.kind === "unknown") return undefined;
  const ms = Date.parse(endedAt) - Date.parse(startedAt);
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

function seconds(run: Run): number | undefined {
  const ms = durationMs(run);
  return ms === undefined ? undefined : Math.round(ms / 1000);
}
