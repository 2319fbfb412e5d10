// Looks at a release that is pending: who began it, and is somebody still at it? Changes nothing.
import { NotifyError } from "../domain/errors.ts";
import type { Run } from "../domain/ledger.ts";
import { createPulse, LOOK_MS, type Pulse } from "../domain/pulse.ts";
import { decodeRecord, RECORD_KEY, recordName, type ReleaseRecord } from "../domain/record.ts";
import {
  findApplied,
  findPendingRun,
  hasPulse,
  judge,
  mayHaveMade,
  type PendingRelease,
  type PendingRevision,
  toPendingRevision,
} from "../domain/recovery.ts";
import { isPending, type LiveRelease, type RevisionStatus } from "../domain/release.ts";
import { decodeTurn, type Holder, TURN_KEY, turnName } from "../domain/turn.ts";
import { readLedger } from "./ledger-book.ts";
import type { Deadline, ReadConfigMap, Revisions, StoredRevision } from "./ports.ts";

export interface PendingPorts {
  readonly namespace: string;
  readonly revisions: Revisions;
  readonly read: ReadConfigMap;
  /** Those of a revision's hooks that have a running pod: `Job migrate`. */
  readonly listRunningHooks: (
    of: StoredRevision,
    signal: AbortSignal,
  ) => Promise<readonly string[]>;
  readonly now: () => Date;
  /** The turn that we have ourselves; `dead` had it before us, and gave no sign of life. */
  readonly ownTurn?: { readonly id: string; readonly dead: Holder | undefined } | undefined;
}

export type Examined =
  /** `last`: the newest revision, if there is any. */
  | { readonly kind: "none"; readonly last: RevisionStatus | undefined }
  | ({
      readonly kind: "pending";
      readonly stored: StoredRevision;
      readonly deployed: LiveRelease | undefined;
    } & PendingRelease);

/** Listens for a plugin's beats, which takes up to 15 seconds. Rejects where the release itself cannot be read. */
export async function examinePending(
  release: string,
  timeoutMs: number,
  ports: PendingPorts,
  deadline: Deadline,
): Promise<Examined> {
  const { revisions } = ports;
  const { signal } = deadline;
  const history = await revisions.list(signal);
  const [last] = history;
  if (last === undefined || !isPending(last)) return { kind: "none", last };
  const deployedRevision = history.find(({ status }) => status === "deployed")?.revision;
  const [stored, deployed] = await Promise.all([
    revisions.read(last.revision, signal),
    deployedRevision === undefined ? undefined : revisions.read(deployedRevision, signal),
  ]);
  const pending = toPendingRevision(last, stored.startedAt);

  const missing: string[] = [];
  const orMissing = async <T>(what: string, answer: Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (!(error instanceof NotifyError)) throw error;
      missing.push(`${what}: ${error.message}`);
      return otherwise;
    }
  };
  const [runningHooks, running] = await Promise.all([
    orMissing("the hooks' pods", ports.listRunningHooks(stored, signal), []),
    orMissing("the record", readRecord(release, ports, signal), undefined),
  ]);
  // A hook that runs says enough.
  const isPatient = runningHooks.length === 0;
  const heard = await orMissing<Heard>(
    "the ledger",
    listen(release, pending, isPatient, ports, deadline),
    { run: undefined, holder: undefined, pulse: "not known" },
  );
  const [next] = await revisions.list(signal);
  if (next?.revision !== last.revision || next.status !== last.status) {
    // It ended while we looked.
    return examinePending(release, timeoutMs, ports, deadline);
  }
  const signs = { pending, ...heard, runningHooks, now: ports.now(), timeoutMs };
  const applied = findApplied(running, stored.release.record, deployed?.release.record);
  return {
    kind: "pending",
    ...signs,
    release,
    namespace: ports.namespace,
    stored,
    deployed: deployed?.release,
    deployedRevision,
    appliedRevision: applied && { pending: last.revision, deployed: deployedRevision }[applied],
    verdict: judge(signs),
    missing,
  };
}

interface Heard {
  readonly run: Run | undefined;
  readonly holder: Holder | undefined;
  readonly pulse: Pulse | undefined;
}

/** Until it is sure of whoever writes that it lives, to the ledger or to the turn. */
async function listen(
  release: string,
  pending: PendingRevision,
  isPatient: boolean,
  { read, ownTurn }: PendingPorts,
  deadline: Deadline,
): Promise<Heard> {
  const [feelRun, feelHolder] = [createPulse(), createPulse()];
  for (;;) {
    const [ledger, turn] = await Promise.all([
      readLedger(release, read, deadline.signal),
      read(turnName(release), deadline.signal),
    ]);
    const run = findPendingRun(ledger, pending);
    const found = decodeTurn(turn?.data[TURN_KEY] ?? "")?.holder;
    const isOwn = found !== undefined && found.id === ownTurn?.id;
    const holder = isOwn ? ownTurn?.dead : found;
    const pulses = [
      ...(hasPulse(run) ? [feelRun(run)] : []),
      ...(holder ? [isOwn ? "dead" : feelHolder(holder)] : []),
    ];
    if (pulses.includes("alive")) return { run, holder, pulse: "alive" };
    const isOver = !isPatient || deadline.remainingMs() === 0;
    if (isOver || !pulses.includes("not known")) {
      // The silence of somebody who came later says nothing of who began it.
      const isTelling = hasPulse(run) || (holder && mayHaveMade(holder, pending));
      return { run, holder, pulse: isTelling ? pulses[0] : undefined };
    }
    await deadline.sleep(LOOK_MS);
  }
}

async function readRecord(
  release: string,
  { read }: PendingPorts,
  signal: AbortSignal,
): Promise<ReleaseRecord | undefined> {
  const stored = await read(recordName(release), signal);
  return decodeRecord(stored?.data[RECORD_KEY] ?? "");
}
