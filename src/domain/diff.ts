// What a run changes, service by service.
import parseVersion from "semver/functions/parse.js";
import type { ReleaseRecord, ServiceRecord } from "./record.ts";
import { isSame } from "./source-link.ts";

interface Replaced {
  readonly name: string;
  readonly from: ServiceRecord;
  readonly to: ServiceRecord;
}

export type ServiceChange =
  /**
   * Another tag; or the same tag of another revision (`latest`), or from another repository. A downgrade by semantic version;
   * tags of another kind do not say it, nor do those of one image.
   */
  | ({ readonly kind: "changed"; readonly isDowngrade: boolean } & Replaced)
  /** The same revision under a new tag: rebuilt, or left behind beside it in the values. */
  | ({ readonly kind: "rebuilt" } & Replaced)
  /** The same tag, pointing at another image. */
  | ({ readonly kind: "digest-only" } & Replaced)
  /** The same image and source under another name; its tag may be another one too. */
  | ({ readonly kind: "renamed"; readonly fromName: string } & Replaced)
  | { readonly kind: "added"; readonly name: string; readonly to: ServiceRecord }
  | { readonly kind: "removed"; readonly name: string; readonly from: ServiceRecord };

export interface ServiceDiff {
  readonly changes: readonly ServiceChange[];
  readonly unchangedCount: number;
}

const ORDER = ["changed", "rebuilt", "digest-only", "renamed", "added", "removed"] as const;

/**
 * Lists what changes from `before` to `after`: changed services first and of these the downgrades, then by name. Everything is
 * added where nothing was before, and removed where nothing is left.
 */
export function diffServices(
  before: ReleaseRecord | undefined,
  after: ReleaseRecord | undefined,
): ServiceDiff {
  const from = new Map(Object.entries(before?.services ?? {}));
  const to = new Map(Object.entries(after?.services ?? {}));
  const names = [...new Set([...from.keys(), ...to.keys()])];
  const changes = names
    .map((name) => changeOf(name, from.get(name), to.get(name)))
    .filter((change) => change !== undefined);
  const unchangedCount = names.length - changes.length;
  return {
    changes: withRenames(changes, [...from.values()], [...to.values()]).toSorted(
      (a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1),
    ),
    unchangedCount,
  };
}

function rank(change: ServiceChange): number {
  const isDown = change.kind === "changed" && change.isDowngrade;
  return isDown ? -1 : ORDER.indexOf(change.kind);
}

function changeOf(
  name: string,
  from: ServiceRecord | undefined,
  to: ServiceRecord | undefined,
): ServiceChange | undefined {
  if (to === undefined) return from && { kind: "removed", name, from };
  if (from === undefined) return { kind: "added", name, to };
  if (from.tag !== to.tag) {
    const isKnown = from.revision !== undefined && to.revision !== undefined;
    if (isKnown && !differInRevision(from.revision, to.revision))
      return { kind: "rebuilt", name, from, to };
    const isDown = isDowngrade(from.tag, to.tag) && !isSameDigest(from, to);
    return { kind: "changed", name, from, to, isDowngrade: isDown };
  }
  if (differInRevision(from.revision, to.revision) || differ(from.image, to.image)) {
    return { kind: "changed", name, from, to, isDowngrade: false };
  }
  // A digest that comes or goes is a change too: it decides what the node pulls.
  return from.digest === to.digest ? undefined : { kind: "digest-only", name, from, to };
}

function isDowngrade(from: string, to: string): boolean {
  const [before, after] = [parseVersion(from), parseVersion(to)];
  return before !== null && after !== null && after.compare(before) < 0;
}

/** One service that went and one that came, of the same image and source, which no other has: it has a new name. */
function withRenames(
  changes: readonly ServiceChange[],
  before: readonly ServiceRecord[],
  after: readonly ServiceRecord[],
): readonly ServiceChange[] {
  const renames = changes.flatMap((gone): (ServiceChange & { kind: "renamed" })[] => {
    if (gone.kind !== "removed" || gone.from.image === undefined) return [];
    const isAlike = (service: ServiceRecord) =>
      service.image === gone.from.image && service.source === gone.from.source;
    const came = changes.find((change) => change.kind === "added" && isAlike(change.to));
    const isOnly = [before, after].every((services) => services.filter(isAlike).length === 1);
    if (came?.kind !== "added" || !isOnly) return [];
    return [
      { kind: "renamed", name: came.name, fromName: gone.name, from: gone.from, to: came.to },
    ];
  });
  const settled = new Set(renames.flatMap(({ name, fromName }) => [`+${name}`, `-${fromName}`]));
  const isLeft = ({ kind, name }: ServiceChange) =>
    !(kind === "added" && settled.has(`+${name}`)) &&
    !(kind === "removed" && settled.has(`-${name}`));
  return [...changes.filter(isLeft), ...renames];
}

/** Whether the image is the same whatever its tags: a digest decides what runs. */
export function isSameDigest(from: ServiceRecord, to: ServiceRecord): boolean {
  return to.digest !== undefined && from.digest === to.digest;
}

/** What only one record says is news about the record, not about the service. */
export function differ(from: string | undefined, to: string | undefined): boolean {
  return from !== undefined && to !== undefined && from !== to;
}

/** As `differ`; a commit may be shortened. */
export function differInRevision(from: string | undefined, to: string | undefined): boolean {
  return differ(from, to) && !isSame(from ?? "", to ?? "");
}
