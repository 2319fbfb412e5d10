// A run of Helm, told: written into the ledger and to people before and after, whatever becomes of it. Helm's way and its exit
// status are not touched: what goes wrong here is a warning.
import type { Cause } from "../domain/cause.ts";
import { endOf } from "../domain/end-of-run.ts";
import { NotifyError } from "../domain/errors.ts";
import {
  changeRun,
  closeRun,
  findRun,
  type Ledger,
  openRun,
  type Run,
  toFrom,
} from "../domain/ledger.ts";
import type { Before, Starter } from "../domain/message.ts";
import type { ReleaseRecord } from "../domain/record.ts";
import { redactLine } from "../domain/redact.ts";
import { isPending, type RevisionStatus } from "../domain/release.ts";
import { type Action, isGood, type Outcome } from "../domain/run.ts";
import type { Shipped } from "../domain/shipped.ts";
import { toOutcomeLines } from "../render/outcome-lines.ts";
import { toPendingHint } from "../render/pending-lines.ts";
import { amendLedger } from "./ledger-book.ts";
import type {
  Deadline,
  HelmExit,
  ReadConfigMap,
  Revisions,
  StoredRevision,
  Teller,
  WriteConfigMap,
} from "./ports.ts";
import { tellEarlier, tellRun } from "./tell.ts";

export interface PlannedRun {
  readonly action: Action;
  readonly release: string;
  readonly before: Before;
  /** Absent where nothing is left: an uninstall. */
  readonly after: ReleaseRecord | undefined;
  /** Whether Helm will wait for the rollout. */
  readonly isWaited: boolean;
  /** Whether Helm is to undo a failure. */
  readonly isAtomic: boolean;
  /** The last revision of the release; 0 where there is none. */
  readonly lastRevision: number;
  /** Whether a hook of the chart starts a pod that can tell the run in our place. */
  readonly hasPod: boolean;
  /** Whether `after` is what the chart will render; if not, its pod knows better. */
  readonly isSelfTold: boolean;
}

/** What can be done with the cluster; opened anew where a run outlasts its credentials. */
export interface ClusterPorts {
  readonly namespace: string;
  readonly read: ReadConfigMap;
  readonly write: WriteConfigMap;
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

export interface ReportPorts {
  /** `undefined` where only Helm knows the way to the cluster. */
  readonly openCluster: () => Promise<ClusterPorts | undefined>;
  readonly openRevisions: () => Promise<Revisions>;
  /** Empty where nobody can be told from here. */
  readonly openTellers: (signal: AbortSignal) => Promise<readonly Teller[]>;
  /** Fills in what the images say of themselves. */
  readonly enrich: (record: ReleaseRecord, signal: AbortSignal) => Promise<ReleaseRecord>;
  readonly readShipped: (
    run: Run,
    deadline: Deadline,
  ) => Promise<Readonly<Record<string, Shipped>>>;
  readonly starter: Starter;
  /** Where the release is, when the cluster does not say so. */
  readonly namespace: string;
  readonly createDeadline: (ms: number) => Deadline;
  /** Calls again and again; returns the end of it. */
  readonly every: (ms: number, action: () => void) => () => void;
  readonly now: () => Date;
  readonly newId: () => string;
  /** A line for the person at the terminal. */
  readonly say: (line: string) => void;
}

// Before Helm starts, and after it has ended: people wait for both.
const OPEN_MS = 5000;
const START_MS = 20_000;
const END_MS = 20_000;
// What ends CI jobs kills after ten seconds (docker stop, GitLab, GitHub).
const SIGNALLED_MS = 5000;
const CAUSE_MS = 5000;
const DESCRIPTION_LENGTH = 300;
/** The watcher takes a plugin for dead after three of these. */
const BEAT_MS = 5000;

export async function reportRun(
  plan: PlannedRun & { readonly startedAt: Date } & Pick<Run, "passedLock">,
  runHelm: (lookForCause: () => Promise<void>) => Promise<HelmExit>,
  ports: ReportPorts,
): Promise<HelmExit> {
  const warn = (line: string) => ports.say(`warning: ${line}`);
  const { startedAt } = plan;
  const opening = ports.createDeadline(OPEN_MS);
  const tellers = plan.isSelfTold ? await orWarn(ports.openTellers(opening.signal), [], warn) : [];
  // Without credentials of ours the hook's pod tells the run, and we tell it how the run ended.
  const isTold = tellers.length > 0 || plan.hasPod;
  const book = isTold ? await openBook(plan.release, ports, warn) : undefined;
  const run: Run = {
    id: ports.newId(),
    action: plan.action,
    by: tellers.length > 0 ? "plugin" : "hook",
    startedAt: startedAt.toISOString(),
    ...ports.starter,
    ...toFrom(plan.before),
    to: plan.isSelfTold ? plan.after : undefined,
    ...(plan.passedLock && { passedLock: plan.passedLock }),
    phase: "started",
  };
  const before = await book?.amend((ledger) => openRun(ledger, run), opening);
  // Beside Helm; written down with the next beat, and at the end.
  const asked = readAccount();

  const telling = (deadline: Deadline) => ({
    release: plan.release,
    namespace: book?.namespace ?? ports.namespace,
    tellers,
    amend: async (change: (ledger: Ledger | undefined) => Ledger | undefined) =>
      book?.amend(change, deadline),
    readShipped: (of: Run) => ports.readShipped(of, deadline),
    deadline,
    warn,
  });
  const announced = announce().catch((error: unknown) => {
    warn(describe(error));
    return run;
  });
  const stopBeating = ports.every(BEAT_MS, () => {
    void beat();
    void watchPods().catch(() => {});
  });
  let seenCause: Cause | undefined;
  let revisions: Revisions | undefined;
  let seenPods: Pick<Cause, "pods" | "morePods"> | undefined;
  try {
    const exit = await runHelm(lookForCause);
    await tellEndOrWarn(exit);
    return exit;
  } catch (error) {
    // Helm did not even start.
    await tellEndOrWarn({ kind: "exited", code: 1 });
    throw error;
  } finally {
    stopBeating();
  }

  async function tellEndOrWarn(ended: HelmExit): Promise<void> {
    stopBeating();
    await tellEnd(ended).catch((error: unknown) => warn(describe(error)));
  }

  async function tellEnd(ended: HelmExit): Promise<void> {
    const closing = ports.createDeadline(ended.isSignalled ? SIGNALLED_MS : END_MS);
    await book?.reopen();
    const end = await inspect(plan, ended, ports, closing, warn);
    const isFine = isGood(end.outcome);
    const found = isFine ? undefined : (seenCause ?? (await explain(end.failed, closing)));
    const isGone = found?.hook === undefined && found?.pods.length === 0;
    const cause = found && isGone ? { ...found, ...seenPods } : found;
    if (cause !== undefined) toOutcomeLines(plan.action, end.outcome, cause).forEach(ports.say);
    if (end.pending) {
      ports.say(toPendingHint(plan.release, book?.namespace ?? ports.namespace, end.pending));
    }
    const [started, account] = await Promise.all([announced, asked]);
    if (book === undefined) return;
    const to = (isFine && (await readAfter(closing))) || started.to;
    const close = ({ tellings = started.tellings, ...of }: Run): Run => ({
      ...closeRun(of, end.outcome, ports.now().toISOString(), cause),
      ...account,
      revision: end.revision,
      // A pod that took the run up read what the chart rendered.
      to: isFine || of.pod === undefined ? to : of.to,
      // What was told may not have been written down.
      ...(tellings && { tellings }),
    });
    const closed = await book.amend((ledger) => changeRun(ledger, run.id, close), closing);
    // A pod that took us for dead tells it in our place: we were cut off from the cluster, or asleep.
    if (findRun(closed, run.id)?.by === "hook") return;
    await tellRun(close(started), telling(closing));
  }

  /** What is undone leaves nothing to look at. */
  async function lookForCause(): Promise<void> {
    const deadline = ports.createDeadline(CAUSE_MS);
    const { failed } = await inspect(plan, { kind: "exited", code: 1 }, ports, deadline, warn);
    seenCause = await orWarn(explain(failed, deadline), undefined, warn);
  }

  /** The same of what Helm itself undoes, for as long as it waits. */
  async function watchPods(): Promise<void> {
    if (!plan.isAtomic) return;
    const deadline = ports.createDeadline(BEAT_MS);
    revisions ??= await ports.openRevisions();
    const [last] = await revisions.list(deadline.signal);
    if (last?.status !== `pending-${plan.action}`) return;
    const pending = await revisions.read(last.revision, deadline.signal);
    const found = await book?.cluster()?.findCause(pending, startedAt, deadline);
    // Helm marks the failure before it undoes anything.
    const [now] = await revisions.list(deadline.signal);
    if (now?.status !== last.status) return;
    // What comes up in the end was not the cause.
    seenPods = found && { pods: found.pods, morePods: found.morePods };
  }

  /** Beside Helm: nobody waits for Slack. */
  async function announce(): Promise<Run> {
    if (tellers.length === 0) return run;
    const deadline = ports.createDeadline(START_MS);
    const full = await enrichRun(run, ports, deadline);
    if (full !== run) {
      await book?.amend(
        (ledger) => changeRun(ledger, run.id, (of) => ({ ...of, from: full.from, to: full.to })),
        deadline,
      );
    }
    const told = await tellRun(full, telling(deadline));
    await tellEarlier(before && openRun(before, run), telling(deadline));
    return told;
  }

  async function beat(): Promise<void> {
    const account = await asked;
    const deadline = ports.createDeadline(BEAT_MS);
    await book?.amend(
      (ledger) => changeRun(ledger, run.id, (of) => ({ ...withBeat(of), ...account })),
      deadline,
      () => {},
    );
  }

  /** Old clusters do not say it, and a run needs no account. */
  async function readAccount(): Promise<Pick<Run, "account">> {
    const { signal } = ports.createDeadline(OPEN_MS);
    const account = await book
      ?.cluster()
      ?.readAccount(signal)
      .catch(() => undefined);
    return account === undefined ? {} : { account };
  }

  async function explain(failed: StoredRevision | undefined, deadline: Deadline): Promise<Cause> {
    const cluster = book?.cluster() ?? (await orWarn(ports.openCluster(), undefined, warn));
    // After a failed `helm test` the release itself calls the upgrade complete.
    const isSaid = failed?.description !== undefined && failed.release.status !== "deployed";
    const description = isSaid ? redactLine(failed.description, DESCRIPTION_LENGTH) : undefined;
    const question = failed && { ...failed, description };
    const found = await cluster?.findCause(question, startedAt, deadline.sooner(CAUSE_MS));
    return { pods: [], morePods: 0, events: [], missing: [], description, ...found };
  }

  /** What the chart really rendered, now that it is there. */
  async function readAfter(deadline: Deadline): Promise<ReleaseRecord | undefined> {
    if (plan.action === "uninstall") return undefined;
    const record = await book
      ?.cluster()
      ?.readRecord(deadline.signal)
      .catch(() => undefined);
    return record && ports.enrich(record, deadline.signal);
  }
}

function withBeat(run: Run): Run {
  return { ...run, beats: (run.beats ?? 0) + 1 };
}

interface Book {
  readonly namespace: string;
  readonly cluster: () => ClusterPorts | undefined;
  readonly reopen: () => Promise<void>;
  /** Returns the ledger as it was before. */
  readonly amend: (
    change: (ledger: Ledger | undefined) => Ledger | undefined,
    deadline: Deadline,
    warn?: (line: string) => void,
  ) => Promise<Ledger | undefined>;
}

/** The ledger in the cluster, and in our own memory for what cannot be kept there. */
async function openBook(
  release: string,
  ports: ReportPorts,
  warnByDefault: (line: string) => void,
): Promise<Book> {
  const open = () => orWarn(ports.openCluster(), undefined, warnByDefault);
  let cluster = await open();
  let memory: Ledger | undefined;
  return {
    namespace: cluster?.namespace ?? ports.namespace,
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
        if (!isPlaceMissing) warn(`the ledger is not kept: ${describe(error)}`);
      }
      memory = change(before) ?? before;
      return before;
    },
  };
}

interface InspectedEnd {
  readonly outcome: Outcome;
  readonly revision?: number;
  /** The revision that failed. */
  readonly failed: StoredRevision | undefined;
  /** In whose way every other deploy is now. */
  readonly pending: RevisionStatus | undefined;
}

interface Seen {
  readonly history: readonly RevisionStatus[] | undefined;
  /** Those this run made. */
  readonly stored: readonly StoredRevision[];
}

/** What the release says of itself, now that Helm has gone. */
async function inspect(
  plan: PlannedRun,
  exit: HelmExit,
  ports: ReportPorts,
  deadline: Deadline,
  warn: (line: string) => void,
): Promise<InspectedEnd> {
  const isSuccess = exit.kind === "exited" && exit.code === 0;
  const isSignalled = exit.kind === "killed" || exit.isSignalled === true;
  const read = async (): Promise<Seen> => {
    const revisions = await ports.openRevisions();
    const history = await revisions.list(deadline.signal);
    const made = history.filter(({ revision }) => revision > plan.lastRevision);
    const stored = isSuccess
      ? []
      : await Promise.all(made.map(({ revision }) => revisions.read(revision, deadline.signal)));
    return { history, stored };
  };
  const { history, stored } = await orWarn(read(), { history: undefined, stored: [] }, warn);
  const find = (revision: number | undefined) =>
    stored.find(({ release }) => release.revision === revision);
  const { action, isWaited, isAtomic, lastRevision } = plan;
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
  });
  const last = history?.[0];
  const pending = last && isPending(last) ? last : undefined;
  return { ...end, failed: find(end.revision), pending };
}

/** The same run where there is nothing to fill in. */
async function enrichRun(run: Run, ports: ReportPorts, deadline: Deadline): Promise<Run> {
  const { signal } = deadline.sooner(ENRICH_MS);
  const [from, to] = await Promise.all([
    run.from ? ports.enrich(run.from, signal) : run.from,
    run.to && ports.enrich(run.to, signal),
  ]);
  return from === run.from && to === run.to ? run : { ...run, ...(from && { from }), to };
}

// A registry that is slow costs the links, not the message.
const ENRICH_MS = 3000;

async function orWarn<T>(
  promise: Promise<T>,
  otherwise: T,
  warn: (line: string) => void,
): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    warn(describe(error));
    return otherwise;
  }
}

/** A bug of ours must not stop a deploy, nor look like a failed one. */
function describe(error: unknown): string {
  if (!(error instanceof NotifyError)) {
    return `a bug in helm-notify: ${error instanceof Error ? error.stack : String(error)}`;
  }
  return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
}
