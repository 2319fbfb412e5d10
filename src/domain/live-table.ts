// What runs where: every service of a deployment repository in every environment.
import { compareTags } from "./bump.ts";
import {
  type Drift,
  declaredDrift,
  imagesOf,
  type PodImage,
  runningDrift,
  type RunningImage,
} from "./drift.ts";
import { type Ledger, type Run, runsOf } from "./ledger.ts";
import type { ServiceRecord } from "./record.ts";
import type { Shipped } from "./shipped.ts";

type Services = Readonly<Record<string, ServiceRecord>>;

/** Something that was asked for, and either came or did not. */
export type Reading<T> =
  | { readonly kind: "read"; readonly value: T }
  | { readonly kind: "unreadable"; readonly reason: string };

export interface EnvironmentState {
  readonly name: string;
  readonly release: string | undefined;
  readonly promoteFrom: string | undefined;
  /** By the values file. */
  readonly declared: Reading<Services>;
  /** By the cluster's record. */
  readonly recorded: Reading<Services>;
  readonly ledger: Reading<Ledger | undefined>;
  readonly pods: Reading<readonly PodImage[]>;
}

/** When a service's tag came. */
export interface Since {
  readonly at: Date;
  /** It was there already, for how long nobody recorded. */
  readonly isAtLeast: boolean;
}

/** How a service stands to the same one in the environment it is promoted from; commits are counted where the Git host could be asked. */
export type Distance =
  | { readonly kind: "same" }
  | { readonly kind: "behind"; readonly commits?: number }
  | { readonly kind: "ahead"; readonly commits?: number }
  | { readonly kind: "diverged"; readonly behind: number; readonly ahead: number }
  /** Another one, and nothing tells which is newer. */
  | { readonly kind: "other" };

export interface LiveCell {
  readonly service: string;
  readonly environment: string;
  readonly declared: ServiceRecord | undefined;
  readonly recorded: ServiceRecord | undefined;
  readonly running: readonly RunningImage[];
  readonly since: Since | undefined;
  readonly distance: Distance | undefined;
  readonly drifts: readonly Drift[];
}

export interface LiveEnvironment {
  readonly name: string;
  readonly promoteFrom: string | undefined;
  /** Whether it is known what is deployed there. */
  readonly isReadable: boolean;
  /** What could not be read, and why. */
  readonly troubles: readonly string[];
  readonly lastRun: Run | undefined;
  /** In the order of `LiveTable.services`. */
  readonly cells: readonly LiveCell[];
}

export interface LiveTable {
  readonly services: readonly string[];
  readonly environments: readonly LiveEnvironment[];
}

/** Puts what was read of the environments together. `distances` is by environment, then by service. */
export function toLiveTable(
  services: readonly string[],
  states: readonly EnvironmentState[],
  distances: ReadonlyMap<string, ReadonlyMap<string, Distance>>,
): LiveTable {
  return {
    services,
    environments: states.map((state) => ({
      name: state.name,
      promoteFrom: state.promoteFrom,
      isReadable: state.recorded.kind === "read",
      troubles: troublesOf(state),
      lastRun: orNothing(state.ledger)?.run,
      cells: services.map((service) =>
        toCell(service, state, distances.get(state.name)?.get(service)),
      ),
    })),
  };
}

function toCell(
  service: string,
  { name, release = "", ...state }: EnvironmentState,
  distance: Distance | undefined,
): LiveCell {
  const services = orNothing(state.recorded);
  const recorded = ownOf(services, service);
  const declared = ownOf(orNothing(state.declared), service);
  const running = imagesOf(recorded, release, orNothing(state.pods) ?? []);
  return {
    service,
    environment: name,
    declared,
    recorded,
    running,
    since: recorded && sinceOf(orNothing(state.ledger), service, recorded),
    distance,
    drifts: [
      ...(services ? declaredDrift(declared, recorded) : []),
      ...(services && recorded ? runningDrift(recorded, services, running) : []),
    ],
  };
}

/** An environment whose release is not readable is said so once, not for its ledger and pods too. */
function troublesOf({ declared, recorded, ledger, pods }: EnvironmentState): readonly string[] {
  const cluster = recorded.kind === "unreadable" ? [recorded] : [ledger, pods];
  return [declared, ...cluster].flatMap((part) =>
    part.kind === "unreadable" ? [part.reason] : [],
  );
}

/** What was read, if it was. */
export function orNothing<T>(reading: Reading<T>): T | undefined {
  return reading.kind === "read" ? reading.value : undefined;
}

/** The entry of that name, and nothing that every object has. */
export function ownOf<T>(
  entries: Readonly<Record<string, T>> | undefined,
  name: string,
): T | undefined {
  return entries !== undefined && Object.hasOwn(entries, name) ? entries[name] : undefined;
}

/** By the ledger: the run that brought the present tag. One whose end put something else there brought none. */
export function sinceOf(
  ledger: Ledger | undefined,
  service: string,
  { tag }: Pick<ServiceRecord, "tag">,
): Since | undefined {
  let since: Since | undefined;
  for (const run of runsOf(ledger)) {
    const isUndone = run.outcome?.kind === "rolled-back" || run.outcome?.kind === "not-applied";
    if (isUndone) continue;
    const [from, to] = [run.from, run.to].map((record) => ownOf(record?.services, service)?.tag);
    // An older run names only what it changed.
    const isLeft = since !== undefined && run.from && run.to && (from ?? to) === undefined;
    if (to !== tag && !isLeft) break;
    const at = new Date(run.endedAt ?? run.startedAt);
    if (Number.isNaN(at.getTime())) break;
    if (run.from !== undefined && from !== to) return { at, isAtLeast: false };
    since = { at, isAtLeast: true };
    // What ran before this one is not known.
    if (run.from === undefined) break;
  }
  return since;
}

/** By what the two say of themselves. */
export function distanceOf(source: ServiceRecord, own: ServiceRecord): Distance {
  const isSameTag = source.tag === own.tag;
  if (isSameTag && !isOtherCommit(source, own)) return { kind: "same" };
  switch (compareTags(own.tag, source.tag)) {
    case "newer":
      return { kind: "behind" };
    case "older":
      return { kind: "ahead" };
    case "same":
    case "unknown":
      return { kind: "other" };
  }
}

/** By what the Git host says of the way from the own revision to that of the source. */
export function distanceBy({ direction, aheadBy, behindBy }: Shipped): Distance {
  switch (direction) {
    case "identical":
      return { kind: "same" };
    case "ahead":
      return { kind: "behind", commits: aheadBy };
    case "behind":
      return { kind: "ahead", commits: behindBy };
    case "diverged":
      return { kind: "diverged", behind: aheadBy, ahead: behindBy };
  }
}

function isOtherCommit(
  { revision: a = "" }: ServiceRecord,
  { revision: b = "" }: ServiceRecord,
): boolean {
  if (a === "" || b === "") return false;
  return !a.startsWith(b) && !b.startsWith(a);
}
