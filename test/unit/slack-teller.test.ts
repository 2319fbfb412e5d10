import { describe, expect, it } from "vitest";
import type { Telling } from "../../src/domain/ledger.ts";
import { describeRun, type Message } from "../../src/domain/message.ts";
import type { Outcome } from "../../src/domain/run.ts";
import type { Delivery, Slack } from "../../src/flow/ports.ts";
import { createSlackTeller } from "../../src/flow/slack-teller.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { toAnnouncement, toConfirmation } from "../../src/render/block-kit.ts";
import { say } from "../../src/render/wording.ts";
import { recordOf } from "../support/records.ts";

const PLACE = { channel: "C0123456789", ts: "1.2" };
const DELIVERED: Delivery = { kind: "delivered" };
const POSTED: Delivery = { kind: "delivered", place: PLACE };
const AWAY: Delivery = { kind: "gave-up", reason: "nobody answers" };
const refused = (code: string): Delivery => ({ kind: "refused", code, reason: code, hint: "?" });

const START: Message = describeRun({
  id: "r1",
  phase: "start",
  action: "upgrade",
  release: "shop",
  namespace: "shop",
  starter: {},
  startedAt: new Date("2026-11-21T10:00:00Z"),
  shipped: {},
  isLate: false,
  before: { kind: "record", record: recordOf({ api: { tag: "1" } }) },
  after: recordOf({ api: { tag: "2" } }),
});
const endOf = (outcome: Outcome, isLate = false): Message => ({
  ...START,
  phase: "end",
  endedAt: new Date("2026-11-21T10:02:10Z"),
  outcome,
  isLate,
});
const END = endOf({ kind: "rolled-out" });
const NOTHING: Telling = {};
const STARTED: Telling = { told: "start", place: PLACE };
const STARTED_SOMEWHERE: Telling = { told: "start" };

interface Answers {
  readonly post?: Delivery;
  readonly edit?: Delivery;
  readonly reply?: Delivery;
}

/** What is asked of a Slack that answers like this, else delivers. */
async function tell(message: Message, before: Telling, answers?: Answers, knowsThreads?: boolean) {
  const { asked, teller } = tellerOf(message, answers, knowsThreads);
  return { delivery: await teller.tell(message, before, createDeadline(1000)), asked };
}

function tellerOf(message: Message, answers: Answers = {}, knowsThreads = true) {
  const asked: string[] = [];
  const contents = new Map([
    [JSON.stringify(toAnnouncement(message, say)), "whole"],
    [JSON.stringify(toConfirmation(message, say)), "short"],
  ]);
  const note = (what: string, post: unknown) =>
    void asked.push(`${what} ${contents.get(JSON.stringify(post))}`);
  const slack: Slack = {
    knowsThreads,
    post: async (post) => {
      note("post", post);
      return answers.post ?? POSTED;
    },
    edit: async (place, post) => {
      note(`edit ${place.ts}`, post);
      return answers.edit ?? POSTED;
    },
    reply: async (place, post, { isBroadcast }) => {
      note(`reply to ${place.ts}${isBroadcast ? " and the channel" : ""}`, post);
      return answers.reply ?? DELIVERED;
    },
  };
  return { asked, teller: createSlackTeller(slack, say) };
}

describe("with a bot token", () => {
  it("a run begins with a message, whose place is known from then on", async () => {
    expect(await tell(START, NOTHING)).toEqual({ asked: ["post whole"], delivery: POSTED });
  });

  it("a run ends in the same message, and a short reply notifies", async () => {
    expect(await tell(END, STARTED)).toEqual({
      asked: ["edit 1.2 whole", "reply to 1.2 short"],
      delivery: POSTED,
    });
  });

  it.each<[Outcome["kind"], boolean]>([
    ["applied", false],
    ["rolled-out", false],
    ["unknown", false],
    ["not-applied", true],
    ["failed", true],
    ["rolled-back", true],
    ["interrupted", true],
  ])("the reply to a run that ended %s: the channel sees it: %s", async (kind, isSeen) => {
    const { asked } = await tell(endOf({ kind }), STARTED);
    expect(asked[1]).toBe(`reply to 1.2${isSeen ? " and the channel" : ""} short`);
  });

  it.each([refused("is_archived"), AWAY])("a reply that fails leaves it told", async (reply) => {
    expect((await tell(END, STARTED, { reply })).delivery).toEqual(POSTED);
  });

  it.each(["message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"])(
    "where the edit is refused with %s, the whole message is a reply that the channel sees",
    async (code) => {
      expect(await tell(END, STARTED, { edit: refused(code) })).toEqual({
        asked: ["edit 1.2 whole", "reply to 1.2 and the channel whole"],
        delivery: DELIVERED,
      });
    },
  );

  it("where the thread is gone too, it is a message of its own", async () => {
    const answers = { edit: refused("message_not_found"), reply: refused("thread_not_found") };
    expect(await tell(END, STARTED, answers)).toEqual({
      asked: ["edit 1.2 whole", "reply to 1.2 and the channel whole", "post whole"],
      delivery: POSTED,
    });
  });

  it("what stands against all of them is what is said", async () => {
    const revoked = refused("token_revoked");
    const answers = { edit: revoked, reply: revoked, post: revoked };
    expect((await tell(END, STARTED, answers)).delivery).toEqual(revoked);
  });

  it("an edit that did not get through is left for later: a reply would be a second message", async () => {
    expect(await tell(END, STARTED, { edit: AWAY })).toEqual({
      asked: ["edit 1.2 whole"],
      delivery: AWAY,
    });
  });

  it("nor is a reply that did not get through made up for by a message", async () => {
    const answers = { edit: refused("edit_window_closed"), reply: AWAY };
    expect(await tell(END, STARTED, answers)).toEqual({
      asked: ["edit 1.2 whole", "reply to 1.2 and the channel whole"],
      delivery: AWAY,
    });
  });

  it("the end of a run that nobody heard of is one whole message", async () => {
    expect((await tell(END, NOTHING)).asked).toEqual(["post whole"]);
    expect((await tell(END, { trouble: "nobody answers" })).asked).toEqual(["post whole"]);
  });

  it("a late end is edited into the message it belongs to", async () => {
    const late = endOf({ kind: "unknown" }, true);
    expect((await tell(late, STARTED)).asked).toEqual(["edit 1.2 whole", "reply to 1.2 short"]);
  });

  it("a run that a webhook announced is ended with a short message", async () => {
    expect((await tell(END, STARTED_SOMEWHERE)).asked).toEqual(["post short"]);
  });
});

describe("the thread of an announcement", () => {
  const THREAD = { channel: "C9876543210", ts: "9.9" };

  it.each(["rolled-out", "failed"] as const)(
    "hears in short of a run that ended %s, the channel does not",
    async (kind) => {
      const end = endOf({ kind });
      const { asked, teller } = tellerOf(end, { reply: AWAY });
      expect(await teller.tellThread?.(THREAD, end, createDeadline(1000))).toEqual(AWAY);
      expect(asked).toEqual(["reply to 9.9 short"]);
    },
  );

  it("is nothing that a webhook knows", () => {
    expect(tellerOf(END, {}, false).teller).not.toHaveProperty("tellThread");
  });
});

describe("with a webhook", () => {
  it.each<[string, Message, Telling, string]>([
    ["a run begins with a message", START, NOTHING, "post whole"],
    ["it ends with a short one", END, STARTED_SOMEWHERE, "post short"],
    ["a place is of no use", END, STARTED, "post short"],
    [
      "an end that comes late is short too",
      endOf({ kind: "failed" }, true),
      STARTED_SOMEWHERE,
      "post short",
    ],
    ["the end of a run that nobody heard of is whole", END, NOTHING, "post whole"],
  ])("%s", async (_, message, before, asked) => {
    expect((await tell(message, before, {}, false)).asked).toEqual([asked]);
  });

  it("a refusal is passed on", async () => {
    const { delivery } = await tell(START, NOTHING, { post: refused("no_service") }, false);
    expect(delivery).toEqual(refused("no_service"));
  });
});
