// The live release: what Helm would take as the base of an upgrade, and what happened after it.
import type { ReleaseRecord } from "./record.ts";
import type { Values } from "./values.ts";

/** One entry of a release's history, in Helm's own words: `deployed`, `failed`, `pending-upgrade`, … */
export interface RevisionStatus {
  readonly revision: number;
  readonly status: string;
}

export interface LiveRelease extends RevisionStatus {
  readonly name: string;
  readonly namespace: string;
  readonly chart: {
    readonly name: string;
    readonly version: string;
    readonly appVersion: string | undefined;
  };
  /** The chart's defaults as the release keeps them: subcharts' values stand under their names. */
  readonly chartValues: Values;
  /** What the user supplied; nulls are kept. */
  readonly config: Values;
  /** What the chart's record says of this revision; absent where the chart renders none. */
  readonly record: ReleaseRecord | undefined;
  /** What the cluster's own record says: after a failure not what this revision rendered. Absent where it was not read. */
  readonly running: ReleaseRecord | undefined;
  /** The last revision, where that is another one: its objects may run although Helm calls an older one deployed. */
  readonly newer: RevisionStatus | undefined;
}

/** `none`: nothing an upgrade could start from; `newer` then says what stands in the history all the same. */
export type LookUp =
  | { readonly kind: "none"; readonly newer: RevisionStatus | undefined }
  | { readonly kind: "live"; readonly release: LiveRelease };

/** Whether Helm refuses to work on the release until this revision is dealt with. */
export function isPending(revision: RevisionStatus): boolean {
  return revision.status.startsWith("pending-");
}

/**
 * Which revision is live by the rule of `helm upgrade --install`: the highest deployed, else the last if it failed or was
 * superseded; none once uninstalled.
 */
export function pickLive(history: readonly RevisionStatus[]): {
  readonly live: RevisionStatus | undefined;
  readonly newer: RevisionStatus | undefined;
} {
  const newestFirst = history.toSorted((a, b) => b.revision - a.revision);
  const last = newestFirst[0];
  // Helm 3 leaves an older revision `deployed` where it uninstalls (--keep-history) after a failure.
  if (last?.status === "uninstalled") return { live: undefined, newer: last };
  const isBase = last?.status === "failed" || last?.status === "superseded";
  const live =
    newestFirst.find(({ status }) => status === "deployed") ?? (isBase ? last : undefined);
  return { live, newer: live === last ? undefined : last };
}
