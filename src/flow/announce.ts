// helm notify announce: tells that a CI has pushed images.
import type { Push } from "../domain/push.ts";
import { formatThread } from "../domain/thread.ts";
import { toPushEvent, toPushMessage } from "../render/push-message.ts";
import type { Deadline, Delivery, SendEvent, Slack } from "./ports.ts";

export interface AnnounceOptions {
  readonly output: "text" | "json";
  /** Whether a message that cannot be delivered shows in the exit status. */
  readonly isStrict: boolean;
}

export interface AnnouncePorts {
  /** At least one of these two. */
  readonly slack: Slack | undefined;
  readonly sendEvent: SendEvent | undefined;
  readonly deadline: Deadline;
  readonly now: () => Date;
  readonly newId: () => string;
  readonly say: (line: string) => void;
}

export interface AnnounceReport {
  /** For stdout: the thread, or all of it as JSON. */
  readonly text: string;
  readonly exitCode: 0 | 1;
}

/** Tells by all ways at once. The images are pushed, whatever comes of that: trouble is said, and fails only who asks for it. */
export async function announce(
  push: Push,
  { output, isStrict }: AnnounceOptions,
  { slack, sendEvent, deadline, now, newId, say }: AnnouncePorts,
): Promise<AnnounceReport> {
  const event = toPushEvent(push, newId(), now());
  const [bySlack, byEvent] = await Promise.all([
    slack?.post(toPushMessage(push), deadline),
    sendEvent?.(event, deadline),
  ]);
  const told: string[] = [];
  let isFailed = false;
  for (const [way, delivery] of Object.entries({ slack: bySlack, generic: byEvent })) {
    if (delivery?.kind === "delivered") told.push(way);
    if (delivery === undefined || delivery.kind === "delivered") continue;
    isFailed = true;
    say(`warning: not announced: ${delivery.reason}`);
    if (delivery.kind === "refused") say(`hint: ${delivery.hint}`);
  }
  const thread = threadOf(bySlack);
  const json = () => `${JSON.stringify({ ...event.data, told, thread }, null, 2)}\n`;
  const word = thread === undefined ? "" : `${thread}\n`;
  return { text: output === "json" ? json() : word, exitCode: isStrict && isFailed ? 1 : 0 };
}

function threadOf(delivery: Delivery | undefined): string | undefined {
  const place = delivery?.kind === "delivered" ? delivery.place : undefined;
  return place && formatThread(place);
}
