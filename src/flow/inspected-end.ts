// How a run of Helm ended, by what the release says of itself.
import { type EndedRun, endOf } from "../domain/end-of-run.ts";
import { isPending, type RevisionStatus } from "../domain/release.ts";
import { hooksOf, inPhase, isPreHook } from "../domain/release-hooks.ts";
import type { Outcome } from "../domain/run.ts";
import type { Deadline, HelmExit, Revisions, StoredRevision } from "./ports.ts";
import { orWarn } from "./warning.ts";

/** What is known of a run before it ends. */
export type OpenedRun = Pick<EndedRun, "action" | "isWaited" | "isAtomic" | "lastRevision">;

interface InspectedEnd {
  readonly outcome: Outcome;
  readonly revision?: number;
  /** Whether nobody has made another revision since. */
  readonly isNewest: boolean;
  /** The revision that failed. */
  readonly failed: StoredRevision | undefined;
  /** In whose way every other deploy is now. */
  readonly pending: RevisionStatus | undefined;
}

interface Seen {
  readonly history: readonly RevisionStatus[] | undefined;
  /** Those this run made or changed. */
  readonly stored: readonly StoredRevision[];
}

/** What the release says now that Helm has gone; a history that cannot be read is a warning. */
export async function inspectEnd(
  run: OpenedRun,
  exit: HelmExit,
  openRevisions: () => Promise<Revisions>,
  deadline: Deadline,
  warn: (line: string) => void,
): Promise<InspectedEnd> {
  const isSuccess = exit.kind === "exited" && exit.code === 0;
  const isSignalled = exit.kind === "killed" || exit.isSignalled === true;
  const read = async (): Promise<Seen> => {
    const revisions = await openRevisions();
    const history = await revisions.list(deadline.signal);
    // An uninstall makes none, and writes into the last one.
    const ours = history.filter(
      ({ revision, status }) =>
        revision > run.lastRevision || (run.action === "uninstall" && status === "uninstalling"),
    );
    const stored = isSuccess
      ? []
      : await Promise.all(ours.map(({ revision }) => revisions.read(revision, deadline.signal)));
    return { history, stored };
  };
  const { history, stored } = await orWarn(read(), { history: undefined, stored: [] }, warn);
  const find = (revision: number | undefined) =>
    stored.find(({ release }) => release.revision === revision);
  const { action, isWaited, isAtomic, lastRevision } = run;
  const end = endOf({
    action,
    isSuccess,
    isSignalled,
    isUnread: exit.kind === "killed" && exit.signal === "SIGPIPE",
    isWaited,
    isAtomic,
    lastRevision,
    history,
    descriptionOf: (revision) => find(revision)?.description,
    isAtPreHook: (revision) => {
      const running = inPhase(hooksOf(find(revision)?.content), "Running");
      return running.length > 0 && running.every(isPreHook);
    },
  });
  const last = history?.[0];
  const pending = last && isPending(last) ? last : undefined;
  const isNewest = end.revision === undefined || end.revision === last?.revision;
  return { ...end, isNewest, failed: find(end.revision ?? last?.revision), pending };
}
