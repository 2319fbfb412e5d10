// helm notify lock and unlock: a person keeps a release for themselves, or from everybody, for a while.
import { NotifyError } from "../domain/errors.ts";
import { isSamePerson, type Lock, lockOf, type Person, withLock } from "../domain/turn.ts";
import type { LockChange } from "../render/lock-message.ts";
import { toUtc } from "../render/moments.ts";
import { toHolderText, toLockText } from "../render/turn-text.ts";
import { settleTurn, type TurnStore } from "./turn.ts";

export interface LockPorts {
  readonly store: TurnStore;
  readonly namespace: string;
  readonly person: Person;
  /** Tells people; what could not be told is said on the terminal. */
  readonly tell: (change: Pick<LockChange, "kind" | "lock">) => Promise<void>;
  readonly signal: AbortSignal;
  readonly now: Date;
  /** For stdout. */
  readonly print: (line: string) => void;
  /** For stderr. */
  readonly say: (line: string) => void;
}

export interface LockRequest {
  readonly release: string;
  readonly reason: string;
  /** Absent: until it is unlocked. */
  readonly until: Date | undefined;
}

/** One's own lock is replaced; another's is refused. */
export async function lockRelease(
  { release, reason, until }: LockRequest,
  { store, namespace, person, tell, signal, now, print, say }: LockPorts,
): Promise<void> {
  const lock: Lock = {
    ...person,
    reason,
    since: now.toISOString(),
    ...(until && { until: until.toISOString() }),
  };
  const { other, holder } = await settleTurn(
    release,
    (present) => {
      const found = lockOf(present, now);
      const isOthers = found !== undefined && !isSamePerson(found, person);
      const decision = { other: isOthers ? found : undefined, holder: present?.holder };
      return [isOthers ? present : withLock(present, lock), decision];
    },
    store,
    signal,
  );
  if (other) {
    throw new NotifyError("LOCKED", `${release} is locked by ${toLockText(other)}`, {
      hint: `Unlock it first: helm notify unlock ${release} --force.`,
    });
  }
  if (holder) say(`already under way, and not stopped: ${toHolderText(holder)}`);
  print(`locked ${release} in ${namespace}${until ? ` until ${toUtc(until.toISOString())}` : ""}`);
  await tell({ kind: "locked", lock });
}

/** `isForced`: also where somebody else locked it. */
export async function unlockRelease(
  { release, isForced }: { readonly release: string; readonly isForced: boolean },
  { store, namespace, person, tell, signal, now, print }: LockPorts,
): Promise<void> {
  const { lock, isDone } = await settleTurn(
    release,
    (present) => {
      const found = lockOf(present, now);
      const mayUnlock = found === undefined || isForced || isSamePerson(found, person);
      // One that has expired goes, too.
      const after = mayUnlock && present?.lock ? withLock(present, undefined) : present;
      return [after, { lock: found, isDone: mayUnlock }];
    },
    store,
    signal,
  );
  if (lock === undefined) {
    print(`${release} in ${namespace} is not locked`);
    return;
  }
  if (!isDone) {
    throw new NotifyError("LOCKED", `${release} is locked by ${toLockText(lock)}`, {
      hint: "Ask them, or add --force, which is announced.",
    });
  }
  print(`unlocked ${release} in ${namespace}`);
  await tell({ kind: "unlocked", lock });
}
