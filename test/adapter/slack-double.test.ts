import { afterEach, describe, expect, it } from "vitest";
import { type SlackDouble, type SlackOptions, startSlack } from "../support/slack/double.ts";
import { toThreadTranscript, toTranscript } from "../support/slack/transcript.ts";
import type { WebhookError } from "../support/slack/webhook.ts";

const started: SlackDouble[] = [];
afterEach(async () => {
  for (const slack of started.splice(0)) await slack.stop();
});

async function start(options: SlackOptions = {}): Promise<SlackDouble> {
  const slack = await startSlack(options);
  started.push(slack);
  return slack;
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

async function call(slack: SlackDouble, method: string, body: unknown, token = slack.botToken) {
  const answer = await post(`${slack.apiUrl}${method}`, body, { authorization: `Bearer ${token}` });
  expect(answer.status).toBe(200);
  const parsed: Record<string, unknown> = JSON.parse(answer.text);
  return parsed;
}

const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text } });

describe("the double's webhook", () => {
  it("takes a message and answers the text ok", async () => {
    const slack = await start();
    const { status, text } = await post(slack.webhookUrl, { text: "hello" });
    expect([status, text]).toEqual([200, "ok"]);
    expect(slack.messages).toMatchObject([{ method: "webhook", text: "hello", blocks: [] }]);
  });

  it.each<[string, unknown, string]>([
    ["broken JSON", "{", "invalid_payload"],
    ["JSON that is no object", "[]", "invalid_payload"],
    ["no text", {}, "no_text"],
    ["broken blocks", { blocks: [{ type: "section" }] }, "invalid_blocks"],
  ])("refuses %s", async (_, body, error) => {
    const slack = await start();
    const answer = await post(slack.webhookUrl, body);
    expect([answer.status, answer.text]).toEqual([400, error]);
    expect(slack.messages).toEqual([]);
  });

  it("refuses another content type, and a path that is no webhook", async () => {
    const slack = await start();
    const type = { "content-type": "text/plain" };
    expect(await post(slack.webhookUrl, { text: "x" }, type)).toMatchObject({ status: 400 });
    expect(await post(`${slack.url}/services/x`, { text: "x" })).toMatchObject({ status: 404 });
  });

  it.each<[WebhookError, number]>([
    ["no_service", 404],
    ["invalid_token", 403],
    ["channel_is_archived", 410],
    ["rollup_error", 500],
  ])("can answer %s with %i", async (webhookError, status) => {
    const slack = await start({ webhookError });
    const answer = await post(slack.webhookUrl, { text: "x" });
    expect([answer.status, answer.text]).toEqual([status, webhookError]);
  });
});

describe("the double's Web API", () => {
  it("answers with the channel's ID and a ts, under which the message can be answered and edited", async () => {
    const slack = await start();
    const heard: string[] = [];
    slack.onMessage((message) => heard.push(message.method));
    const { channel, ts } = await call(slack, "chat.postMessage", { channel: "#a", text: "x" });
    expect(channel).toMatch(/^C[A-Z0-9]+$/);
    const reply = { channel, thread_ts: ts, text: "y" };
    expect(await call(slack, "chat.postMessage", reply)).toMatchObject({ ok: true });
    expect(await call(slack, "chat.update", { channel, ts, text: "z" })).toMatchObject({
      ok: true,
    });
    expect(heard).toEqual(["chat.postMessage", "chat.postMessage", "chat.update"]);
    expect(slack.messages[1]).toMatchObject({ threadTs: ts });
  });

  it.each<[string, SlackOptions, object, string | undefined]>([
    ["not_authed", {}, {}, ""],
    ["invalid_auth", {}, {}, "nonsense"],
    ["token_revoked", { revokedTokens: ["xoxb-1"] }, {}, "xoxb-1"],
    ["channel_not_found", { unknownChannels: ["a"] }, {}, undefined],
    ["channel_not_found", {}, { channel: "" }, undefined],
    ["not_in_channel", { uninvitedChannels: ["a"] }, {}, undefined],
    ["is_archived", { archivedChannels: ["a"] }, {}, undefined],
    ["is_archived", { archivedChannels: ["C6100000000"] }, { channel: "C6100000000" }, undefined],
    ["invalid_arguments", {}, { reply_broadcast: true }, undefined],
    ["no_text", {}, { text: "" }, undefined],
    ["msg_too_long", {}, { text: "x".repeat(40_001) }, undefined],
    ["invalid_blocks_format", {}, { blocks: "x" }, undefined],
    ["thread_not_found", {}, { thread_ts: "1.2" }, undefined],
  ])("says %s with HTTP 200", async (error, options, more, token) => {
    const slack = await start(options);
    const body = { channel: "#a", text: "x", ...more };
    expect(await call(slack, "chat.postMessage", body, token)).toEqual({ ok: false, error });
    expect(slack.messages).toEqual([]);
  });

  it.each<[string, object]>([
    ["message_not_found", { ts: "1.2" }],
    ["channel_not_found", { channel: "#a" }],
    ["msg_too_long", { text: "x".repeat(4001) }],
  ])("refuses an edit: %s", async (error, more) => {
    const slack = await start();
    const { channel, ts } = await call(slack, "chat.postMessage", { channel: "#a", text: "x" });
    const edit = { channel, ts, text: "y", ...more };
    expect(await call(slack, "chat.update", edit)).toEqual({ ok: false, error });
  });

  it("refuses to edit in an archived channel", async () => {
    const archivedChannels: string[] = [];
    const slack = await start({ archivedChannels });
    const { channel, ts } = await call(slack, "chat.postMessage", { channel: "#a", text: "x" });
    archivedChannels.push("a");
    const answer = await call(slack, "chat.update", { channel, ts, text: "y" });
    expect(answer).toEqual({ ok: false, error: "is_inactive" });
  });

  it("refuses to edit what is deleted, or too old", async () => {
    const slack = await start();
    const { channel, ts } = await call(slack, "chat.postMessage", { channel: "#a", text: "x" });
    slack.closeEditWindow();
    const edit = { channel, ts, text: "y" };
    expect(await call(slack, "chat.update", edit)).toMatchObject({ error: "edit_window_closed" });
    slack.deleteMessage(String(ts));
    expect(await call(slack, "chat.update", edit)).toMatchObject({ error: "message_not_found" });
  });

  it("makes a message of its own of a reply to a deleted one, unless it has a thread", async () => {
    const slack = await start();
    const ids: { channel: string; thread_ts: string }[] = [];
    for (const text of ["bare", "with thread"]) {
      const { channel, ts } = await call(slack, "chat.postMessage", { channel: "#a", text });
      ids.push({ channel: String(channel), thread_ts: String(ts) });
    }
    const [bare, threaded] = ids;
    await call(slack, "chat.postMessage", { ...threaded, text: "first" });
    for (const { thread_ts } of ids) slack.deleteMessage(thread_ts);
    const lone = await call(slack, "chat.postMessage", { ...bare, text: "lone" });
    expect(lone["message"]).not.toHaveProperty("thread_ts");
    const second = await call(slack, "chat.postMessage", { ...threaded, text: "second" });
    expect(second["message"]).toMatchObject({ thread_ts: threaded?.thread_ts });
    expect(slack.channel()).toMatchObject([
      { text: "This message was deleted.", replies: [{ text: "first" }, { text: "second" }] },
      { text: "lone", replies: [] },
    ]);
  });

  it("refuses to edit another's message", async () => {
    const slack = await start();
    const { channel, ts } = await call(slack, "chat.postMessage", { channel: "#a", text: "x" });
    const answer = await call(slack, "chat.update", { channel, ts, text: "y" }, "xoxb-other");
    expect(answer).toEqual({ ok: false, error: "cant_update_message" });
  });

  it.each<[string, unknown[], string]>([
    [
      "too many blocks",
      Array.from({ length: 51 }, () => ({ type: "divider" })),
      "no more than 50 items allowed [json-pointer:/blocks]",
    ],
    [
      "an unknown block",
      [{ type: "banner" }],
      "unsupported type: banner [json-pointer:/blocks/0/type]",
    ],
    [
      "a section that is too long",
      [section("x".repeat(3001))],
      "must be less than 3001 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "an empty section",
      [section("")],
      "must be more than 0 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "a section without text",
      [{ type: "section" }],
      "missing required field: text [json-pointer:/blocks/0]",
    ],
    [
      "too many fields",
      [{ type: "section", fields: Array.from({ length: 11 }, () => section("x").text) }],
      "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
    ],
    [
      "a field that is too long",
      [{ type: "section", fields: [section("x".repeat(2001)).text] }],
      "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ],
    [
      "markup in a header",
      [{ ...section("x"), type: "header" }],
      "must be one of: plain_text [json-pointer:/blocks/0/text/type]",
    ],
    [
      "a header that is too long",
      [{ type: "header", text: { type: "plain_text", text: "x".repeat(151) } }],
      "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ],
    [
      "a full context",
      [{ type: "context", elements: Array.from({ length: 11 }, () => section("x").text) }],
      "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ],
    [
      "too many buttons",
      [
        {
          type: "actions",
          elements: Array.from({ length: 26 }, () => ({
            type: "button",
            text: { type: "plain_text", text: "x" },
          })),
        },
      ],
      "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ],
    [
      "a long button",
      [
        {
          type: "actions",
          elements: [{ type: "button", text: { type: "plain_text", text: "x".repeat(76) } }],
        },
      ],
      "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
    ],
    [
      "a long address",
      [
        {
          type: "actions",
          elements: [
            {
              type: "button",
              text: { type: "plain_text", text: "x" },
              url: `https://x/${"x".repeat(3000)}`,
            },
          ],
        },
      ],
      "must be less than 3001 characters [json-pointer:/blocks/0/elements/0/url]",
    ],
    [
      "a block_id twice",
      [
        { type: "divider", block_id: "a" },
        { type: "divider", block_id: "a" },
      ],
      "block_id already exists: a [json-pointer:/blocks]",
    ],
    [
      "a long block_id",
      [{ type: "divider", block_id: "x".repeat(256) }],
      "must be less than 256 characters [json-pointer:/blocks/0/block_id]",
    ],
  ])("refuses %s, and says where", async (_, blocks, problem) => {
    const slack = await start();
    expect(await call(slack, "chat.postMessage", { channel: "a", text: "x", blocks })).toEqual({
      ok: false,
      error: "invalid_blocks",
      errors: [problem],
      response_metadata: { messages: [`[ERROR] ${problem}`] },
    });
  });

  it("refuses more text than a message may hold in all", async () => {
    const slack = await start();
    const blocks = Array.from({ length: 5 }, () => section("x".repeat(2700)));
    const answer = await call(slack, "chat.postMessage", { channel: "a", text: "x", blocks });
    expect(answer).toEqual({ ok: false, error: "msg_blocks_too_long" });
  });
});

it("a message reads like in Slack: links by their labels, no markup, no entities", async () => {
  const slack = await start();
  const blocks = [
    section("*api*  <https://x.example/1|1 &lt; 2>\n*web*  3"),
    {
      type: "context",
      elements: [
        { type: "mrkdwn", text: "a &amp; b" },
        { type: "mrkdwn", text: "c" },
      ],
    },
  ];
  await call(slack, "chat.postMessage", { channel: "#deploys", text: "x", blocks });
  const [message] = slack.messages;
  expect(message && toTranscript(message)).toBe(
    ["Slack #deploys", "  │ api  1 < 2", "  │ web  3", "  │ a & b  c"].join("\n"),
  );
});

it("the channel shows messages as they stand, with their threads", async () => {
  const slack = await start();
  const { channel, ts } = await call(slack, "chat.postMessage", { channel: "#a", text: "doing" });
  await call(slack, "chat.update", { channel, ts, text: "done", blocks: [section("*done*\nall")] });
  const reply = { channel, thread_ts: ts, text: "in 2m" };
  await call(slack, "chat.postMessage", reply);
  await call(slack, "chat.postMessage", { ...reply, text: "but\nlate", reply_broadcast: true });
  await post(slack.webhookUrl, { text: "hello" });
  expect(slack.channel().map(toThreadTranscript)).toEqual([
    [
      "#a",
      "  │ done",
      "  │ all",
      "  └ in 2m",
      "  └ but (also sent to the channel)",
      "    late",
    ].join("\n"),
    "webhook\n  │ hello",
  ]);
  expect(slack.messages.map(toTranscript).map((text) => text.split("\n")[0])).toEqual([
    "Slack #a",
    "Slack #a (edited)",
    "Slack #a (in thread)",
    "Slack #a (in thread and channel)",
    "Slack",
  ]);
});
