// Why a run fails: looked for at its end, and before where nothing is left to look at by then.
import type { Cause } from "../domain/cause.ts";
import { redactLine } from "../domain/redact.ts";
import { inspectEnd, type OpenedRun } from "./inspected-end.ts";
import type { Deadline, Revisions, StoredRevision } from "./ports.ts";
import type { Book, ClusterPorts, OpenCluster } from "./run-book.ts";
import { orWarn } from "./warning.ts";

export interface CausePorts {
  readonly openCluster: OpenCluster;
  readonly openRevisions: () => Promise<Revisions>;
  readonly createDeadline: (ms: number) => Deadline;
}

export interface CauseWatch {
  /** Before we undo what failed: that leaves nothing to look at. */
  readonly look: () => Promise<void>;
  /** The same of what Helm itself undoes: to be called again and again while it waits. One look at a time. */
  readonly watchPods: () => void;
  /** Why it failed, by all that was seen. */
  readonly causeOf: (failed: StoredRevision | undefined, deadline: Deadline) => Promise<Cause>;
}

const CAUSE_MS = 5000;
const DESCRIPTION_LENGTH = 300;

/** Looks for the cause of a run that has begun; `book` is absent where nobody is told. */
export function watchCause(
  run: OpenedRun & { readonly startedAt: Date },
  ports: CausePorts,
  book: Book | undefined,
  warn: (line: string) => void,
): CauseWatch {
  let seenCause: Cause | undefined;
  let seenPods: Pick<Cause, "pods" | "morePods"> | undefined;
  let revisions: Revisions | undefined;
  let looking: Promise<void> | undefined;

  return {
    look: async () => {
      const deadline = ports.createDeadline(CAUSE_MS);
      const exit = { kind: "exited", code: 1 } as const;
      const { failed } = await inspectEnd(run, exit, ports.openRevisions, deadline, warn);
      seenCause = await orWarn(explain(failed, deadline), undefined, warn);
    },
    watchPods: () => {
      const cluster = book?.cluster();
      if (!run.isAtomic || cluster === undefined) return;
      looking ??= lookAtPods(cluster)
        .catch(() => {})
        .finally(() => {
          looking = undefined;
        });
    },
    causeOf: async (failed, deadline) => {
      const cause = seenCause ?? (await explain(failed, deadline));
      const isGone = cause.hook === undefined && cause.pods.length === 0;
      return isGone ? { ...cause, ...seenPods } : cause;
    },
  };

  async function lookAtPods(cluster: ClusterPorts): Promise<void> {
    const deadline = ports.createDeadline(CAUSE_MS);
    revisions ??= await ports.openRevisions();
    const [last] = await revisions.list(deadline.signal);
    if (last?.status !== `pending-${run.action}`) return;
    const pending = await revisions.read(last.revision, deadline.signal);
    const { pods, morePods } = await cluster.findCause(pending, run.startedAt, deadline);
    // Helm marks the failure before it undoes anything.
    const [now] = await revisions.list(deadline.signal);
    if (now?.status !== last.status) return;
    // What comes up in the end was not the cause.
    seenPods = { pods, morePods };
  }

  async function explain(failed: StoredRevision | undefined, deadline: Deadline): Promise<Cause> {
    const cluster = book?.cluster() ?? (await orWarn(ports.openCluster(), undefined, warn));
    // After a failed `helm test` the release itself calls the upgrade complete; of an uninstall it says nothing at all.
    const isComplete = ["deployed", "superseded"].includes(failed?.release.status ?? "");
    const said = isComplete || run.action === "uninstall" ? undefined : failed?.description;
    const description = said && redactLine(said, DESCRIPTION_LENGTH);
    const question = failed && { ...failed, description };
    const found = await cluster?.findCause(question, run.startedAt, deadline.sooner(CAUSE_MS));
    return { pods: [], morePods: 0, events: [], missing: [], description, ...found };
  }
}
