// Who has the turn, and who has locked a release, for a terminal.
import type { Holder, Lock, Person } from "../domain/turn.ts";
import { toUtc } from "./moments.ts";

/** `jane (upgrade since 2026-11-21 12:00:05 UTC, https://ci.example.com/1)` */
export function toHolderText(holder: Holder): string {
  const place = holder.pid === undefined ? holder.host : `${holder.host}, process ${holder.pid}`;
  const details = [`${holder.action} since ${toUtc(holder.since)}`, holder.url ?? place];
  return `${nameOf(holder)} (${details.filter(Boolean).join(", ")})`;
}

/** `jane on laptop-7 since 2026-11-21 12:00:05 UTC until 2026-11-21 14:00:05 UTC: the reason` */
export function toLockText(lock: Lock): string {
  const { host, since, until, url, reason } = lock;
  return (
    [
      nameOf(lock),
      ...(host === undefined ? [] : [`on ${host}`]),
      `since ${toUtc(since)}`,
      ...(until === undefined ? [] : [`until ${toUtc(until)}`]),
      ...(url === undefined ? [] : [`(${url})`]),
    ].join(" ") + `: ${reason}`
  );
}

export function nameOf({ actor }: Person): string {
  return actor ?? "somebody";
}
