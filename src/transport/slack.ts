// Slack: an incoming webhook, or the Web API with a bot token.
import * as z from "zod/mini";
import { parseJson } from "../domain/json.ts";
import { Secret } from "../domain/secret.ts";
import type { Deadline, Delivery, HttpResponse, SendHttp, Slack } from "../flow/ports.ts";
import { type Attempt, done, type Receiver, sendPatiently } from "./retry.ts";
import { hintFor } from "./slack-errors.ts";

interface WebhookAccess {
  readonly kind: "webhook";
  readonly url: Secret;
}

interface BotAccess {
  readonly kind: "bot";
  readonly token: Secret;
  readonly channel: string;
  /** `https://slack.com/api/`; GovSlack and tests have their own. */
  readonly apiUrl: string;
  readonly username?: string | undefined;
}

export type SlackAccess = WebhookAccess | BotAccess;

/** What the credentials allow: with a webhook, `edit` and `reply` are refused. */
export function createSlack(access: SlackAccess, send: SendHttp): Slack {
  return access.kind === "webhook" ? createWebhook(access, send) : createBot(access, send);
}

const ADDRESS_HINT = "Check the webhook's address, slack.apiUrl in the values, and the proxy.";
const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
// Previews of commit pages would be longer than the message.
const NO_PREVIEWS = { unfurl_links: false, unfurl_media: false };

// A Slack that is slow posts what it is told all the same, and posts it again when told again.
const SLACK = { name: "slack", addressHint: ADDRESS_HINT, knowsRepetition: false };
const WEBHOOK: Receiver = { ...SLACK, decode: decodeWebhook };
const POSTING: Receiver = { ...SLACK, decode: decodeWebApi };
const EDITING: Receiver = { ...POSTING, knowsRepetition: true };

function createWebhook(access: WebhookAccess, send: SendHttp): Slack {
  return {
    knowsThreads: false,
    post: ({ text, blocks }, deadline) => {
      const body = JSON.stringify({ text, blocks, ...NO_PREVIEWS });
      const request = {
        method: "POST",
        url: access.url.reveal(),
        headers: JSON_TYPE,
        body,
      } as const;
      return sendPatiently(() => request, WEBHOOK, send, deadline);
    },
    edit: async () => NEEDS_A_BOT,
    reply: async () => NEEDS_A_BOT,
  };
}

const NEEDS_A_BOT: Delivery = {
  kind: "refused",
  reason: "a webhook can neither edit a message nor reply to it",
  hint: "Put the token of a Slack app (xoxb-…) under botToken in the Secret.",
};

function createBot({ token, channel, apiUrl, username }: BotAccess, send: SendHttp): Slack {
  const headers = { ...JSON_TYPE, authorization: new Secret(`Bearer ${token.reveal()}`) };
  const call = (receiver: Receiver, method: string, content: object, deadline: Deadline) => {
    const url = apiUrl.replace(/\/*$/, `/${method}`);
    const request = { method: "POST", url, headers, body: JSON.stringify(content) } as const;
    return sendPatiently(() => request, receiver, send, deadline);
  };
  return {
    knowsThreads: true,
    post: ({ text, blocks }, deadline) => {
      const content = { channel, username, text, blocks, ...NO_PREVIEWS };
      return call(POSTING, "chat.postMessage", content, deadline);
    },
    edit: ({ channel: id, ts }, { text, blocks }, deadline) =>
      call(EDITING, "chat.update", { channel: id, ts, text, blocks }, deadline),
    reply: ({ channel: id, ts }, { text, blocks }, { isBroadcast }, deadline) => {
      const thread = { channel: id, thread_ts: ts, reply_broadcast: isBroadcast };
      const content = { ...thread, username, text, blocks, ...NO_PREVIEWS };
      return call(POSTING, "chat.postMessage", content, deadline);
    },
  };
}

/** Webhooks answer by status, with `ok` or the error's name as plain text. */
function decodeWebhook({ status, body }: HttpResponse): Attempt {
  const text = body.toString("utf8").trim();
  if (status === 200 && text === "ok") return done({ kind: "delivered" });
  return done(isErrorName(text) ? refused(text) : foreign(status));
}

const webApiAnswer = z.union([
  z.object({ ok: z.literal(true), channel: z.string(), ts: z.string() }),
  z.object({
    ok: z.literal(false),
    error: z.string(),
    response_metadata: z.optional(z.object({ messages: z.optional(z.array(z.string())) })),
  }),
]);

// With HTTP 200 all the same. https://docs.slack.dev/reference/methods/chat.postMessage#errors, and of chat.update
const TRANSIENT = new Set([
  "fatal_error",
  "internal_error",
  "rate_limited",
  "ratelimited",
  "request_timeout",
  "service_unavailable",
  "update_failed",
]);

/** The Web API answers HTTP 200 to everything and says in the body what came of it. */
function decodeWebApi({ status, body }: HttpResponse): Attempt {
  const answer = webApiAnswer.safeParse(parseJson(body.toString()));
  if (!answer.success) return done(foreign(status));
  if (answer.data.ok) {
    const { channel, ts } = answer.data;
    return done({ kind: "delivered", place: { channel, ts } });
  }
  const { error, response_metadata: metadata } = answer.data;
  if (TRANSIENT.has(error)) return { kind: "again", reason: `slack answered ${error}` };
  const name = isErrorName(error) ? error : "an error without a name";
  // Which block is wrong, and how: it tells a bug of ours from a template of the user's.
  const details = (metadata?.messages ?? []).slice(0, 3).join("; ").slice(0, 500);
  return done(refused(name, details));
}

function refused(name: string, details = ""): Delivery {
  const reason = `slack refused the message: ${name}${details === "" ? "" : ` (${details})`}`;
  return { kind: "refused", code: name, reason, hint: hintFor(name) };
}

/** A captive portal or a proxy, for one, answers 200 to anything. */
function foreign(status: number): Delivery {
  const reason = `what answered HTTP ${status} is not Slack`;
  return { kind: "refused", reason, hint: ADDRESS_HINT };
}

/** Anything else may hold what must not be shown. */
function isErrorName(text: string): boolean {
  return /^[a-z][a-z0-9_]{0,63}$/.test(text);
}
