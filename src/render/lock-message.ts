// A release that was locked or unlocked, as a message.
import { isSamePerson, type Lock, type Person } from "../domain/turn.ts";
import { type BlockKit, context, toSections } from "./block-kit.ts";
import { escapeText, link, moment } from "./mrkdwn.ts";
import { nameOf } from "./turn-text.ts";

export interface LockChange {
  readonly kind: "locked" | "unlocked";
  readonly release: string;
  readonly namespace: string;
  readonly environment: string | undefined;
  readonly lock: Lock;
  /** Who did it. */
  readonly person: Person;
}

// Escaping makes a text up to five times as long; with these all of it fits a section.
const LABEL = 100;
const SHORT_LABEL = 60;
const REASON_LABEL = 300;

export function toLockMessage(change: LockChange): BlockKit {
  const { release, namespace, environment, lock, person } = change;
  const place = escapeText(environment ?? `namespace ${namespace}`, LABEL);
  const what = `*${escapeText(release, LABEL)}* in *${place}*`;
  const reason = escapeText(lock.reason, REASON_LABEL);
  const line =
    change.kind === "locked"
      ? `🔒 Locked: ${what}${untilOf(lock)}: ${reason}`
      : `🔓 Unlocked: ${what}${isSamePerson(lock, person) ? "" : `, which ${escapeText(nameOf(lock), SHORT_LABEL)} had locked`}: ${reason}`;
  const footer = [
    `by ${escapeText(nameOf(person), SHORT_LABEL)}`,
    ...(person.url === undefined ? [] : [link(person.url, "run")]),
    `namespace ${escapeText(namespace, LABEL)}`,
  ];
  return {
    text: line.replaceAll("*", "").replaceAll(/<!date\^[^|>]*\|([^>]*)>/g, "$1"),
    blocks: [...toSections([line]), context(footer.join(" · "))],
  };
}

function untilOf({ until }: Lock): string {
  return until === undefined ? "" : ` until ${moment(new Date(until))}`;
}
