// What the pod of a run does: it tells that the run began, waits for Helm to end it, and tells that. What it knows stands in
// the ledger, so a container killed at any point is followed by one that goes on. Only between a message and its note in the
// ledger there is a gap: killed there, it tells the same again.
import { NotifyError } from "../domain/errors.ts";
import { changeRun, closeRun, findRun, type Ledger, openRun, type Run } from "../domain/ledger.ts";
import type { Before, PassedLock } from "../domain/message.ts";
import { createPulse, LOOK_MS, type Pulse } from "../domain/pulse.ts";
import { decodeRecord, RECORD_KEY, recordName } from "../domain/record.ts";
import { type Action, actionOf, HOOK_EVENTS } from "../domain/run.ts";
import type { Shipped } from "../domain/shipped.ts";
import { decodeTurn, lockOf, TURN_KEY, turnName } from "../domain/turn.ts";
import {
  endName,
  isAfter,
  isBegunByPlugin,
  type Part,
  runName,
  takeUpRun,
  TEXTS_KEY,
  type WatchedRun,
  watcherName,
} from "../domain/watched-run.ts";
import { type LedgerPorts, readLedger, settleLedger } from "./ledger-book.ts";
import { describe, isForbidden, isKubeTrouble, patiently, persistently } from "./patience.ts";
import type {
  Deadline,
  DeleteReplicaSet,
  ReadConfigMapAt,
  ReadReplicaSetUid,
  StoredConfigMap,
  Teller,
} from "./ports.ts";
import { isTold, type TellDeps, tellEarlier, tellRun } from "./tell.ts";

interface WatchRequest {
  readonly release: string;
  readonly namespace: string;
  /** The uid of the pod. */
  readonly pod: string;
}

export interface WatchDeps extends LedgerPorts {
  readonly readAt: ReadConfigMapAt;
  /** `texts`: the user's wording, as JSON. */
  readonly createTellers: (texts: string | undefined) => Promise<readonly Teller[]>;
  readonly readShipped: (
    run: Run,
    deadline: Deadline,
  ) => Promise<Readonly<Record<string, Shipped>>>;
  /** Ends all waiting: nothing is to be expected any more, or the pod is told to go. */
  readonly watch: Deadline;
  /** Aborted when the pod is told to go. */
  readonly stop: AbortSignal;
  /** The limit of one message, from now; what is being said when the pod is told to go is still said. */
  readonly startDeadline: () => Deadline;
  readonly now: () => Date;
  readonly warn: (line: string) => void;
}

/** The one run that a pod has to tell, and with what: the same from its beginning to its end. */
interface Duty extends WatchDeps {
  readonly release: string;
  readonly own: WatchedRun;
  readonly tellers: readonly Teller[];
  /** One for all: a plugin that was silent until its run was taken over is not waited for again. */
  readonly feelPulse: ReturnType<typeof createPulse>;
}

/** What the pod was started for, and what keeps it. */
export interface Post {
  readonly run: StoredConfigMap;
  readonly replicaSetUid: string;
}

export type PostDeps = Pick<WatchDeps, "read" | "watch" | "startDeadline" | "warn"> & {
  readonly readReplicaSetUid: ReadReplicaSetUid;
  readonly deleteReplicaSet: DeleteReplicaSet;
};

// An uninstall takes the rights away, and so does a rollback to before the snippets.
const FORBIDDEN_LOOKS = 60;
// The right to list comes with that to get, which we had: where it is missing, it stays missing.
const BEFORE_MS = 10_000;

/**
 * Finds the run to tell, however late the rights to do so come. A pod that is about to be replaced may meet the next run, and
 * tells that one then: all there is to say stands in that run's one ConfigMap.
 */
export async function findPost(release: string, deps: PostDeps): Promise<Post> {
  const find = async () => {
    // In this order: a ReplicaSet read after its run could be the next one's, which this pod must not take away.
    const replicaSetUid = await deps.readReplicaSetUid(watcherName(release), deps.watch.signal);
    const run = await deps.read(runName(release), deps.watch.signal);
    if (run === undefined || replicaSetUid === undefined) {
      throw new NotifyError("KUBE_NOT_FOUND", `there is no run of ${release} for this pod`);
    }
    return { run, replicaSetUid };
  };
  return patiently(deps.watch, find, deps.warn);
}

/** Takes away the ReplicaSet, which would start the pod anew, and with it the pod. */
export async function leavePost(release: string, post: Post, deps: PostDeps): Promise<void> {
  const name = watcherName(release);
  await persistently(deps, ({ signal }) => deps.deleteReplicaSet(name, post.replicaSetUid, signal));
}

/**
 * Tells a run from its beginning to its end, or leaves it to the plugin that does. `goes on`: all the waiting has ended, and
 * the plugin that began the run still lives. Rejects where no patience helps.
 */
export async function watchRun(
  { run: stored }: Post,
  request: WatchRequest,
  deps: WatchDeps,
): Promise<"over" | "goes on"> {
  const { release, namespace } = request;
  const [own, tellers] = await Promise.all([
    describeOwn(stored, request, deps),
    deps.createTellers(stored.data[TEXTS_KEY]),
  ]);
  const duty: Duty = { ...deps, release, own, tellers, feelPulse: createPulse() };
  const part = await waitForPart(duty);
  if (part.kind !== "ours") return part.kind === "wait" ? "goes on" : "over";
  let { run } = part;
  if (run.phase === "started" && !part.isEndMarked) run = await say(run);
  if (run.teller === own.teller) await tellEarlier(part.ledger, telling());
  if (run.phase === "started") {
    const end = await waitForEnd(run, duty);
    if (end.kind === "not ours") return "over";
    if (end.kind === "goes on") return "goes on";
    run = await close(run, end, duty);
  }
  await say(run);
  return "over";

  async function say(of: Run): Promise<Run> {
    const mine = await waitForWord(of, duty);
    return mine === undefined ? of : tellRun(mine, telling());
  }

  function telling(): TellDeps {
    const deadline = deps.startDeadline();
    return {
      release,
      namespace,
      tellers,
      amend: (change) => amend(change, duty).catch((error: unknown) => deps.warn(describe(error))),
      readShipped: (of) => deps.readShipped(of, deadline),
      deadline,
      warn: deps.warn,
    };
  }
}

async function describeOwn(
  stored: StoredConfigMap,
  { release, pod: teller }: WatchRequest,
  deps: WatchDeps,
): Promise<WatchedRun> {
  const event = HOOK_EVENTS.find((known) => known === stored.hook);
  const to = decodeRecord(stored.data[RECORD_KEY] ?? "");
  if (event === undefined || to === undefined) {
    const lack = event === undefined ? "event" : "record";
    const problem = `ConfigMap ${runName(release)} holds no ${lack} that this version can read`;
    throw new NotifyError("BAD_RECORD", problem, {
      hint: "Use the image of the same version as the library chart.",
    });
  }
  const { uid: id, resourceVersion: since, createdAt: startedAt } = stored;
  const action = actionOf(event);
  const [from, passedLock] = await Promise.all([
    readBefore(since, release, action, deps),
    readLock(stored, release, deps),
  ]);
  return { id, teller, since, startedAt, action, from, to, passedLock };
}

/** One that was there when the run began. Where it may not be read, as with the Role of an older chart, there is none. */
async function readLock(
  { resourceVersion: since, createdAt }: StoredConfigMap,
  release: string,
  { read, watch }: WatchDeps,
): Promise<PassedLock | undefined> {
  const stored = await read(turnName(release), watch.signal).catch((error: unknown) => {
    if (!isKubeTrouble(error)) throw error;
  });
  if (stored === undefined || isAfter(stored.resourceVersion, since)) return undefined;
  const lock = lockOf(decodeTurn(stored.data[TURN_KEY] ?? ""), new Date(createdAt));
  return lock && { by: lock.actor, reason: lock.reason };
}

/** What ran when Helm had applied nothing yet. */
async function readBefore(
  since: string,
  release: string,
  action: Action,
  { readAt, watch, warn }: WatchDeps,
): Promise<Before> {
  try {
    const limit = watch.sooner(BEFORE_MS);
    const stored = await patiently(limit, () => readAt(recordName(release), since, limit.signal));
    // A release without a record is one from before the snippets, not one without services.
    if (stored === undefined) return { kind: action === "install" ? "nothing" : "unknown" };
    const record = decodeRecord(stored.data[RECORD_KEY] ?? "");
    return record === undefined ? { kind: "unknown" } : { kind: "record", record };
  } catch (error) {
    if (!isKubeTrouble(error)) throw error;
    warn(`what ran before is not known: ${describe(error)}`);
    return { kind: "unknown" };
  }
}

type OwnPart = Extract<Part, { kind: "ours" }> & {
  /** Helm was faster than the pod: there is no beginning to tell any more. */
  readonly isEndMarked: boolean;
};

type FoundPart = OwnPart | Exclude<Part, { kind: "ours" }>;

/** Takes up the run in the ledger; `told` where the plugin told it, or the next run has begun. */
async function waitForPart(duty: Duty): Promise<FoundPart> {
  const { release, own, feelPulse, watch, stop, warn } = duty;
  let isAlive = false;
  while (watch.remainingMs() > 0) {
    const look = async () => {
      const { end, current } = await readMarks(duty);
      if (current?.uid !== own.id) return { kind: "told" } as const;
      const mark = end && { version: end.resourceVersion, at: end.createdAt };
      return settleLedger<FoundPart>(
        release,
        (ledger, written) => {
          const plugin = feelPulse(ledger?.run);
          const taken = takeUpRun(ledger, own, { written, end: mark, plugin });
          if (taken.kind !== "ours") return [undefined, taken];
          const isEndMarked = end !== undefined && isOwnEnd(taken.run, own, end, current);
          return [taken.ledger, { ...taken, isEndMarked }];
        },
        duty,
        watch,
      );
    };
    const part = await patiently(watch, look, warn);
    if (part.kind !== "wait") return part;
    ({ isAlive } = part);
    await watch.sleep(LOOK_MS);
  }
  return isAlive && !stop.aborted ? { kind: "wait", isAlive } : { kind: "told" };
}

/** Of two pods of one run one speaks. Where that stays silent, the other does; `undefined` where it was told to go meanwhile. */
async function waitForWord(run: Run, duty: Duty): Promise<Run | undefined> {
  const { own, tellers, watch, stop, startDeadline } = duty;
  const { teller } = own;
  // Twice what a message may take: it is written down as well.
  let looks = (2 * startDeadline().remainingMs()) / LOOK_MS;
  let heard = run;
  while (heard.teller !== undefined && heard.teller !== teller && !isTold(heard, tellers)) {
    if (stop.aborted) return undefined;
    await watch.sleep(LOOK_MS);
    const isOver = --looks <= 0;
    const claim = (of: Run): Run => ({ ...of, teller });
    const ledger = await amend(
      (before) => (isOver ? changeRun(before, run.id, claim) : before),
      duty,
    );
    heard = findRun(ledger, run.id) ?? { ...heard, teller };
  }
  return heard;
}

type End =
  | { readonly kind: "applied"; readonly at: string }
  /** The plugin wrote down how it ended. */
  | { readonly kind: "closed" }
  | { readonly kind: "not seen" }
  | { readonly kind: "goes on" }
  /** The next run has begun, nothing may be read any more, or the pod is told to go. */
  | { readonly kind: "not ours" };

async function waitForEnd(run: Run, duty: Duty): Promise<End> {
  const { feelPulse, watch, stop } = duty;
  let pulse: Pulse = "not known";
  let forbiddenLooks = 0;
  let applied: End | undefined;
  while (watch.remainingMs() > 0) {
    try {
      const { end, seen } = await lookForEnd(run, duty);
      pulse = feelPulse(seen);
      // A plugin that lives may still be at `helm test`, and says how that ended.
      const isAwaited = isBegunByPlugin(run) && pulse !== "dead";
      if (end !== undefined && !(end.kind === "applied" && isAwaited)) return end;
      applied = end;
      forbiddenLooks = 0;
    } catch (error) {
      if (!isKubeTrouble(error)) throw error;
      forbiddenLooks = isForbidden(error) ? forbiddenLooks + 1 : 0;
      if (forbiddenLooks >= FORBIDDEN_LOOKS) return { kind: "not ours" };
    }
    await watch.sleep(LOOK_MS);
  }
  if (stop.aborted) return { kind: "not ours" };
  if (pulse === "alive") return { kind: "goes on" };
  return applied ?? { kind: "not seen" };
}

interface Look {
  readonly end?: End;
  /** The run as the ledger has it now. */
  readonly seen: Run | undefined;
}

async function lookForEnd(run: Run, duty: Duty): Promise<Look> {
  const { release, own, read, watch } = duty;
  const [ledger, { end, current }] = await Promise.all([
    readLedger(release, read, watch.signal),
    readMarks(duty),
  ]);
  const seen = findRun(ledger, run.id);
  const mark = end !== undefined && isOwnEnd(run, own, end, current) ? end : undefined;
  if (mark === undefined && current?.uid !== own.id) return { seen, end: { kind: "not ours" } };
  if (seen?.phase === "ended") return { seen, end: { kind: "closed" } };
  return { seen, ...(mark && { end: { kind: "applied", at: mark.createdAt } }) };
}

/** The end first: where the run is still ours after that, so is the end. */
async function readMarks({ release, read, watch }: Duty): Promise<Marks> {
  const end = await read(endName(release), watch.signal);
  return { end, current: await read(runName(release), watch.signal) };
}

interface Marks {
  /** Made when a run has ended well; the last one stays. */
  readonly end: StoredConfigMap | undefined;
  /** Made when a run begins. */
  readonly current: StoredConfigMap | undefined;
}

function isOwnEnd(
  run: Run,
  own: WatchedRun,
  { resourceVersion: version, createdAt }: StoredConfigMap,
  current: StoredConfigMap | undefined,
): boolean {
  // Made since, too: somebody may touch the mark of the last run.
  const isMadeSince = isAfter(version, own.since) && createdAt >= own.startedAt;
  const isNextOnes =
    current !== undefined && current.uid !== own.id && isAfter(version, current.resourceVersion);
  // A run of another action is the plugin's, within which Helm goes back by itself: only the plugin knows its end.
  return run.action === own.action && isMadeSince && !isNextOnes;
}

/** Writes down how the run ended; where somebody else was first, that stays. */
async function close(run: Run, end: End, duty: Duty): Promise<Run> {
  const { own, now, warn } = duty;
  const { teller, startedAt } = own;
  const change = (stored: Run): Run => {
    // What was told may not have been written down.
    const tellings = stored.tellings ?? run.tellings;
    const of = { ...stored, ...(tellings && { tellings }) };
    if (of.phase === "ended") return of;
    if (end.kind !== "applied")
      return closeRun({ ...of, teller }, { kind: "unknown" }, now().toISOString());
    // Both by the cluster's clock: a plugin has its own.
    return closeRun({ ...of, teller, startedAt }, { kind: "applied" }, end.at);
  };
  const closeIn = (before: Ledger | undefined) =>
    // Somebody may have deleted it.
    before ? changeRun(before, run.id, change) : openRun(undefined, change(run));
  const ledger = await amend(closeIn, duty).catch((error: unknown) => {
    warn(describe(error));
  });
  return findRun(ledger ?? undefined, run.id) ?? change(run);
}

async function amend(
  change: (ledger: Ledger | undefined) => Ledger | undefined,
  duty: Duty,
): Promise<Ledger | undefined> {
  const decide = (before: Ledger | undefined) => {
    const after = change(before);
    return [after, after] as const;
  };
  return persistently(duty, (deadline) => settleLedger(duty.release, decide, duty, deadline));
}
