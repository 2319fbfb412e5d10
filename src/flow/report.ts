// A run of Helm, told: written into the ledger and to people before and after, whatever becomes of it. Helm's way and its exit
// status are not touched: what goes wrong here is a warning.
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
import { type Action, isGood } from "../domain/run.ts";
import type { Shipped } from "../domain/shipped.ts";
import { endName, type Sight, withSeenEnd } from "../domain/watched-run.ts";
import { toOutcomeLines } from "../render/outcome-lines.ts";
import { toPendingHint } from "../render/pending-lines.ts";
import { type CausePorts, type CauseWatch, watchCause } from "./cause-watch.ts";
import { inspectEnd } from "./inspected-end.ts";
import type { Deadline, HelmExit, Teller } from "./ports.ts";
import { type Book, openBook } from "./run-book.ts";
import { type TellDeps, tellEarlier, tellRun } from "./tell.ts";
import { orWarn } from "./warning.ts";

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

export interface ReportPorts extends CausePorts {
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
  /** Calls again and again; returns the end of it. */
  readonly every: (ms: number, action: () => void) => () => void;
  readonly now: () => Date;
  readonly newId: () => string;
  /** A line for the person at the terminal. */
  readonly say: (line: string) => void;
}

type StartedRun = PlannedRun & { readonly startedAt: Date } & Pick<Run, "passedLock">;

/** A run that is told: the same from its beginning to its end. */
interface Report {
  readonly plan: StartedRun;
  readonly ports: ReportPorts;
  readonly warn: (line: string) => void;
  readonly namespace: string;
  readonly tellers: readonly Teller[];
  /** Absent where nobody is told. */
  readonly book: Book | undefined;
  /** As it began. */
  readonly run: Run;
  /** The ledger then. */
  readonly ledger: Ledger | undefined;
  /** Asked beside Helm; written down with the next beat, and at the end. */
  readonly account: Promise<Pick<Run, "account">>;
}

// Before Helm starts, and after it has ended: people wait for both.
const OPEN_MS = 5000;
const START_MS = 20_000;
const END_MS = 20_000;
// What ends CI jobs kills after ten seconds (docker stop, GitLab, GitHub).
const SIGNALLED_MS = 5000;
/** The watcher takes a plugin for dead after three of these. */
const BEAT_MS = 5000;
// A registry that is slow costs the links, not the message.
const ENRICH_MS = 3000;

/** Runs Helm and tells it; `runHelm` is handed what looks for the cause of a failure before that is undone. */
export async function reportRun(
  plan: StartedRun,
  runHelm: (lookForCause: () => Promise<void>) => Promise<HelmExit>,
  ports: ReportPorts,
): Promise<HelmExit> {
  const report = await openReport(plan, ports);
  const { book, run, warn } = report;
  const announced = orWarn(announce(report), run, warn);
  const causes = watchCause(plan, ports, book, warn);
  const stopBeating = ports.every(BEAT_MS, () => {
    void beat(report);
    causes.watchPods();
  });
  try {
    const exit = await runHelm(causes.look);
    await end(exit);
    return exit;
  } catch (error) {
    // Helm did not even start.
    await end({ kind: "exited", code: 1 });
    throw error;
  }

  async function end(exit: HelmExit): Promise<void> {
    stopBeating();
    await orWarn(close(report, exit, announced, causes), undefined, warn);
  }
}

async function openReport(plan: StartedRun, ports: ReportPorts): Promise<Report> {
  const warn = (line: string) => ports.say(`warning: ${line}`);
  const deadline = ports.createDeadline(OPEN_MS);
  const tellers = plan.isSelfTold ? await orWarn(ports.openTellers(deadline.signal), [], warn) : [];
  // Without credentials of ours the hook's pod tells the run, and we tell it how the run ended.
  const isTold = tellers.length > 0 || plan.hasPod;
  const book = isTold ? await openBook(plan.release, ports.openCluster, warn) : undefined;
  const namespace = book?.cluster()?.namespace ?? ports.namespace;
  const run: Run = {
    id: ports.newId(),
    action: plan.action,
    by: tellers.length > 0 ? "plugin" : "hook",
    startedAt: plan.startedAt.toISOString(),
    ...ports.starter,
    ...toFrom(plan.before),
    to: plan.isSelfTold ? plan.after : undefined,
    ...(plan.passedLock && { passedLock: plan.passedLock }),
    phase: "started",
  };
  const end = await readEnd(book, plan.release, deadline);
  const open = (before: Ledger | undefined) => openRun(withSeenEnd(before, end), run);
  const before = await book?.amend(open, deadline);
  const account = readAccount(book, ports);
  return { plan, ports, warn, namespace, tellers, book, run, ledger: open(before), account };
}

/** The mark of the last good end: its pod may not have come to say so. */
async function readEnd(
  book: Book | undefined,
  release: string,
  { signal }: Deadline,
): Promise<Sight["end"]> {
  const mark = await book
    ?.cluster()
    ?.read(endName(release), signal)
    .catch(() => undefined);
  return mark && { version: mark.resourceVersion, at: mark.createdAt };
}

/** Old clusters do not say it, and a run needs no account. */
async function readAccount(
  book: Book | undefined,
  ports: ReportPorts,
): Promise<Pick<Run, "account">> {
  const { signal } = ports.createDeadline(OPEN_MS);
  const account = await book
    ?.cluster()
    ?.readAccount(signal)
    .catch(() => undefined);
  return account === undefined ? {} : { account };
}

/** Beside Helm: nobody waits for Slack. */
async function announce(report: Report): Promise<Run> {
  const { ports, tellers, book, run, ledger } = report;
  if (tellers.length === 0) return run;
  const deadline = ports.createDeadline(START_MS);
  const full = await enrichRun(run, ports, deadline);
  if (full !== run) {
    await book?.amend(
      (stored) => changeRun(stored, run.id, (of) => ({ ...of, from: full.from, to: full.to })),
      deadline,
    );
  }
  const told = await tellRun(full, telling(report, deadline));
  await tellEarlier(ledger, telling(report, deadline));
  return told;
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

async function beat({ ports, book, run, account }: Report): Promise<void> {
  const known = await account;
  const deadline = ports.createDeadline(BEAT_MS);
  const change = (of: Run): Run => ({ ...of, beats: (of.beats ?? 0) + 1, ...known });
  await book?.amend(
    (ledger) => changeRun(ledger, run.id, change),
    deadline,
    () => {},
  );
}

/** `announced`: the run as far as it was told at its beginning. */
async function close(
  report: Report,
  exit: HelmExit,
  announced: Promise<Run>,
  causes: CauseWatch,
): Promise<void> {
  const { plan, ports, warn, namespace, book, run } = report;
  const deadline = ports.createDeadline(exit.isSignalled ? SIGNALLED_MS : END_MS);
  await book?.reopen();
  // Before the history: who is not in that yet had changed nothing by then.
  const rendered = await readRendered(report, deadline);
  const end = await inspectEnd(plan, exit, ports.openRevisions, deadline, warn);
  const isFine = isGood(end.outcome);
  const cause = isFine ? undefined : await causes.causeOf(end.failed, deadline);
  if (cause !== undefined) toOutcomeLines(plan.action, end.outcome, cause).forEach(ports.say);
  if (end.pending) ports.say(toPendingHint(plan.release, namespace, end.pending));
  const [started, account] = await Promise.all([announced, report.account]);
  if (book === undefined) return;
  const isOurs = isFine && end.isNewest && rendered !== undefined;
  const to = isOurs ? await ports.enrich(rendered, deadline.signal) : undefined;
  const toClosed = ({ tellings = started.tellings, ...of }: Run): Run => ({
    ...closeRun(of, end.outcome, ports.now().toISOString(), cause),
    ...account,
    revision: end.revision,
    // A pod that took the run up read what the chart rendered.
    to: to ?? (of.pod === undefined ? started.to : of.to),
    // What was told may not have been written down.
    ...(tellings && { tellings }),
  });
  const closed = await book.amend((ledger) => changeRun(ledger, run.id, toClosed), deadline);
  // A pod that took us for dead tells it in our place: we were cut off from the cluster, or asleep.
  if (findRun(closed, run.id)?.by === "hook") return;
  await tellRun(toClosed(started), telling(report, deadline));
}

/** What the chart really rendered, now that it is there. */
async function readRendered(
  { plan, book }: Report,
  { signal }: Deadline,
): Promise<ReleaseRecord | undefined> {
  if (plan.action === "uninstall") return undefined;
  return book
    ?.cluster()
    ?.readRecord(signal)
    .catch(() => undefined);
}

function telling(
  { plan, ports, warn, namespace, tellers, book }: Report,
  deadline: Deadline,
): TellDeps {
  return {
    release: plan.release,
    namespace,
    tellers,
    amend: async (change) => book?.amend(change, deadline),
    readShipped: (of) => ports.readShipped(of, deadline),
    deadline,
    warn,
  };
}
