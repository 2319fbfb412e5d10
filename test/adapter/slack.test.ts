import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { describeRun, type Message } from "../../src/domain/message.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { Deadline, Delivery, MessagePlace, SlackPost } from "../../src/flow/ports.ts";
import { createSlackTeller } from "../../src/flow/slack-teller.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { createHttp } from "../../src/io/http.ts";
import { toAnnouncement, toConfirmation } from "../../src/render/block-kit.ts";
import { say } from "../../src/render/wording.ts";
import { createSlack, type SlackAccess } from "../../src/transport/slack.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { recordOf } from "../support/records.ts";
import {
  RATE_LIMITED,
  type SlackDouble,
  type SlackOptions,
  startSlack,
} from "../support/slack/double.ts";
import type { WebhookError } from "../support/slack/webhook.ts";

const POST: SlackPost = {
  text: "Deploying shop",
  blocks: [{ type: "section", text: { type: "mrkdwn", text: "Deploying *shop*" } }],
};

const RUN = {
  id: "r1",
  action: "upgrade",
  release: "shop",
  namespace: "shop",
  starter: {},
  startedAt: new Date("2026-11-21T10:00:00Z"),
  shipped: {},
  isLate: false,
  before: { kind: "record", record: recordOf({ api: { tag: "1" } }) },
  after: recordOf({ api: { tag: "2" } }),
} as const;
const START = describeRun({ ...RUN, phase: "start" });
const END = describeRun({
  ...RUN,
  phase: "end",
  endedAt: new Date("2026-11-21T10:02:10Z"),
  outcome: { kind: "failed" },
});

const cleanups: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function open(options: SlackOptions = {}) {
  const slack = await startSlack(options);
  const http = createHttp(options.tls ? { tls: { ca: options.tls.cert } } : {});
  cleanups.push(
    () => slack.stop(),
    () => http.close(),
  );
  return { slack, http };
}

const webhook = (slack: SlackDouble): SlackAccess => ({
  kind: "webhook",
  url: new Secret(slack.webhookUrl),
});
const bot = (slack: SlackDouble, more: object = {}): SlackAccess => ({
  kind: "bot",
  token: new Secret(slack.botToken),
  channel: "#deploys",
  apiUrl: slack.apiUrl,
  ...more,
});

function placeOf(delivery: Delivery): MessagePlace {
  if (delivery.kind !== "delivered" || !delivery.place) throw new Error("it has no place");
  return delivery.place;
}

/** Begins a run, lets something happen to its message, and ends it as failed. */
async function tellRunWhile(happen: (slack: SlackDouble, ts: string) => void) {
  const { slack, http } = await open();
  const teller = createSlackTeller(createSlack(bot(slack), http.send), say);
  const place = placeOf(await teller.tell(START, {}, patient()));
  happen(slack, place.ts);
  expect(await teller.tell(END, { told: "start", place }, patient())).toMatchObject({
    kind: "delivered",
  });
  return slack.channel();
}
const whole = (message: Message) => ({ text: toAnnouncement(message, say).text });
const short = (message: Message) => ({ text: toConfirmation(message, say).text });

/** Waits in no time, and remembers how long it was told to. */
function patient(ms = 20_000): Deadline & { waits: number[] } {
  const deadline = createDeadline(ms);
  const waits: number[] = [];
  let spent = 0;
  return {
    ...deadline,
    remainingMs: () => Math.max(0, deadline.remainingMs() - spent),
    sleep: async (sleepMs) => {
      waits.push(sleepMs);
      spent += sleepMs;
    },
    waits,
  };
}

describe("delivery to Slack", () => {
  it("a webhook gets text and blocks", async () => {
    const { slack, http } = await open();
    const delivery = await createSlack(webhook(slack), http.send).post(POST, patient());
    expect(delivery).toEqual({ kind: "delivered" });
    expect(slack.messages).toMatchObject([{ method: "webhook", ...POST }]);
  });

  it("a bot token posts to the channel, edits there, and replies in the message's thread", async () => {
    const { slack, http } = await open();
    const ours = createSlack(bot(slack, { username: "Deploys" }), http.send);
    const posted = await ours.post(POST, patient());
    const place = placeOf(posted);
    expect(place.ts).toBe(slack.messages[0]?.ts);
    expect(await ours.edit(place, { ...POST, text: "Deployed" }, patient())).toEqual(posted);
    await ours.reply(place, { ...POST, text: "in 2m" }, { isBroadcast: false }, patient());
    await ours.reply(place, { ...POST, text: "sorry" }, { isBroadcast: true }, patient());
    expect(slack.messages.map(({ payload }) => payload["username"])).toEqual([
      "Deploys",
      undefined,
      "Deploys",
      "Deploys",
    ]);
    expect(slack.channel()).toMatchObject([
      {
        channel: "#deploys",
        text: "Deployed",
        blocks: POST.blocks,
        replies: [
          { text: "in 2m", isBroadcast: false },
          { text: "sorry", isBroadcast: true },
        ],
      },
    ]);
  });

  it("a webhook says that it can neither edit nor reply, and sends nothing", async () => {
    const { slack, http } = await open();
    const { knowsThreads, edit, reply } = createSlack(webhook(slack), http.send);
    const place = { channel: "C0123456789", ts: "1.2" };
    expect(knowsThreads).toBe(false);
    expect([
      await edit(place, POST, patient()),
      await reply(place, POST, { isBroadcast: false }, patient()),
    ]).toMatchObject([{ kind: "refused" }, { kind: "refused" }]);
    expect(slack.requests).toEqual([]);
  });

  it("an address that is no URL is refused, not tried, and not shown", async () => {
    const { http } = await open();
    const url = new Secret("hooks.slack.example/services/T1/B1/xyz");
    const slack = createSlack({ kind: "webhook", url }, http.send);
    const delivery = await slack.post(POST, patient());
    expect(delivery).toMatchObject({ kind: "refused", reason: "the address of slack is no URL" });
    expect(inspect(delivery)).not.toContain("xyz");
  });

  it("HTTPS works, and a certificate nobody trusts is not asked twice", async () => {
    const { slack, http } = await open({ tls: selfSigned([], ["127.0.0.1"]) });
    const trusting = await createSlack(webhook(slack), http.send).post(POST, patient());
    expect(trusting).toEqual({ kind: "delivered" });
    const wary = createHttp();
    cleanups.push(() => wary.close());
    const deadline = patient();
    expect(await createSlack(webhook(slack), wary.send).post(POST, deadline)).toMatchObject({
      kind: "gave-up",
      reason: expect.stringContaining("no trusted TLS connection"),
    });
    expect(deadline.waits).toEqual([]);
  });

  it("the API's address may be written without a slash at its end", async () => {
    const { slack, http } = await open();
    const access = bot(slack, { apiUrl: `${slack.url}/api` });
    expect(await createSlack(access, http.send).post(POST, patient())).toMatchObject({
      kind: "delivered",
    });
  });
});

describe("one message a run", () => {
  it("is posted at its beginning and edited to its end", async () => {
    expect(await tellRunWhile(() => {})).toMatchObject([
      { ...whole(END), isEdited: true, replies: [{ ...short(END), isBroadcast: true }] },
    ]);
  });

  it("where it is too old to be edited, its end stands in the channel all the same", async () => {
    expect(await tellRunWhile((slack) => slack.closeEditWindow())).toMatchObject([
      { ...whole(START), isEdited: false, replies: [{ ...whole(END), isBroadcast: true }] },
    ]);
  });

  it("where somebody deleted it, its end is the only message", async () => {
    const channel = await tellRunWhile((slack, ts) => slack.deleteMessage(ts));
    expect(channel).toMatchObject([{ ...whole(END), replies: [] }]);
  });
});

describe("what Slack refuses is named, with what to do about it", () => {
  it.each<[WebhookError, string]>([
    ["no_service", "Make a new incoming webhook"],
    ["no_team", "Make a new incoming webhook"],
    ["invalid_token", "Make a new incoming webhook"],
    ["channel_is_archived", "not archived"],
    ["channel_not_found", "Check the channel"],
    ["action_prohibited", "administrator"],
  ])("by a webhook: %s", async (webhookError, hint) => {
    const { slack, http } = await open({ webhookError });
    expect(await createSlack(webhook(slack), http.send).post(POST, patient())).toEqual({
      kind: "refused",
      code: webhookError,
      reason: `slack refused the message: ${webhookError}`,
      hint: expect.stringContaining(hint),
    });
    expect(slack.requests).toHaveLength(1);
  });

  it.each<[string, SlackOptions, object, string]>([
    ["invalid_auth", {}, { token: new Secret("oops") }, "botToken"],
    ["token_revoked", { revokedTokens: ["xoxb-9"] }, { token: new Secret("xoxb-9") }, "botToken"],
    ["channel_not_found", { unknownChannels: ["deploys"] }, {}, "Check the channel"],
    ["not_in_channel", { uninvitedChannels: ["deploys"] }, {}, "/invite"],
    ["is_archived", { archivedChannels: ["deploys"] }, {}, "not archived"],
  ])("by the Web API: %s", async (name, options, access, hint) => {
    const { slack, http } = await open(options);
    expect(await createSlack(bot(slack, access), http.send).post(POST, patient())).toEqual({
      kind: "refused",
      code: name,
      reason: `slack refused the message: ${name}`,
      hint: expect.stringContaining(hint),
    });
    expect(slack.requests).toHaveLength(1);
  });

  it.each<[string, (slack: SlackDouble, ts: string) => void]>([
    ["message_not_found", (slack, ts) => slack.deleteMessage(ts)],
    ["edit_window_closed", (slack) => slack.closeEditWindow()],
  ])("of an edit: %s", async (code, spoil) => {
    const { slack, http } = await open();
    const ours = createSlack(bot(slack), http.send);
    const place = placeOf(await ours.post(POST, patient()));
    spoil(slack, place.ts);
    expect(await ours.edit(place, POST, patient())).toMatchObject({ kind: "refused", code });
  });

  it("a refused block is named by its place", async () => {
    const { slack, http } = await open();
    const blocks = [{ type: "section", text: { type: "mrkdwn", text: "x".repeat(3001) } }];
    const delivery = await createSlack(bot(slack), http.send).post({ ...POST, blocks }, patient());
    expect(delivery).toMatchObject({
      reason: expect.stringMatching(/invalid_blocks \(.*3001 characters.*\/blocks\/0\/text\/text/),
    });
  });

  it.each<[string, string]>([
    ["a login page", "<html>secret</html>"],
    ["something like JSON", '{"ok":"yes"}'],
    ["nothing", ""],
  ])("%s with status 200 is no success", async (_, body) => {
    const { slack, http } = await open();
    slack.addFaults({ kind: "status", status: 200, body }, { kind: "status", status: 200, body });
    for (const access of [webhook(slack), bot(slack)]) {
      const delivery = await createSlack(access, http.send).post(POST, patient());
      expect(delivery).toMatchObject({
        kind: "refused",
        reason: "what answered HTTP 200 is not Slack",
      });
    }
  });
});

/** Gives up on an answer much sooner than on the message. */
const hasty = (): Deadline => ({ ...createDeadline(1500), sooner: () => createDeadline(50) });

describe("trying again", () => {
  it("what passes is tried until it does, each time after a longer wait", async () => {
    const { slack, http } = await open();
    slack.addFaults(
      { kind: "status", status: 503 },
      { kind: "close" },
      { kind: "status", status: 200, body: '{"ok":false,"error":"internal_error"}' },
    );
    const deadline = patient();
    const delivery = await createSlack(bot(slack), http.send).post(POST, deadline);
    expect(delivery.kind).toBe("delivered");
    expect(deadline.waits).toEqual([500, 1000, 2000]);
    expect(slack.messages).toHaveLength(1);
  });

  it("an edit that failed inside Slack is tried again", async () => {
    const { slack, http } = await open();
    const ours = createSlack(bot(slack), http.send);
    const posted = await ours.post(POST, patient());
    slack.addFaults({ kind: "status", status: 200, body: '{"ok":false,"error":"update_failed"}' });
    expect(await ours.edit(placeOf(posted), POST, patient())).toEqual(posted);
  });

  it("Retry-After is honoured to the second", async () => {
    const { slack, http } = await open();
    slack.addFaults(RATE_LIMITED(7), RATE_LIMITED(3));
    const deadline = patient();
    expect(await createSlack(webhook(slack), http.send).post(POST, deadline)).toEqual({
      kind: "delivered",
    });
    expect(deadline.waits).toEqual([7000, 3000]);
  });

  it("Retry-After never makes it more hasty", async () => {
    const { slack, http } = await open();
    slack.addFaults(RATE_LIMITED(0));
    const deadline = patient();
    await createSlack(webhook(slack), http.send).post(POST, deadline);
    expect(deadline.waits).toEqual([500]);
  });

  it("a wait beyond the deadline is not begun", async () => {
    const { slack, http } = await open();
    slack.addFaults(RATE_LIMITED(60));
    const deadline = patient();
    expect(await createSlack(webhook(slack), http.send).post(POST, deadline)).toEqual({
      kind: "gave-up",
      reason: "slack limits the rate (HTTP 429)",
    });
    expect(deadline.waits).toEqual([]);
  });

  it("trouble that stays is given up with its reason", async () => {
    const { slack, http } = await open();
    slack.addFaults(...Array.from({ length: 9 }, () => ({ kind: "status", status: 502 }) as const));
    expect(await createSlack(webhook(slack), http.send).post(POST, patient())).toEqual({
      kind: "gave-up",
      reason: "slack answered HTTP 502",
    });
    expect(slack.requests.length).toBeGreaterThan(2);
  });

  it("what is not answered is not posted again, since it may stand there; an edit is made again", async () => {
    const { slack, http } = await open();
    const ours = createSlack(bot(slack), http.send);
    const place = placeOf(await ours.post(POST, patient()));
    slack.addFaults({ kind: "hang" });
    expect((await ours.edit(place, POST, hasty())).kind).toBe("delivered");
    const before = slack.requests.length;
    for (const post of [
      () => ours.post(POST, hasty()),
      () => ours.reply(place, POST, { isBroadcast: false }, hasty()),
      () => createSlack(webhook(slack), http.send).post(POST, hasty()),
    ]) {
      slack.addFaults({ kind: "hang" });
      expect((await post()).kind).toBe("gave-up");
    }
    expect(slack.requests.length - before).toBe(3);
  });

  it("a Slack that never answers is given up at the deadline", async () => {
    const { slack, http } = await open();
    slack.addFaults({ kind: "hang" });
    const delivery = await createSlack(bot(slack), http.send).post(POST, createDeadline(300));
    expect(delivery).toMatchObject({
      kind: "gave-up",
      reason: expect.stringContaining("no answer from 127.0.0.1"),
    });
  });

  it("a Slack that is not there is given up, and tried until then", async () => {
    const { slack, http } = await open();
    await slack.stop();
    const deadline = patient();
    expect(await createSlack(webhook(slack), http.send).post(POST, deadline)).toMatchObject({
      kind: "gave-up",
      reason: expect.stringContaining("ECONNREFUSED"),
    });
    expect(deadline.waits.length).toBeGreaterThan(2);
  });

  it("being told to stop ends it at once", async () => {
    const { slack, http } = await open();
    slack.addFaults({ kind: "hang" });
    const stop = new AbortController();
    const delivery = createSlack(bot(slack), http.send).post(
      POST,
      createDeadline(20_000, stop.signal),
    );
    stop.abort();
    expect(await delivery).toMatchObject({ kind: "gave-up" });
  });
});

it("neither token nor webhook address is ever told", async () => {
  const told: Delivery[] = [];
  const { slack, http } = await open({
    webhookError: "no_service",
    revokedTokens: ["xoxb-1234567890-abcdefghij"],
  });
  for (const access of [webhook(slack), bot(slack)]) {
    told.push(await createSlack(access, http.send).post(POST, patient()));
    slack.addFaults({ kind: "status", status: 400, body: slack.webhookUrl + slack.botToken });
    told.push(await createSlack(access, http.send).post(POST, patient()));
    slack.addFaults({ kind: "hang" });
    told.push(await createSlack(access, http.send).post(POST, createDeadline(50)));
  }
  await slack.stop();
  told.push(await createSlack(webhook(slack), http.send).post(POST, patient()));
  expect(told).toHaveLength(7);
  expect(inspect(told, { depth: null })).not.toMatch(/services\/T|xoxb-1/);
});
