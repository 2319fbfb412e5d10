// What runs where, as people and programs read it.
import type { Drift } from "../domain/drift.ts";
import type { Distance, LiveCell, LiveEnvironment, LiveTable } from "../domain/live-table.ts";
import type { ServiceRecord } from "../domain/record.ts";
import type { Outcome } from "../domain/run.ts";
import { alignColumns, tidy } from "./columns.ts";
import { type CsvColumn, toCsv } from "./csv.ts";
import { toAge } from "./moments.ts";

const NOTHING = "-";
const REVISION_LENGTH = 7;
// sha256: and as much of it as people compare.
const DIGEST_LENGTH = 19;

/** A column an environment; below it each drift, and whatever could not be read. */
export function toLiveLines(table: LiveTable, now: Date): string[] {
  return [...toMatrix(table, now), ...toRemarks(table).map((line) => tidy(line))];
}

/** The table alone; `!` marks drift. */
export function toMatrix({ services, environments }: LiveTable, now: Date): string[] {
  return alignColumns([
    ["SERVICE", ...environments.map(({ name }) => name.toUpperCase())],
    ...services.map((service, index) => [
      service,
      ...environments.map((environment) => toCell(environment, environment.cells[index], now)),
    ]),
  ]);
}

function toCell({ isReadable }: LiveEnvironment, cell: LiveCell | undefined, now: Date): string {
  if (!isReadable || cell === undefined) return "not readable";
  const { recorded, since, distance, drifts } = cell;
  const mark = drifts.length > 0 ? "!" : "";
  if (recorded === undefined) return `${mark}${NOTHING}`;
  const revision = recorded.revision ? ` (${recorded.revision.slice(0, REVISION_LENGTH)})` : "";
  const age = since && toAge(now.getTime() - since.at.getTime());
  const details = [
    age === undefined ? "" : `${since?.isAtLeast ? "≥" : ""}${age}`,
    distance === undefined ? "" : toDistance(distance),
  ];
  return [`${mark}${recorded.tag}${revision}`, ...details.filter((text) => text !== "")].join(", ");
}

function toDistance(distance: Distance): string {
  switch (distance.kind) {
    case "same":
      return "";
    case "behind":
    case "ahead":
      return distance.commits === undefined
        ? distance.kind
        : `${distance.commits} ${distance.kind}`;
    case "diverged":
      return `${distance.behind} behind, ${distance.ahead} ahead`;
    case "other":
      return "differs";
  }
}

/** A line each: runs that are not over or did not go well, drift, what could not be read. */
export function toRemarks({ environments }: LiveTable): string[] {
  return environments.flatMap((environment) => [
    ...toRunRemarks(environment),
    ...environment.cells.flatMap(({ service, drifts }) =>
      drifts.map((drift) => `drift: ${service} in ${environment.name}: ${toDriftText(drift)}`),
    ),
    ...environment.troubles.map((trouble) => `cannot read ${environment.name}: ${trouble}`),
  ]);
}

function toRunRemarks({ name, lastRun }: LiveEnvironment): string[] {
  if (lastRun === undefined) return [];
  const { action, phase, outcome } = lastRun;
  if (phase === "started") return [`${name}: ${action} in progress`];
  const trouble = outcome && toTrouble(outcome);
  return trouble === undefined ? [] : [`${name}: the last ${action} ${trouble}`];
}

function toTrouble({ kind }: Outcome): string | undefined {
  switch (kind) {
    case "failed":
      return "failed, and what it applied is still there";
    case "interrupted":
      return "was interrupted";
    case "not-applied":
      return "failed before anything was applied";
    case "rolled-back":
      return "failed, and was rolled back";
    case "applied":
    case "rolled-out":
    case "unknown":
      return undefined;
  }
}

function toDriftText(drift: Drift): string {
  switch (drift.kind) {
    case "undeployed": {
      const { declared, recorded } = drift;
      if (recorded === undefined) return `${declared.tag} is declared, nothing is deployed`;
      const [should, is] = toDifference(declared, recorded);
      return `${should} is declared, ${is} is deployed`;
    }
    case "runs-other":
      return `pods run ${drift.tags.join(", ")}${drift.isBeside ? " too" : ""}`;
    case "not-started":
      return "pods wait with it, none runs it";
    case "moved-tag":
      return drift.digests.length > 1
        ? `its tag is ${drift.digests.length} different images: ${drift.digests.map(shortDigest).join(", ")}`
        : `pods run another image of its tag: ${drift.digests.map(shortDigest).join(", ")}`;
  }
}

/** By the first thing that differs. */
function toDifference(a: ServiceRecord, b: ServiceRecord): readonly [string, string] {
  if (a.tag !== b.tag) return [a.tag, b.tag];
  const isOtherRevision =
    a.revision !== undefined && b.revision !== undefined && a.revision !== b.revision;
  const detail = (service: ServiceRecord) =>
    isOtherRevision
      ? (service.revision?.slice(0, REVISION_LENGTH) ?? NOTHING)
      : shortDigest(service.digest ?? NOTHING);
  return [`${a.tag} (${detail(a)})`, `${b.tag} (${detail(b)})`];
}

function shortDigest(digest: string): string {
  return digest.slice(0, DIGEST_LENGTH);
}

/** A row a service and environment. */
export function toLiveCsv({ environments }: LiveTable): string {
  const rows = environments.flatMap((environment) =>
    environment.cells.map((cell) => ({ environment, cell })),
  );
  return toCsv(COLUMNS, rows);
}

const COLUMNS: readonly CsvColumn<{ environment: LiveEnvironment; cell: LiveCell }>[] = [
  ["service", ({ cell }) => cell.service],
  ["environment", ({ environment }) => environment.name],
  ["readable", ({ environment }) => environment.isReadable],
  ["tag", ({ cell }) => cell.recorded?.tag],
  ["revision", ({ cell }) => cell.recorded?.revision],
  ["digest", ({ cell }) => cell.recorded?.digest],
  ["since", ({ cell }) => cell.since?.at.toISOString()],
  ["since_is_at_least", ({ cell }) => cell.since?.isAtLeast],
  ["promoted_from", ({ environment }) => environment.promoteFrom],
  ["distance", ({ cell }) => cell.distance?.kind],
  ["behind", ({ cell }) => countsOf(cell.distance)[0]],
  ["ahead", ({ cell }) => countsOf(cell.distance)[1]],
  ["declared_tag", ({ cell }) => cell.declared?.tag],
  ["running_tags", ({ cell }) => toRunningTags(cell)],
  ["drift", ({ cell }) => cell.drifts.map(toDriftText).join("; ")],
];

function toRunningTags({ running }: LiveCell): string {
  const started = running.filter(({ isRunning }) => isRunning);
  return [...new Set(started.map(({ tag, digest }) => tag ?? digest))].join(" ");
}

/** Commits behind, and ahead. */
function countsOf(
  distance: Distance | undefined,
): readonly [number | undefined, number | undefined] {
  switch (distance?.kind) {
    case "same":
      return [0, 0];
    case "behind":
      return [distance.commits, 0];
    case "ahead":
      return [0, distance.commits];
    case "diverged":
      return [distance.behind, distance.ahead];
    case "other":
    case undefined:
      return [undefined, undefined];
  }
}

/** A contract with scripts: keys are only ever added. `null` = nothing known. */
export function toLiveJson({ environments }: LiveTable): object {
  return {
    v: 1,
    environments: environments.map(
      ({ name, promoteFrom, isReadable, troubles, lastRun, cells }) => ({
        name,
        promoteFrom: promoteFrom ?? null,
        readable: isReadable,
        troubles,
        lastRun: lastRun
          ? {
              id: lastRun.id,
              action: lastRun.action,
              startedAt: lastRun.startedAt,
              endedAt: lastRun.endedAt ?? null,
              outcome: lastRun.phase === "ended" ? (lastRun.outcome?.kind ?? "unknown") : null,
            }
          : null,
        services: cells.map((cell) => {
          const [behind, ahead] = countsOf(cell.distance);
          return {
            name: cell.service,
            declared: orNull(cell.declared),
            recorded: orNull(cell.recorded),
            running: cell.running.map(({ tag, digest, isRunning }) => ({
              tag: tag ?? null,
              digest: digest ?? null,
              running: isRunning,
            })),
            since: cell.since
              ? { at: cell.since.at.toISOString(), isAtLeast: cell.since.isAtLeast }
              : null,
            distance: cell.distance
              ? { kind: cell.distance.kind, behind: behind ?? null, ahead: ahead ?? null }
              : null,
            drift: cell.drifts.map((drift) => ({ kind: drift.kind, text: toDriftText(drift) })),
          };
        }),
      }),
    ),
  };
}

function orNull(service: ServiceRecord | undefined): object | null {
  if (service === undefined) return null;
  const { image = null, tag, digest = null, revision = null, source = null } = service;
  return { image, tag, digest, revision, source };
}
