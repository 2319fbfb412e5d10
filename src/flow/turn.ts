// Turn-taking: of two deploys of one release by us the second one waits, and looks up what is live when the first one has ended.
// The turn is a ConfigMap, made before the look-up and deleted at the end: two requests where nobody else is there.
import { NotifyError } from "../domain/errors.ts";
import { createPulse, LOOK_MS } from "../domain/pulse.ts";
import {
  askForTurn,
  type Claim,
  decodeTurn,
  type Holder,
  type Lock,
  type Turn,
  TURN_KEY,
  type TurnAnswer,
  turnName,
  withBeat,
  withoutHolder,
} from "../domain/turn.ts";
import { toDuration } from "../render/moments.ts";
import { toHolderText, toLockText } from "../render/turn-text.ts";
import type { Deadline, ReadConfigMap } from "./ports.ts";

type Data = Readonly<Record<string, string>>;

/** ConfigMaps by name. Each rejects with a `NotifyError` of code `KUBE_…`. */
export interface TurnStore {
  readonly read: ReadConfigMap;
  /** The version made; refuses with `KUBE_CONFLICT` where there is one already. */
  readonly create: (name: string, data: Data, signal: AbortSignal) => Promise<string>;
  /** Both refuse with `KUBE_CONFLICT` where it is no longer at that version. */
  readonly change: (
    name: string,
    data: Data,
    version: string,
    signal: AbortSignal,
  ) => Promise<void>;
  readonly remove: (name: string, version: string, signal: AbortSignal) => Promise<void>;
}

export interface TurnRequest extends Claim {
  readonly release: string;
  readonly waitMs: number;
  /** What comes after that. */
  readonly after: "refuse" | "overtake";
}

export interface TurnPorts {
  /** `undefined` where only Helm knows the way to the cluster. `isAnew`: the credentials of the last one have expired. */
  readonly openStore: (isAnew: boolean) => Promise<TurnStore | undefined>;
  /** `stop` ends it early. */
  readonly createDeadline: (ms: number, stop?: AbortSignal) => Deadline;
  /** Calls again and again; returns the end of it. */
  readonly every: (ms: number, action: () => void) => () => void;
  readonly now: () => Date;
  /** A line for the person at the terminal. */
  readonly say: (line: string) => void;
}

export interface HeldTurn {
  /**
   * Waits for it; returns the lock that was passed, if any. Refuses with `LOCKED` or, after too long a wait and once it was
   * given back, with `NOT_OUR_TURN`. Where no turn can be had that is warned of, and all goes on as without.
   */
  readonly taken: () => Promise<Lock | undefined>;
  /** Who had it, and gave no sign of life. */
  readonly dead: () => Holder | undefined;
  /** It is that one's again when we end: what it left behind is still in the way, and somebody will ask who did so. */
  readonly leaveToDead: () => void;
  /** Gives it back; never rejects. */
  readonly end: () => Promise<void>;
}

const REQUEST_MS = 5000;
const BEAT_MS = 5000;
const PROGRESS_MS = 30_000;
const ATTEMPTS = 10;
const REFUSALS = ["LOCKED", "NOT_OUR_TURN"];
// The look-up, or Helm, says the same. Not found is the namespace: nothing is live in it.
const SAID_BY_OTHERS = ["KUBE_UNREACHABLE", "KUBE_UNAUTHORIZED", "KUBE_NOT_FOUND"];
// While somebody else has the turn, the API may be away for a moment.
const PASSING = ["KUBE_UNREACHABLE", "KUBE_TIMEOUT", "KUBE_FAILED", "KUBE_CONFLICT"];

/** Asks for the turn at once. */
export function takeTurn(request: TurnRequest, ports: TurnPorts): HeldTurn {
  const { release, holder } = request;
  const warn = (line: string) => ports.say(`warning: ${line}`);
  const stop = new AbortController();
  let store: TurnStore | undefined;
  /** As we made it, while nobody has touched it since. */
  let version: string | undefined;
  let isOurs = false;
  let stopBeating: (() => void) | undefined;
  let ended: Promise<void> | undefined;
  let dead: Holder | undefined;
  let heir: Holder | undefined;

  const taken = take();
  // Whoever waits for it hears of it.
  taken.catch(() => {});
  return {
    taken: async () => {
      const passed = await taken;
      if (ended) throw notOurTurn(release, holder);
      return passed;
    },
    dead: () => dead,
    leaveToDead: () => {
      heir = dead;
    },
    end: () => (ended ??= giveBack()),
  };

  async function take(): Promise<Lock | undefined> {
    try {
      // What is wrong with the way to the cluster is said by the look-up, or by Helm.
      store = await ports.openStore(false).catch(() => undefined);
      if (store === undefined || stop.signal.aborted) return undefined;
      const passed = (await makeTurn(store)) ? undefined : await waitForTurn(store);
      if (isOurs) stopBeating = ports.every(BEAT_MS, () => void beat());
      return passed;
    } catch (error) {
      if (hasCode(error, REFUSALS)) throw error;
      if (!hasCode(error, SAID_BY_OTHERS)) warn(`no turn is taken: ${describe(error)}`);
      return undefined;
    }
  }

  async function makeTurn({ create }: TurnStore): Promise<boolean> {
    // To its end, whatever ends us: else nobody would know that the turn is ours.
    const { signal } = ports.createDeadline(REQUEST_MS);
    try {
      version = await create(turnName(release), encode({ v: 1, holder }), signal);
      isOurs = true;
    } catch (error) {
      if (!hasCode(error, ["KUBE_CONFLICT"])) throw error;
    }
    return isOurs;
  }

  async function waitForTurn(from: TurnStore): Promise<Lock | undefined> {
    const deadline = ports.createDeadline(request.waitMs, stop.signal);
    const feelPulse = createPulse();
    const sayProgress = createProgress(ports);
    const ask = (present: Turn | undefined): readonly [Turn | undefined, TurnAnswer] => {
      const overtakes = request.after === "overtake" && deadline.remainingMs() === 0;
      const pulse = feelPulse(present?.holder);
      const answer = askForTurn(present, request, { pulse, overtakes }, ports.now());
      return [answer.kind === "taken" ? answer.turn : present, answer];
    };
    for (;;) {
      if (stop.signal.aborted) throw notOurTurn(release, undefined);
      const { signal } = ports.createDeadline(REQUEST_MS);
      const isLast = deadline.remainingMs() === 0;
      const answer = await settleTurn(release, ask, from, signal).catch(orPass);
      if (answer?.kind === "taken") {
        isOurs = true;
        const { lock, overtaken } = answer;
        ({ dead } = answer);
        if (dead) warn(`no sign of life of ${toHolderText(dead)}: it is not waited for`);
        if (overtaken) warn(`not waited for any longer: ${toHolderText(overtaken)}`);
        if (lock) ports.say(`${release} is locked by ${toLockText(lock)}`);
        return lock;
      }
      if (answer?.kind === "within") return undefined;
      if (answer?.kind === "locked") throw lockedError(release, answer.lock);
      if (isLast) throw notOurTurn(release, answer?.holder);
      if (answer) sayProgress(answer.holder);
      await deadline.sleep(LOOK_MS);
    }
  }

  async function beat(): Promise<void> {
    version = undefined;
    await amend((present) => withBeat(present, holder.id)).catch(() => {});
  }

  async function giveBack(): Promise<void> {
    stop.abort();
    // Nothing is taken as long as the cluster cannot be reached, and somebody may have to log in for that.
    if (store === undefined) return;
    await taken.catch(() => {});
    stopBeating?.();
    if (!isOurs) return;
    try {
      if (heir === undefined && (await removeUntouched())) return;
      await amend((present) => withoutHolder(present, holder.id, heir));
    } catch (error) {
      warn(`the turn is not given back: ${describe(error)}`);
    }
  }

  async function removeUntouched(): Promise<boolean> {
    if (store === undefined || version === undefined) return false;
    try {
      await store.remove(turnName(release), version, ports.createDeadline(REQUEST_MS).signal);
      return true;
    } catch (error) {
      if (hasCode(error, ["KUBE_CONFLICT", "KUBE_UNAUTHORIZED"])) return false;
      throw error;
    }
  }

  async function amend(change: (present: Turn | undefined) => Turn | undefined): Promise<void> {
    const decide = (present: Turn | undefined) => [change(present), undefined] as const;
    const { signal } = ports.createDeadline(REQUEST_MS);
    const attempt = async () => store && settleTurn(release, decide, store, signal);
    try {
      await attempt();
    } catch (error) {
      if (!hasCode(error, ["KUBE_UNAUTHORIZED"])) throw error;
      // A run may outlast its credentials.
      store = await ports.openStore(true);
      await attempt();
    }
  }
}

/** Writes what `decide` makes of the turn; the same turn is left alone, and nothing is deleted. */
export async function settleTurn<T>(
  release: string,
  decide: (present: Turn | undefined) => readonly [Turn | undefined, T],
  store: TurnStore,
  signal: AbortSignal,
): Promise<T> {
  const name = turnName(release);
  for (let attempt = 1; ; attempt++) {
    const stored = await store.read(name, signal);
    const before = stored && decodeStored(name, stored.data[TURN_KEY]);
    const [after, decision] = decide(before);
    if (after === before) return decision;
    try {
      if (stored === undefined) await store.create(name, encode(after), signal);
      else if (after === undefined) await store.remove(name, stored.resourceVersion, signal);
      else await store.change(name, encode(after), stored.resourceVersion, signal);
      return decision;
    } catch (error) {
      if (!hasCode(error, ["KUBE_CONFLICT"]) || attempt === ATTEMPTS) throw error;
    }
  }
}

function encode(turn: Turn | undefined): Data {
  return { [TURN_KEY]: JSON.stringify(turn) };
}

/** One that this version cannot read may be a newer one's: it is not written over. */
function decodeStored(name: string, text: string | undefined): Turn {
  const turn = decodeTurn(text ?? "");
  if (turn !== undefined) return turn;
  throw new NotifyError("TURN_UNREADABLE", `ConfigMap ${name} cannot be read`, {
    hint: "Upgrade helm-notify, or delete the ConfigMap if it was damaged.",
  });
}

/** Says whom we wait for, when that becomes another one, and once in a while that we still do. */
function createProgress({ now, say }: TurnPorts): (holder: Holder) => void {
  const startedAt = now().getTime();
  let said = { id: "", at: 0 };
  return (holder) => {
    const at = now().getTime();
    const isNew = said.id !== holder.id;
    if (!isNew && at - said.at < PROGRESS_MS) return;
    said = { id: holder.id, at };
    const waited = toDuration(at - startedAt);
    say(`waiting for our turn${waited && `, ${waited} so far`}: ${toHolderText(holder)}`);
  };
}

function lockedError(release: string, lock: Lock): NotifyError {
  return new NotifyError("LOCKED", `${release} is locked by ${toLockText(lock)}`, {
    hint: `Wait for helm notify unlock ${release}, or write --notify-override-lock REASON.`,
  });
}

function notOurTurn(release: string, holder: Holder | undefined): NotifyError {
  const problem = holder
    ? `it is still the turn of ${toHolderText(holder)}`
    : `whose turn it is at ${release} cannot be read`;
  return new NotifyError("NOT_OUR_TURN", problem, {
    hint: "Try again later, or wait longer with --notify-wait-turn 15m.",
  });
}

function orPass(error: unknown): undefined {
  if (!hasCode(error, PASSING)) throw error;
}

function hasCode(error: unknown, codes: readonly string[]): error is NotifyError {
  return error instanceof NotifyError && codes.includes(error.code);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
