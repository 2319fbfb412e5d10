// A payload to Slack: by an incoming webhook, or by the Web API with a bot token.
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import { Secret } from "../domain/secret.ts";
import type {
  Deliver,
  Delivery,
  HttpRequest,
  HttpResponse,
  SendHttp,
  SlackPost,
} from "../flow/ports.ts";
import { hintFor } from "./slack-errors.ts";
import { type Attempt, withRetry } from "./retry.ts";

export type SlackAccess =
  | { readonly kind: "webhook"; readonly url: Secret }
  | {
      readonly kind: "bot";
      readonly token: Secret;
      readonly channel: string;
      /** `https://slack.com/api/`; GovSlack and tests have their own. */
      readonly apiUrl: string;
      readonly username?: string | undefined;
    };

/** The way to deliver that the credentials allow. */
export function createSlack(access: SlackAccess, send: SendHttp): Deliver {
  const toRequest = access.kind === "webhook" ? webhookRequest(access) : botRequest(access);
  const decode = access.kind === "webhook" ? decodeWebhook : decodeWebApi;
  return (post, deadline) =>
    withRetry(async (signal) => {
      try {
        const response = await send({ ...toRequest(post), signal });
        return isBusy(response) ? busy(response) : decode(response);
      } catch (error) {
        return afterFailure(error);
      }
    }, deadline);
}

const COMMON = {
  // Previews of commit pages would be longer than the message.
  unfurl_links: false,
  unfurl_media: false,
};
const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };

function webhookRequest(access: SlackAccess & { kind: "webhook" }) {
  return ({ text, blocks }: SlackPost): HttpRequest => ({
    method: "POST",
    url: access.url.reveal(),
    headers: JSON_TYPE,
    body: JSON.stringify({ text, blocks, ...COMMON }),
  });
}

function botRequest(access: SlackAccess & { kind: "bot" }) {
  const url = new URL("chat.postMessage", access.apiUrl.replace(/\/*$/, "/")).href;
  return ({ text, blocks, replyTo }: SlackPost): HttpRequest => ({
    method: "POST",
    url,
    headers: { ...JSON_TYPE, authorization: new Secret(`Bearer ${access.token.reveal()}`) },
    body: JSON.stringify({
      channel: replyTo?.channel ?? access.channel,
      thread_ts: replyTo?.ts,
      username: access.username,
      text,
      blocks,
      ...COMMON,
    }),
  });
}

function isBusy({ status }: HttpResponse): boolean {
  return status === 429 || status >= 500;
}

function busy({ status, headers }: HttpResponse): Attempt {
  const reason =
    status === 429 ? "slack limits the rate (HTTP 429)" : `slack answered HTTP ${status}`;
  // Seconds: https://docs.slack.dev/apis/web-api/rate-limits
  const seconds = Number.parseInt(headers["retry-after"] ?? "", 10);
  return { kind: "again", reason, afterMs: Number.isNaN(seconds) ? undefined : seconds * 1000 };
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

// With HTTP 200 all the same. https://docs.slack.dev/reference/methods/chat.postMessage#errors
const TRANSIENT = new Set([
  "fatal_error",
  "internal_error",
  "rate_limited",
  "ratelimited",
  "request_timeout",
  "service_unavailable",
]);

/** The Web API answers HTTP 200 to everything and says in the body what came of it. */
function decodeWebApi({ status, body }: HttpResponse): Attempt {
  const answer = webApiAnswer.safeParse(parseJson(body));
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

/** No answer came. A certificate that is not trusted now will not be in a second. */
function afterFailure(error: unknown): Attempt {
  if (!(error instanceof NotifyError)) throw error;
  return error.code === "HTTP_TLS"
    ? done({ kind: "gave-up", reason: error.message })
    : { kind: "again", reason: error.message };
}

function refused(name: string, details = ""): Delivery {
  const reason = `slack refused the message: ${name}${details === "" ? "" : ` (${details})`}`;
  return { kind: "refused", reason, hint: hintFor(name) };
}

/** A captive portal or a proxy, for one, answers 200 to anything. */
function foreign(status: number): Delivery {
  return {
    kind: "refused",
    reason: `what answered HTTP ${status} is not Slack`,
    hint: "Check the webhook's address, slack.apiUrl in the values, and the proxy.",
  };
}

function done(delivery: Delivery): Attempt {
  return { kind: "done", delivery };
}

/** Anything else may hold what must not be shown. */
function isErrorName(text: string): boolean {
  return /^[a-z][a-z0-9_]{0,63}$/.test(text);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
