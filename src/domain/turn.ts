// Whose turn it is to change a release, and who has locked it. One ConfigMap a release, there only while one of both is. A
// contract between programs released apart, like the ledger.
import * as z from "zod/mini";
import { parseJson } from "./json.ts";
import type { PassedLock } from "./message.ts";
import type { Pulse } from "./pulse.ts";

const person = {
  /** As the environment of a CI says it, or the user of the machine: claimed, not proved. */
  actor: z.optional(z.string()),
  url: z.optional(z.string()),
  host: z.optional(z.string()),
};

const holder = z.object({
  ...person,
  id: z.string(),
  pid: z.optional(z.number()),
  action: z.string(),
  since: z.string(),
  /** Rises while the holder lives: a clock the other side need not share. */
  beats: z.number(),
});

const lock = z.object({
  ...person,
  reason: z.string(),
  since: z.string(),
  /** Absent: until it is unlocked. */
  until: z.optional(z.string()),
});

const turn = z.object({
  v: z.literal(1),
  holder: z.optional(holder),
  lock: z.optional(lock),
});

/** Who locks or deploys. `host` is absent in a CI, whose machines are nobody's. */
export interface Person {
  readonly actor?: string | undefined;
  readonly url?: string | undefined;
  readonly host?: string | undefined;
}
export type Holder = z.infer<typeof holder>;
export type Lock = z.infer<typeof lock>;
export type Turn = z.infer<typeof turn>;

/** Key of the text in the ConfigMap. */
export const TURN_KEY = "turn.json";

export function turnName(release: string): string {
  return `helm-notify-turn.${release}`;
}

/** `undefined` for text that this version cannot read. */
export function decodeTurn(text: string): Turn | undefined {
  return turn.safeParse(parseJson(text)).data;
}

/** Who asks for the turn, and what lets them pass a lock. */
export interface Claim {
  readonly holder: Holder;
  readonly person: Person;
  /** The turn of the process that started this one. */
  readonly within: string | undefined;
  /** Why a lock is to be passed. */
  readonly overrideReason: string | undefined;
}

export type TurnAnswer =
  /** `lock`: one that was passed; `dead`: a holder that gave no sign of life; `overtaken`: one that does. */
  | {
      readonly kind: "taken";
      readonly turn: Turn;
      readonly lock: Lock | undefined;
      readonly dead: Holder | undefined;
      readonly overtaken: Holder | undefined;
    }
  | { readonly kind: "within" }
  | { readonly kind: "locked"; readonly lock: Lock }
  | { readonly kind: "wait"; readonly holder: Holder };

/** `pulse` is the present holder's; `overtakes`: whoever is there is not waited for. */
export function askForTurn(
  present: Turn | undefined,
  claim: Claim,
  { pulse, overtakes }: { readonly pulse: Pulse; readonly overtakes: boolean },
  now: Date,
): TurnAnswer {
  const last = present?.holder;
  if (last !== undefined && last.id === claim.within) return { kind: "within" };
  const found = lockOf(present, now);
  if (found !== undefined && !mayPass(found, claim)) return { kind: "locked", lock: found };
  const isDead = pulse === "dead";
  if (last !== undefined && !isDead && !overtakes) return { kind: "wait", holder: last };
  const taken: Turn = { v: 1, holder: claim.holder, ...(found && { lock: found }) };
  const [dead, overtaken] = isDead ? [last, undefined] : [undefined, last];
  return { kind: "taken", turn: taken, lock: found, dead, overtaken };
}

/** What people are told of a lock that was passed for a reason. Nothing of one's own. */
export function passedLock(
  found: Lock | undefined,
  why: string | undefined,
): { readonly passedLock?: PassedLock } {
  if (found === undefined || why === undefined) return {};
  return { passedLock: { by: found.actor, reason: found.reason, why } };
}

/** Nothing once it has expired. */
export function lockOf(present: Turn | undefined, now: Date): Lock | undefined {
  const { lock: found } = present ?? {};
  const hasExpired = found?.until !== undefined && Date.parse(found.until) <= now.getTime();
  return hasExpired ? undefined : found;
}

/**
 * Who locked a release to have it for themselves deploys on; what a CI deploys in their name is stopped
 * (https://github.com/remind101/slashdeploy/issues/19, https://github.com/remind101/slashdeploy/issues/73).
 */
function mayPass(found: Lock, { person: { actor, host }, overrideReason }: Claim): boolean {
  if (overrideReason !== undefined) return true;
  return host !== undefined && isSamePerson(found, { actor, host });
}

export function isSamePerson(a: Person, b: Person): boolean {
  return a.actor !== undefined && a.actor === b.actor && a.host === b.host;
}

/** The same turn where it is not the holder's any more. */
export function withBeat(present: Turn | undefined, id: string): Turn | undefined {
  if (present?.holder?.id !== id) return present;
  return { ...present, holder: { ...present.holder, beats: present.holder.beats + 1 } };
}

/** The `next` one's, else nobody's; nothing where nothing is left, the same turn where it is not the holder's any more. */
export function withoutHolder(
  present: Turn | undefined,
  id: string,
  next?: Holder,
): Turn | undefined {
  if (present?.holder?.id !== id) return present;
  return next ? { ...present, holder: next } : withLock(undefined, present.lock);
}

/** The turn with that lock, or without any; nothing where nothing is left. */
export function withLock(present: Turn | undefined, next: Lock | undefined): Turn | undefined {
  const last = present?.holder;
  if (last === undefined && next === undefined) return undefined;
  return { v: 1, ...(last && { holder: last }), ...(next && { lock: next }) };
}
