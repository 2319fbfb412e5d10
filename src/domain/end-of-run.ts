// How a run of Helm ended, by its exit and the release's history: Helm's exit status alone does not say what stayed behind.
import type { Action, Outcome } from "./run.ts";
import { isPending, type RevisionStatus } from "./release.ts";

export interface EndedRun {
  readonly action: Action;
  /** Helm's exit status was 0. */
  readonly isSuccess: boolean;
  /** Told to end by a signal, or killed. */
  readonly isSignalled: boolean;
  /** Whoever read Helm's output had gone (`helm upgrade … | head`): it prints when all is done, and is killed by SIGPIPE. */
  readonly isUnread: boolean;
  /** Whether Helm waited for the rollout. */
  readonly isWaited: boolean;
  /** Helm was to undo a failure (`--rollback-on-failure`, `--atomic`). */
  readonly isAtomic: boolean;
  /** The last revision before the run; 0 where there was none. */
  readonly lastRevision: number;
  /** Now, newest first; absent where it cannot be read. */
  readonly history: readonly RevisionStatus[] | undefined;
  /** What the release's newest revisions say of themselves. */
  readonly descriptionOf: (revision: number) => string | undefined;
  /** Whether the last it says is that a hook runs, one that comes before anything is applied. */
  readonly isAtPreHook: (revision: number) => boolean;
}

/** `revision` is the one this run made, where it made one. */
export function endOf(run: EndedRun): { readonly outcome: Outcome; readonly revision?: number } {
  const made = (run.history ?? []).filter(({ revision }) => revision > run.lastRevision);
  const first = made.at(-1);
  const revision = first && { revision: first.revision };
  const isWhole = run.isUnread && made.length === 1 && first?.status === "deployed";
  if (run.isSuccess || isWhole) {
    return { outcome: { kind: run.isWaited ? "rolled-out" : "applied" }, ...revision };
  }
  return { outcome: failureOf(run, made), ...revision };
}

function failureOf(run: EndedRun, made: readonly RevisionStatus[]): Outcome {
  const interrupted = run.isSignalled ? ({ kind: "interrupted" } as const) : undefined;
  if (run.history === undefined) return interrupted ?? { kind: "failed" };
  const [own, ...later] = made.toReversed();
  if (own === undefined) return withoutRevision(run, interrupted);
  const targetOf = ({ revision }: RevisionStatus) =>
    /^Rollback to (\d+)$/.exec(run.descriptionOf(revision) ?? "")?.[1];
  // Anything else is somebody else's, who deployed while we tested.
  const back = later.find((revision) => targetOf(revision) !== undefined);
  if (back?.status === "deployed" || back?.status === "superseded") {
    return { kind: "rolled-back", toRevision: Number(targetOf(back)) };
  }
  const last = back ?? own;
  // A Helm that fails by itself writes so down, but for a rollback, which stays pending where a hook fails.
  if (isPending(last) && run.action !== "rollback") return { kind: "interrupted" };
  if (interrupted) return interrupted;
  const description = run.descriptionOf(last.revision) ?? "";
  if (/\bcontext canceled\b/.test(description)) return { kind: "interrupted" };
  // Of a rollback whose hook failed, Helm writes down no more than that it runs.
  const isBefore = isPending(last)
    ? run.isAtPreHook(last.revision)
    : PRE_HOOK_FAILED.test(description);
  return { kind: isBefore ? "not-applied" : "failed" };
}

// https://github.com/helm/helm/blob/v3.17.2/pkg/action/upgrade.go, install.go
const PRE_HOOK_FAILED = /\bpre-\w+ hooks? failed\b|\bfailed pre-\w+:/;

/** Refused before Helm wrote anything down; or written down and taken back: a first install that was to be undone. */
function withoutRevision(run: EndedRun, interrupted: Outcome | undefined): Outcome {
  if (run.action === "uninstall") {
    const isTouched = run.history?.[0]?.status === "uninstalling" || run.history?.length === 0;
    return interrupted ?? { kind: isTouched ? "failed" : "not-applied" };
  }
  const isUndone = run.isAtomic && run.lastRevision === 0 && run.history?.length === 0;
  return interrupted ?? { kind: isUndone ? "rolled-back" : "not-applied" };
}
