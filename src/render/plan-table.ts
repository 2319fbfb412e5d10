// A plan as people read it in a terminal.
import type { Deployed, Origin, ServicePlan } from "../domain/carry.ts";
import type { LiveRelease, RevisionStatus } from "../domain/release.ts";
import type { Path } from "../domain/values.ts";
import { alignColumns } from "./columns.ts";

export interface PlanView {
  readonly release: string | undefined;
  readonly live: LiveRelease | undefined;
  /** The last revision, where it is not the live one. */
  readonly newer: RevisionStatus | undefined;
  readonly services: readonly ServicePlan[];
  readonly originOf: (path: Path) => string | undefined;
}

const GIT_REVISION = /^[0-9a-f]{12,64}$/;

/** A heading and one row a service: its tag, its revision, and where they come from. */
export function toPlanTable(plan: PlanView): string[] {
  const rows = plan.services.map((service) => [
    service.name,
    toTagChange(service),
    toChange(shorten(service.before.revision), shorten(service.after.revision)),
    toSource(service, plan),
  ]);
  const hasRevisions = rows.some((row) => row[2] !== NOTHING);
  const table = [["SERVICE", "TAG", "REVISION", "FROM"], ...rows];
  return [
    toHeading(plan),
    ...(rows.length > 0
      ? alignColumns(
          hasRevisions
            ? table
            : table.map(([name = "", tag = "", , from = ""]) => [name, tag, from]),
        )
      : ["no services found in the values of this chart"]),
  ];
}

function toHeading({ release, live, newer }: PlanView): string {
  if (live === undefined) {
    const past = newer && `nothing is live, revision ${newer.revision} is ${newer.status}`;
    return `${release ?? "a new release"}: ${past ?? "first install"}`;
  }
  const later =
    newer && `, revision ${newer.revision} is ${newer.status}: the cluster may run parts of it`;
  return `${live.name} in ${live.namespace}: live is revision ${live.revision} (${live.status})${later ?? ""}`;
}

const NOTHING = "-";
// sha256: and as much of it as people compare.
const DIGEST_LENGTH = 19;

function toTagChange({ before, after }: ServicePlan): string {
  if (before.digest === after.digest) return toChange(before.tag, after.tag);
  return toChange(withDigest(before), withDigest(after));
}

function withDigest({ tag, digest }: Deployed): string | undefined {
  return digest === undefined ? tag : `${tag ?? ""}@${digest.slice(0, DIGEST_LENGTH)}`;
}

function toChange(before: string | undefined, after: string | undefined): string {
  if (before === undefined || before === after) return after ?? NOTHING;
  return `${before} → ${after ?? NOTHING}`;
}

const shorten = (revision: string | undefined) =>
  revision !== undefined && GIT_REVISION.test(revision) ? revision.slice(0, 7) : revision;

/** `--set`, `prod.yaml`, `live revision 41`, `chart`. */
export function toSource(service: ServicePlan, plan: PlanView): string {
  const left = service.notCarried === undefined ? "" : ` (live not carried: ${service.notCarried})`;
  return `${originText(service.origin, plan.originOf(service.path), plan.live)}${left}`;
}

function originText(
  origin: Origin,
  flag: string | undefined,
  live: LiveRelease | undefined,
): string {
  switch (origin) {
    case "explicit":
      return flag ?? "this command";
    case "live":
      return `live revision ${live?.revision ?? "?"}`;
    case "chart":
      return "chart";
    case "none":
      return NOTHING;
  }
}
