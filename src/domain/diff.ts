// What a run changes, service by service.
import type { ReleaseRecord, ServiceRecord } from "./record.ts";

interface Replaced {
  readonly name: string;
  readonly from: ServiceRecord;
  readonly to: ServiceRecord;
}

export type ServiceChange =
  /** Another tag; or the same tag of another revision (`latest`), or from another repository. */
  | ({ readonly kind: "changed" } & Replaced)
  /** The same revision under a new tag: no code changed. */
  | ({ readonly kind: "rebuilt" } & Replaced)
  /** The same tag, pointing at another image. */
  | ({ readonly kind: "digest-only" } & Replaced)
  | { readonly kind: "added"; readonly name: string; readonly to: ServiceRecord }
  | { readonly kind: "removed"; readonly name: string; readonly from: ServiceRecord };

export interface ServiceDiff {
  readonly changes: readonly ServiceChange[];
  readonly unchangedCount: number;
}

const ORDER = ["changed", "rebuilt", "digest-only", "added", "removed"] as const;

/** Lists what changes from `before` to `after`: changed services first, then by name. Everything is added where nothing was before. */
export function diffServices(before: ReleaseRecord | undefined, after: ReleaseRecord): ServiceDiff {
  const from = new Map(Object.entries(before?.services ?? {}));
  const to = new Map(Object.entries(after.services));
  const names = [...new Set([...from.keys(), ...to.keys()])];
  const changes = names
    .map((name) => changeOf(name, from.get(name), to.get(name)))
    .filter((change) => change !== undefined);
  return {
    changes: changes.toSorted(
      (a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) || (a.name < b.name ? -1 : 1),
    ),
    unchangedCount: names.length - changes.length,
  };
}

function changeOf(
  name: string,
  from: ServiceRecord | undefined,
  to: ServiceRecord | undefined,
): ServiceChange | undefined {
  if (to === undefined) return from && { kind: "removed", name, from };
  if (from === undefined) return { kind: "added", name, to };
  if (from.tag !== to.tag) {
    const isRebuilt = to.revision !== undefined && from.revision === to.revision;
    return { kind: isRebuilt ? "rebuilt" : "changed", name, from, to };
  }
  if (differ(from.revision, to.revision) || differ(from.image, to.image)) {
    return { kind: "changed", name, from, to };
  }
  // A digest that comes or goes is a change too: it decides what the node pulls.
  return from.digest === to.digest ? undefined : { kind: "digest-only", name, from, to };
}

/** What only one record says is news about the record, not about the service. */
export function differ(from: string | undefined, to: string | undefined): boolean {
  return from !== undefined && to !== undefined && from !== to;
}
