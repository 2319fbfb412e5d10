// What the pod of a run does: it tells that the run began, waits for Helm to end it, and tells that. What it knows stands in
// the ledger, so a container killed at any point is followed by one that goes on. Only between a message and its note in the
// ledger there is a gap: killed there, it tells the same again.
import { NotifyError } from "../domain/errors.ts";
import { changeRun, closeRun, findRun, type Ledger, type Run } from "../domain/ledger.ts";
import type { Before } from "../domain/message.ts";
import { decodeRecord, RECORD_KEY, recordName } from "../domain/record.ts";
import { type Action, HOOK_EVENTS, type HookEvent } from "../domain/run.ts";
import type { Shipped } from "../domain/shipped.ts";
import {
  endName,
  isAfter,
  isBegunByPlugin,
  runName,
  type Sight,
  takeTurn,
  TEXTS_KEY,
  type Turn,
  type WatchedRun,
  watcherName,
} from "../domain/watched-run.ts";
import { amendLedger, type LedgerPorts, settleLedger } from "./ledger-book.ts";
import type {
  Deadline,
  DeleteReplicaSet,
  ReadConfigMapAt,
  ReadReplicaSet,
  StoredConfigMap,
  Teller,
} from "./ports.ts";
import { type TellDeps, tellEarlier, tellRun } from "./tell.ts";

interface WatchRequest {
  readonly release: string;
  readonly namespace: string;
  readonly action: Action;
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

/** What the pod was started for, and what keeps it. */
export interface Post {
  readonly run: StoredConfigMap;
  readonly replicaSetUid: string;
  /** As the ReplicaSet says it: a pod that is slow to go may stand at the next run's post, and speaks of that one then. */
  readonly event: HookEvent | undefined;
}

export type PostDeps = Pick<WatchDeps, "read" | "watch" | "startDeadline"> & {
  readonly readReplicaSet: ReadReplicaSet;
  readonly deleteReplicaSet: DeleteReplicaSet;
};

const POLL_MS = 1000;
// The plugin beats every five seconds.
const PLUGIN_SILENT_LOOKS = 15;
// Helm is at its last steps when it makes the mark of a good end; the plugin that ran it knows better how it ended.
const PLUGIN_WORD_MS = 3000;
// An uninstall takes the rights away, and so does a rollback to before the snippets.
const FORBIDDEN_LOOKS = 60;
// The right to list comes with that to get, which we had: where it is missing, it stays missing.
const BEFORE_MS = 10_000;

/**
 * Finds the run that the pod was started for, however late the rights to do so come. A pod that is about to be replaced may
 * meet the next run: that one is younger than the ReplicaSet, and no business of this pod.
 */
export async function findPost(release: string, deps: PostDeps): Promise<Post> {
  return patiently(deps.watch, async () => {
    // In this order: a ReplicaSet read after its run could be the next one's.
    const replicaSet = await deps.readReplicaSet(watcherName(release), deps.watch.signal);
    const run = await deps.read(runName(release), deps.watch.signal);
    if (run === undefined || replicaSet === undefined || replicaSet.createdAt < run.createdAt) {
      throw new NotifyError("KUBE_NOT_FOUND", `there is no run of ${release} for this pod`);
    }
    const event = HOOK_EVENTS.find((known) => known === replicaSet.hook);
    return { run, replicaSetUid: replicaSet.uid, event };
  });
}

/** Takes away the ReplicaSet, which would start the pod anew, and with it the pod. */
export async function leavePost(release: string, post: Post, deps: PostDeps): Promise<void> {
  const deadline = deps.startDeadline();
  await patiently(deadline, () =>
    deps.deleteReplicaSet(watcherName(release), post.replicaSetUid, deadline.signal),
  );
}

/** Tells a run from its beginning to its end, or leaves it to the plugin that does. Rejects where no patience helps. */
export async function watchRun(
  { run: stored }: Post,
  request: WatchRequest,
  deps: WatchDeps,
): Promise<void> {
  const { release, namespace } = request;
  const [own, tellers] = await Promise.all([
    describeOwn(stored, request, deps),
    deps.createTellers(stored.data[TEXTS_KEY]),
  ]);
  const turn = await waitForTurn(own, release, deps);
  if (turn === undefined) return;
  let { run } = turn;
  if (run.phase === "started" && !turn.isEndMarked) run = await tellRun(run, telling());
  await tellEarlier(turn.ledger, telling());
  if (run.phase === "started") {
    const end = await waitForEnd(run, own, release, deps);
    if (end.kind === "not ours") return;
    run = await close(run, end, own, release, deps);
  }
  await tellRun(run, telling());

  function telling(): TellDeps {
    const deadline = deps.startDeadline();
    return {
      release,
      namespace,
      tellers,
      amend: (change) =>
        amend(release, change, deps).catch((error: unknown) => deps.warn(describe(error))),
      readShipped: (of) => deps.readShipped(of, deadline),
      deadline,
      warn: deps.warn,
    };
  }
}

async function describeOwn(
  stored: StoredConfigMap,
  { release, action }: WatchRequest,
  deps: WatchDeps,
): Promise<WatchedRun> {
  const to = decodeRecord(stored.data[RECORD_KEY] ?? "");
  if (to === undefined) {
    const problem = `ConfigMap ${runName(release)} holds no record that this version can read`;
    throw new NotifyError("BAD_RECORD", problem, {
      hint: "Use the image of the same version as the library chart.",
    });
  }
  const { uid: id, resourceVersion: since, createdAt: startedAt } = stored;
  return { id, since, startedAt, action, from: await readBefore(since, release, action, deps), to };
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

type OwnTurn = Extract<Turn, { kind: "ours" }> & {
  /** Helm was faster than the pod: there is no beginning to tell any more. */
  readonly isEndMarked: boolean;
};

/** Takes up the run in the ledger; `undefined` where the plugin tells it, or the next run has begun. */
async function waitForTurn(
  own: WatchedRun,
  release: string,
  deps: WatchDeps,
): Promise<OwnTurn | undefined> {
  const { watch } = deps;
  const feelPulse = createPulse();
  while (watch.remainingMs() > 0) {
    const turn = await patiently(watch, async () => {
      const { end, current } = await readMarks(release, deps);
      if (current?.uid !== own.id) return undefined;
      const mark = end && { version: end.resourceVersion, at: end.createdAt };
      return settleLedger<OwnTurn | Exclude<Turn, { kind: "ours" }>>(
        release,
        (ledger, version) => {
          const plugin = feelPulse(ledger?.run);
          const taken = takeTurn(ledger, own, { version, end: mark, plugin });
          if (taken.kind !== "ours") return [undefined, taken];
          const isEndMarked = end !== undefined && isOwnEnd(taken.run, own, end, current);
          return [taken.ledger, { ...taken, isEndMarked }];
        },
        deps,
        watch,
      );
    });
    if (turn === undefined || turn.kind === "told") return undefined;
    if (turn.kind === "ours") return turn;
    await watch.sleep(POLL_MS);
  }
  return undefined;
}

/** Counts looks, not time: while the API is away, a plugin's beats do not come through either. */
function createPulse(): (run: Run | undefined) => Sight["plugin"] {
  let heard = { id: "", beats: 0 };
  let silentLooks = 0;
  let hasRisen = false;
  return (run) => {
    const { id = "", beats = 0 } = run ?? {};
    const isSame = heard.id === id;
    hasRisen = isSame && (hasRisen || beats > heard.beats);
    silentLooks = isSame && beats === heard.beats ? silentLooks + 1 : 0;
    heard = { id, beats };
    if (silentLooks >= PLUGIN_SILENT_LOOKS) return "dead";
    return hasRisen ? "alive" : "not known";
  };
}

type End =
  | { readonly kind: "applied"; readonly at: string }
  /** The plugin wrote down how it ended. */
  | { readonly kind: "closed" }
  | { readonly kind: "not seen" }
  /** The next run has begun, nothing may be read any more, or the pod is told to go. */
  | { readonly kind: "not ours" };

async function waitForEnd(
  run: Run,
  own: WatchedRun,
  release: string,
  deps: WatchDeps,
): Promise<End> {
  const { watch, stop } = deps;
  let forbiddenLooks = 0;
  let applied: End | undefined;
  while (watch.remainingMs() > 0) {
    try {
      const end = await lookForEnd(run, own, release, deps);
      if (end !== undefined && end.kind !== "applied") return end;
      if (end !== undefined && (applied !== undefined || !isBegunByPlugin(run))) return end;
      applied = end;
      forbiddenLooks = 0;
    } catch (error) {
      if (!isKubeTrouble(error)) throw error;
      const isForbidden = error.code === "KUBE_FORBIDDEN" || error.code === "KUBE_UNAUTHORIZED";
      forbiddenLooks = isForbidden ? forbiddenLooks + 1 : 0;
      if (forbiddenLooks >= FORBIDDEN_LOOKS) return { kind: "not ours" };
    }
    await watch.sleep(applied === undefined ? POLL_MS : PLUGIN_WORD_MS);
  }
  return applied ?? { kind: stop.aborted ? "not ours" : "not seen" };
}

async function lookForEnd(
  run: Run,
  own: WatchedRun,
  release: string,
  deps: WatchDeps,
): Promise<End | undefined> {
  const [ledger, { end, current }] = await Promise.all([
    amendLedger(release, () => undefined, deps, deps.watch),
    readMarks(release, deps),
  ]);
  if (end !== undefined && isOwnEnd(run, own, end, current)) {
    return { kind: "applied", at: end.createdAt };
  }
  if (current?.uid !== own.id) return { kind: "not ours" };
  return findRun(ledger, run.id)?.phase === "ended" ? { kind: "closed" } : undefined;
}

/** The end first: where the run is still ours after that, so is the end. */
async function readMarks(release: string, { read, watch }: WatchDeps): Promise<Marks> {
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
async function close(
  run: Run,
  end: End,
  own: WatchedRun,
  release: string,
  deps: WatchDeps,
): Promise<Run> {
  const change = (of: Run): Run => {
    if (of.phase === "ended") return of;
    if (end.kind !== "applied") return closeRun(of, { kind: "unknown" }, deps.now().toISOString());
    // Both by the cluster's clock: a plugin has its own.
    return closeRun({ ...of, startedAt: own.startedAt }, { kind: "applied" }, end.at);
  };
  const ledger = await amend(release, (before) => changeRun(before, run.id, change), deps);
  return findRun(ledger, run.id) ?? change(run);
}

async function amend(
  release: string,
  change: (ledger: Ledger | undefined) => Ledger | undefined,
  deps: WatchDeps,
): Promise<Ledger | undefined> {
  const deadline = deps.startDeadline();
  const decide = (before: Ledger | undefined) => {
    const after = change(before);
    return [after, after] as const;
  };
  return patiently(deadline, () => settleLedger(release, decide, deps, deadline));
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

/** On an install the pod is there before its rights, and every API server learns of them in its own time. */
async function patiently<T>(limit: Deadline, attempt: () => Promise<T>): Promise<T> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayPass(error) || wait >= limit.remainingMs()) throw error;
      await limit.sleep(wait);
    }
  }
}

function mayPass(error: unknown): boolean {
  return isKubeTrouble(error) && error.code !== "KUBE_EXPIRED";
}

function isKubeTrouble(error: unknown): error is NotifyError {
  return error instanceof NotifyError && error.code.startsWith("KUBE_");
}

function describe(error: unknown): string {
  if (!(error instanceof NotifyError)) throw error;
  return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
}
