// Where a run of Helm is written down: the ledger in the cluster, and our own memory for what cannot be kept there.
import type { Cause } from "../domain/cause.ts";
import { NotifyError } from "../domain/errors.ts";
import type { Ledger } from "../domain/ledger.ts";
import type { ReleaseRecord } from "../domain/record.ts";
import { amendLedger, type LedgerPorts } from "./ledger-book.ts";
import type { Deadline, StoredRevision } from "./ports.ts";
import { orWarn, toWarning } from "./warning.ts";

/** What can be done with the cluster; opened anew where a run outlasts its credentials. */
export interface ClusterPorts extends LedgerPorts {
  readonly namespace: string;
  /** Who we are to the cluster, in its own words. */
  readonly readAccount: (signal: AbortSignal) => Promise<string | undefined>;
  /** `undefined` where there is none to read. */
  readonly readRecord: (signal: AbortSignal) => Promise<ReleaseRecord | undefined>;
  readonly findCause: (
    failed: StoredRevision | undefined,
    since: Date,
    deadline: Deadline,
  ) => Promise<Cause>;
}

/** `undefined` where only Helm knows the way to the cluster. */
export type OpenCluster = () => Promise<ClusterPorts | undefined>;

export interface Book {
  readonly cluster: () => ClusterPorts | undefined;
  readonly reopen: () => Promise<void>;
  /** Returns the ledger as it was before. */
  readonly amend: (
    change: (ledger: Ledger | undefined) => Ledger | undefined,
    deadline: Deadline,
    warn?: (line: string) => void,
  ) => Promise<Ledger | undefined>;
}

/** Never rejects: a cluster or a ledger that is out of reach is a warning. */
export async function openBook(
  release: string,
  openCluster: OpenCluster,
  warnByDefault: (line: string) => void,
): Promise<Book> {
  const open = () => orWarn(openCluster(), undefined, warnByDefault);
  let cluster = await open();
  let memory: Ledger | undefined;
  return {
    cluster: () => cluster,
    reopen: async () => {
      cluster = await open();
    },
    amend: async (change, deadline, warn = warnByDefault) => {
      let before = memory;
      try {
        // One that is not there yet begins with what we know: with --create-namespace its place comes with Helm.
        const ours = memory;
        const amend = (stored: Ledger | undefined) => change(stored ?? ours);
        if (cluster) before = (await amendLedger(release, amend, cluster, deadline)) ?? ours;
      } catch (error) {
        const isPlaceMissing = error instanceof NotifyError && error.code === "KUBE_NOT_FOUND";
        if (!isPlaceMissing) warn(`the ledger is not kept: ${toWarning(error)}`);
      }
      memory = change(before) ?? before;
      return before;
    },
  };
}
