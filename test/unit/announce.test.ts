import { expect, it } from "vitest";
import { announce } from "../../src/flow/announce.ts";
import type { Delivery } from "../../src/flow/ports.ts";
import { createDeadline } from "../../src/io/deadline.ts";

const PUSH = {
  images: [{ repository: "acme/api", tag: "1.4.0" }],
  source: undefined,
  revision: undefined,
  ref: undefined,
  starter: {},
};
const POSTED: Delivery = { kind: "delivered", place: { channel: "C0123456789", ts: "1.2" } };
const DELIVERED: Delivery = { kind: "delivered" };
const AWAY: Delivery = { kind: "gave-up", reason: "nobody answers" };
const REFUSED: Delivery = { kind: "refused", reason: "no", hint: "Ask." };

const unexpected = () => Promise.reject(new Error("not asked for"));

/** Announces to a Slack and a receiver that answer like this. */
async function announceTo(slack: Delivery | undefined, generic: Delivery | undefined) {
  const said: string[] = [];
  const report = await announce(
    PUSH,
    { output: "text", isStrict: true },
    {
      slack: slack && {
        knowsThreads: true,
        post: async () => slack,
        edit: unexpected,
        reply: unexpected,
      },
      sendEvent: generic && (async () => generic),
      deadline: createDeadline(1000),
      now: () => new Date(),
      newId: () => "1",
      say: (line) => void said.push(line),
    },
  );
  return { ...report, said };
}

const THREAD = "C0123456789/1.2\n";
const NOT_TOLD = "warning: not announced: nobody answers";

it.each<[string, Delivery | undefined, Delivery | undefined, object]>([
  ["to both", POSTED, DELIVERED, { exitCode: 0, text: THREAD, said: [] }],
  ["to Slack alone", POSTED, undefined, { exitCode: 0, text: THREAD, said: [] }],
  ["to a receiver alone", undefined, DELIVERED, { exitCode: 0, text: "", said: [] }],
  [
    "to Slack while the receiver is away",
    POSTED,
    AWAY,
    { exitCode: 1, text: THREAD, said: [NOT_TOLD] },
  ],
  [
    "to nobody",
    AWAY,
    REFUSED,
    { exitCode: 1, text: "", said: [NOT_TOLD, "warning: not announced: no", "hint: Ask."] },
  ],
])("announced %s", async (_, slack, generic, report) => {
  expect(await announceTo(slack, generic)).toEqual(report);
});
