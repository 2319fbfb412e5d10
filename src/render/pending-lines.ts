// A release that is pending, for a terminal and for programs.
import { mayHaveMade, type PendingRelease } from "../domain/recovery.ts";
import type { RevisionStatus } from "../domain/release.ts";
import type { Person } from "../domain/turn.ts";
import { tidy } from "./columns.ts";
import { toDuration, toUtc } from "./moments.ts";

/** What is in the way: one line, then what is known of it. */
export function toPendingLines(found: PendingRelease): readonly string[] {
  const { release, namespace, pending, runningHooks, missing } = found;
  const { revision, status, startedAt } = pending;
  const since =
    startedAt === undefined
      ? ""
      : `, for ${toDuration(ageMs(found)) || "0s"} (since ${toUtc(startedAt.toISOString())})`;
  const { actor, url, host } = starterOf(found);
  const account = found.run?.account;
  const who = actor ?? (account && `${account} (verified)`);
  const starter = [who, host && `on ${host}`, url].filter(Boolean).join(", ");
  const unknown = found.run ? "not known" : "not known, no helm-notify saw it begin";
  return [
    `${release} in namespace ${namespace}: revision ${revision} is ${status}${since}`,
    `  started by: ${starter === "" ? unknown : tidy(starter)}`,
    `  last deployed: ${found.deployedRevision === undefined ? "none" : `revision ${found.deployedRevision}`}`,
    ...(found.appliedRevision === undefined
      ? []
      : [`  the cluster's record is that of: revision ${found.appliedRevision}`]),
    ...runningHooks.map((hook) => `  still runs: ${hook}`),
    `  its process: ${toVerdictText(found)}`,
    ...missing.map((what) => `  could not be read: ${tidy(what)}`),
  ];
}

/** For who was refused because of it, or left it so. */
export function toPendingHint(
  release: string,
  namespace: string,
  { revision, status }: RevisionStatus,
): string {
  const command = `helm notify recover ${release} -n ${namespace}`;
  return `revision ${revision} is ${status}: ${command} says whether somebody is at it, and ends it`;
}

/** As they said it themselves. */
function starterOf({ run, holder, pending }: PendingRelease): Person {
  const isHolders = holder !== undefined && mayHaveMade(holder, pending);
  return { ...run, ...(isHolders && holder) };
}

function toVerdictText(found: PendingRelease): string {
  const { verdict, timeoutMs } = found;
  switch (verdict.kind) {
    case "alive":
      return verdict.sign === "pulse" ? "alive, a helm-notify is at work" : "its hooks still work";
    case "dead":
      return `gone, ${toSignText(verdict.sign, timeoutMs)}`;
    case "not known":
      return ageMs(found) > timeoutMs
        ? "not known"
        : `not known, and it is not older than ${toDuration(timeoutMs)}, the timeout of Helm`;
  }
}

function toSignText(sign: "ended" | "silent" | "older than timeout", timeoutMs: number): string {
  switch (sign) {
    case "ended":
      return "helm-notify saw it end";
    case "silent":
      return "its helm-notify has been silent for 15s";
    case "older than timeout":
      return `as far as can be known: it is older than ${toDuration(timeoutMs)}, the timeout of Helm`;
  }
}

function ageMs({ pending, now }: PendingRelease): number {
  return Math.max(0, now.getTime() - (pending.startedAt?.getTime() ?? now.getTime()));
}

/** A contract with scripts: keys are only ever added. `null` = nothing known. */
export function toPendingJson(found: PendingRelease): object {
  const { pending, verdict } = found;
  const { actor, url, host } = starterOf(found);
  const { startedAt } = pending;
  return {
    revision: pending.revision,
    status: pending.status,
    startedAt: startedAt?.toISOString() ?? null,
    seconds: startedAt ? Math.round(ageMs(found) / 1000) : null,
    actor: actor ?? null,
    url: url ?? null,
    host: host ?? null,
    deployedRevision: found.deployedRevision ?? null,
    appliedRevision: found.appliedRevision ?? null,
    runningHooks: found.runningHooks,
    process: { state: verdict.kind, sign: "sign" in verdict ? verdict.sign : null },
    missing: found.missing,
  };
}
