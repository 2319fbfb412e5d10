// helm notify recover: ends what a killed Helm left pending. Evidence first; then the least that lets Helm work again: the
// pending revision is marked as failed. Nothing is deleted, nothing uninstalled.
import { NotifyError } from "../domain/errors.ts";
import { changeRun, type Ledger, openRun, type Run } from "../domain/ledger.ts";
import type { NotifySettings } from "../domain/notify-settings.ts";
import type { ReleaseRecord } from "../domain/record.ts";
import { isSurelyDead, recoverRun } from "../domain/recovery.ts";
import type { LiveRelease } from "../domain/release.ts";
import { toDuration } from "../render/moments.ts";
import { toPendingJson, toPendingLines } from "../render/pending-lines.ts";
import { amendLedger } from "./ledger-book.ts";
import { type Examined, examinePending, type PendingPorts } from "./pending-release.ts";
import type { Deadline, HelmExit, Teller, WriteConfigMap } from "./ports.ts";
import { recordOf, servicesOf, settingsOf } from "./release-record.ts";
import type { ReportPorts } from "./report.ts";
import { tellRun } from "./tell.ts";

export interface RecoverRequest {
  readonly release: string;
  /** After the mark: back to the last deployed revision, by the real `helm rollback`. */
  readonly isRolledBack: boolean;
  readonly isAgreed: boolean;
  /** Also where its process may be alive. */
  readonly isForced: boolean;
  readonly isDryRun: boolean;
  /** How long to wait for a living run to end by itself. */
  readonly waitMs: number;
  /** How long a Helm of which nothing else is known may take: its `--timeout`. */
  readonly timeoutMs: number;
  readonly output: "text" | "json";
}

/** What ends a pending release. */
export interface EndingPorts extends PendingPorts {
  readonly write: WriteConfigMap;
  /** `false` where the revision is not pending any more. */
  readonly markFailed: (
    revision: number,
    description: string,
    signal: AbortSignal,
  ) => Promise<boolean>;
  /** Ends the turn of a holder that is dead: nobody has to wait for it. */
  readonly endTurn: (holderId: string, signal: AbortSignal) => Promise<void>;
  /** What a run is told with, by what the values say. */
  readonly openReport: (settings: NotifySettings) => ReportPorts;
  readonly createDeadline: (ms: number) => Deadline;
  /** For stderr. */
  readonly say: (line: string) => void;
}

export interface RecoverPorts extends EndingPorts {
  readonly rollBack: (revision: number) => Promise<HelmExit>;
  /** Absent where nobody is there to be asked. */
  readonly ask: ((question: string) => Promise<string>) | undefined;
  /** For stdout. */
  readonly print: (line: string) => void;
}

/** What became of it; a contract with scripts. */
type Result =
  | "nothing pending"
  /** Nothing was done: nobody agreed. */
  | "pending"
  /** Nothing was done: its process may be alive. */
  | "refused"
  | "marked failed"
  | "rolled back"
  | "rollback failed";

/** 2 and 3 for scripts: something is pending, and nothing was done about it. */
const EXIT_CODES: Readonly<Record<Result, number>> = {
  "nothing pending": 0,
  pending: 2,
  refused: 3,
  "marked failed": 0,
  "rolled back": 0,
  "rollback failed": 1,
};

const EXAMINE_MS = 60_000;
const MARK_MS = 20_000;
const TELL_MS = 20_000;

/** The exit status. */
export async function recover(request: RecoverRequest, ports: RecoverPorts): Promise<number> {
  const { isRolledBack, output } = request;
  const print = output === "text" ? ports.print : () => {};
  const found = await examine(request, ports);
  if (found.kind === "none") {
    print(describeNothing(request.release, found));
    return finish("nothing pending");
  }
  toPendingLines(found).forEach(print);
  const { revision } = found.pending;
  if (isRolledBack && found.deployedRevision === undefined) {
    throw new NotifyError("NOTHING_DEPLOYED", `there is no deployed revision to go back to`, {
      hint: "Leave out --rollback, and deploy again with helm notify upgrade --install.",
    });
  }
  if (found.verdict.kind !== "dead" && !request.isForced) {
    print(
      `refused: it may end by itself; --wait 10m waits for that, --force marks revision ${revision} as failed all the same`,
    );
    return finish("refused");
  }
  const back = isRolledBack ? ` and roll back to revision ${found.deployedRevision}` : "";
  const act = `mark revision ${revision} as failed${back}`;
  if (request.isDryRun || !(await isAgreed(act))) {
    print(`would ${act}; nothing is deleted${request.isDryRun ? "" : ". Add --yes to do it"}`);
    return finish("pending");
  }
  if (!(await endPending(found, ports))) {
    print(`revision ${revision} is not pending any more`);
    return finish("nothing pending");
  }
  print(`revision ${revision} is marked as failed`);
  if (!isRolledBack || found.deployedRevision === undefined) {
    const install = found.deployedRevision === undefined ? " --install" : "";
    print(`deploy again: helm notify upgrade ${request.release} CHART${install}`);
    return finish("marked failed");
  }
  const exit = await ports.rollBack(found.deployedRevision);
  const isBack = exit.kind === "exited" && exit.code === 0;
  return finish(isBack ? "rolled back" : "rollback failed");

  async function isAgreed(what: string): Promise<boolean> {
    if (request.isAgreed) return true;
    const question = `${what.charAt(0).toUpperCase()}${what.slice(1)}? [y/N] `;
    return /^y(es)?$/i.test(((await ports.ask?.(question)) ?? "").trim());
  }

  function finish(result: Result): number {
    if (output === "json") {
      const pending = found.kind === "pending" ? toPendingJson(found) : null;
      const { release } = request;
      const { namespace } = ports;
      ports.print(JSON.stringify({ v: 1, release, namespace, pending, result }, null, 2));
    }
    return EXIT_CODES[result];
  }
}

type Pending = Extract<Examined, { kind: "pending" }>;

/**
 * For a deploy that finds the release pending: says what is in the way, and recovers it where that is asked for and its process
 * is surely dead. `true` where Helm will not refuse any more.
 */
export async function settlePending(
  {
    release,
    timeoutMs,
    isRecovering,
  }: Pick<RecoverRequest, "release" | "timeoutMs"> & {
    readonly isRecovering: boolean;
  },
  ports: EndingPorts,
): Promise<boolean> {
  const found = await examinePending(release, timeoutMs, ports, ports.createDeadline(EXAMINE_MS));
  if (found.kind === "none") return true;
  toPendingLines(found).forEach(ports.say);
  if (!isRecovering || !isSurelyDead(found.verdict)) return false;
  if (await endPending(found, ports)) {
    ports.say(`revision ${found.pending.revision} is marked as failed`);
  }
  return true;
}

async function examine(request: RecoverRequest, ports: EndingPorts): Promise<Examined> {
  const { release, timeoutMs, waitMs } = request;
  const limit = ports.createDeadline(waitMs);
  let saidMs = Infinity;
  for (;;) {
    const found = await examinePending(release, timeoutMs, ports, ports.createDeadline(EXAMINE_MS));
    const leftMs = limit.remainingMs();
    if (found.kind === "none" || found.verdict.kind === "dead" || leftMs === 0) return found;
    if (saidMs - leftMs >= PROGRESS_MS) {
      const { revision, status } = found.pending;
      ports.say(`waiting for revision ${revision} (${status}), ${toDuration(leftMs)} at most`);
      saidMs = leftMs;
    }
    await limit.sleep(WAIT_MS);
  }
}

const WAIT_MS = 5000;
const PROGRESS_MS = 30_000;

function describeNothing(release: string, { last }: Extract<Examined, { kind: "none" }>): string {
  return last === undefined
    ? `nothing is pending: there is no release ${release}`
    : `nothing is pending: revision ${last.revision} of ${release} is ${last.status}`;
}

/** `false` where somebody else was first. What cannot be told is a warning: the release is what counts. */
async function endPending(found: Pending, ports: EndingPorts): Promise<boolean> {
  const report = ports.openReport(settingsOf(found.stored.release));
  const by = report.starter.actor;
  const description = `Interrupted, and marked as failed by helm notify recover${by === undefined ? "" : ` (${by})`}`;
  const { revision } = found.pending;
  const { signal } = ports.createDeadline(MARK_MS);
  if (!(await ports.markFailed(revision, description, signal))) return false;
  const warn = (error: unknown) => {
    if (!(error instanceof NotifyError)) throw error;
    ports.say(`warning: ${error.message}`);
  };
  await tellRecovery(found, report, ports).catch(warn);
  const { holder, verdict } = found;
  if (holder && verdict.kind === "dead") await ports.endTurn(holder.id, signal).catch(warn);
  return true;
}

async function tellRecovery(
  found: Pending,
  report: ReportPorts,
  ports: EndingPorts,
): Promise<void> {
  const { release, namespace, pending, run } = found;
  const warn = (line: string) => ports.say(`warning: ${line}`);
  const deadline = ports.createDeadline(TELL_MS);
  const tellers = await report.openTellers(deadline.signal).catch((error: unknown) => {
    if (!(error instanceof NotifyError)) throw error;
    warn(error.message);
    return [];
  });
  // A release of which nobody is told has no ledger.
  if (run === undefined && tellers.length === 0) return;
  const of = run ?? toRun(found, report.newId());
  const { actor } = report.starter;
  const recovered = { at: ports.now().toISOString(), ...(actor !== undefined && { by: actor }) };
  const end = (open: Run) => recoverRun(open, pending.revision, recovered);
  const close = (ledger: Ledger | undefined) =>
    changeRun(ledger, of.id, end) ?? openRun(ledger, end(of));
  if (tellers.length === 0) {
    // Its pod tells the end, if that still lives, else whoever comes next.
    await amendLedger(release, close, ports, deadline);
    return;
  }
  await tellRun(end(of), {
    release,
    namespace,
    // The images' threads hear of a run once.
    tellers: tellers.map((teller) =>
      of.tellings?.[teller.name]?.told === "end" ? withoutThreads(teller) : teller,
    ),
    // At once with what was told: a pod that still watches has nothing left to tell.
    amend: (change) => amendLedger(release, (ledger) => change(close(ledger)), ports, deadline),
    readShipped: (shipping) => report.readShipped(shipping, deadline),
    deadline,
    warn,
  });
}

function withoutThreads({ name, tell }: Teller): Teller {
  return { name, tell };
}

/** A run that no ledger has. */
function toRun({ pending, stored, deployed }: Pending, id: string): Run {
  const { action, revision, startedAt = new Date(0) } = pending;
  // What failed in between may have left something else.
  const isNext = deployed?.revision === revision - 1;
  return {
    id,
    action,
    by: "plugin",
    startedAt: startedAt.toISOString(),
    revision,
    ...(action === "install" && { from: null }),
    ...(isNext && { from: knownRecord(deployed) }),
    to: knownRecord(stored.release),
    phase: "started",
  };
}

function knownRecord(release: LiveRelease): ReleaseRecord {
  return recordOf(release, servicesOf(release, undefined), settingsOf(release).environment ?? "");
}
