// The Web API: HTTP 200 to everything, and `ok` in the body says what came of it.
// https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/reference/methods/chat.update,
// https://docs.slack.dev/reference/methods/auth.test
import { checkContent, parseObject } from "./content.ts";
import type { SlackReceived } from "./received.ts";

export interface Workspace {
  readonly revokedTokens: readonly string[];
  /** What every token may do. */
  readonly scopes: readonly string[];
  readonly unknownChannels: readonly string[];
  readonly uninvitedChannels: readonly string[];
  readonly archivedChannels: readonly string[];
  /** Names of channels by their IDs, of those that were called by name. */
  readonly channelNames: Map<string, string>;
  /** Posted so far: by channel ID and `ts`, with the token that may edit it. */
  readonly posted: Map<string, string>;
  /** `ts` of messages that somebody deleted. */
  readonly deleted: Set<string>;
  /** `ts` of messages that were replied to. */
  readonly threads: Set<string>;
  /** Whether messages have become too old to be edited, which is a setting of the workspace. */
  isEditWindowClosed: boolean;
  nextTs(): string;
}

export interface WebApiRequest {
  /** Behind `/api/`. */
  readonly method: string;
  readonly contentType: string;
  readonly authorization: string;
  readonly body: string;
}

export interface WebApiAnswer {
  readonly body: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: Omit<SlackReceived, "at">;
}

const METHODS = ["auth.test", "chat.postMessage", "chat.update"];

export function answerWebApi(request: WebApiRequest, workspace: Workspace): WebApiAnswer {
  const { method } = request;
  if (!METHODS.includes(method)) return failed("unknown_method");
  const payload = parsePayload(request);
  if (payload === undefined) return failed("invalid_json");
  const token = tokenOf(request, payload);
  if (token === "") return failed("not_authed");
  if (!/^xox[bp]-[\w-]+$/.test(token)) return failed("invalid_auth");
  if (workspace.revokedTokens.includes(token)) return failed("token_revoked");
  if (method === "auth.test") {
    return {
      body: { ok: true, url: "https://acme.slack.com/", team: "Acme", user: "helm-notify" },
      // https://github.com/slack-ruby/slack-ruby-client/issues/378
      headers: { "x-oauth-scopes": workspace.scopes.join() },
    };
  }
  if (!workspace.scopes.includes("chat:write")) return failed("missing_scope");

  const channel = typeof payload["channel"] === "string" ? payload["channel"] : "";
  const isAmong = (names: readonly string[]) => names.map(channelId).includes(channelId(channel));
  if (channel === "" || isAmong(workspace.unknownChannels)) return failed("channel_not_found");
  if (isAmong(workspace.uninvitedChannels)) return failed("not_in_channel");
  if (isAmong(workspace.archivedChannels)) {
    // https://docs.slack.dev/reference/methods/chat.update#errors
    return failed(method === "chat.update" ? "is_inactive" : "is_archived");
  }

  const content = checkContent(payload);
  if (content.kind === "refused") return failed(content.error, content.messages);
  const channelName = workspace.channelNames.get(channel) ?? channel;
  const { text, blocks } = content;
  const message = { channel, channelName, text, blocks, payload };
  return method === "chat.update"
    ? update(message, token, workspace)
    : post(message, token, workspace);
}

type Accepted = Pick<SlackReceived, "channel" | "channelName" | "text" | "blocks" | "payload">;

function post(message: Accepted, token: string, workspace: Workspace): WebApiAnswer {
  const { text, payload } = message;
  const channel = channelId(message.channel);
  const named = payload["thread_ts"];
  if (named === undefined && payload["reply_broadcast"]) return failed("invalid_arguments");
  if (named !== undefined && !isPosted(named, channel, workspace)) {
    return failed("thread_not_found");
  }
  const threadTs = isGone(named, workspace) ? undefined : named;
  if (threadTs !== undefined) workspace.threads.add(threadTs);
  const ts = workspace.nextTs();
  workspace.posted.set(`${channel} ${ts}`, token);
  if (channel !== message.channel) workspace.channelNames.set(channel, message.channel);
  const thread = threadTs === undefined ? {} : { thread_ts: threadTs };
  return {
    body: { ok: true, channel, ts, message: { type: "message", text, ts, ...thread } },
    message: {
      method: "chat.postMessage",
      ts,
      ...(threadTs === undefined ? {} : { threadTs }),
      ...message,
    },
  };
}

function isPosted(ts: unknown, channel: string, { posted }: Workspace): ts is string {
  return typeof ts === "string" && posted.has(`${channel} ${ts}`);
}

/** A reply to a deleted message becomes a message of its own, unless its thread holds it. https://github.com/slack-go/slack/issues/1571 */
function isGone(ts: string | undefined, { deleted, threads }: Workspace): boolean {
  return ts !== undefined && deleted.has(ts) && !threads.has(ts);
}

// A tenth of what a new message may have. https://docs.slack.dev/reference/methods/chat.update#errors
const UPDATE_TEXT_LIMIT = 4000;

function update(message: Accepted, token: string, workspace: Workspace): WebApiAnswer {
  const { channel, payload, text } = message;
  // Only the ID that chat.postMessage returned: a name is not looked up here.
  if (!/^[CDG][A-Z0-9]{8,}$/.test(channel)) return failed("channel_not_found");
  const ts = typeof payload["ts"] === "string" ? payload["ts"] : "";
  const owner = workspace.posted.get(`${channel} ${ts}`);
  if (owner === undefined || workspace.deleted.has(ts)) return failed("message_not_found");
  if (owner !== token) return failed("cant_update_message");
  if (workspace.isEditWindowClosed) return failed("edit_window_closed");
  if (text.length > UPDATE_TEXT_LIMIT) return failed("msg_too_long");
  return {
    body: { ok: true, channel, ts, text },
    message: { method: "chat.update", ts, ...message },
  };
}

function failed(error: string, messages: readonly string[] = []): WebApiAnswer {
  if (messages.length === 0) return { body: { ok: false, error } };
  return {
    body: {
      ok: false,
      error,
      errors: messages,
      response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) },
    },
  };
}

function parsePayload(request: WebApiRequest): Readonly<Record<string, unknown>> | undefined {
  if (/^application\/json\b/.test(request.contentType)) return parseObject(request.body);
  const fields = Object.fromEntries(new URLSearchParams(request.body));
  const blocks: unknown = fields["blocks"] && JSON.parse(fields["blocks"]);
  return blocks ? { ...fields, blocks } : fields;
}

/** A token in a JSON body is not looked at: only a header, or a form's field. */
function tokenOf(request: WebApiRequest, payload: Readonly<Record<string, unknown>>): string {
  const bearer = /^Bearer (.+)$/i.exec(request.authorization)?.[1];
  const field = /^application\/json\b/.test(request.contentType) ? undefined : payload["token"];
  return bearer ?? (typeof field === "string" ? field : "");
}

/** Slack answers with the channel's ID, whatever it was called by. */
function channelId(channel: string): string {
  if (/^[CDG][A-Z0-9]{8,}$/.test(channel)) return channel;
  const name = channel.replace(/^#/, "");
  const hex = Buffer.from(name).toString("hex").toUpperCase();
  return `C${hex.slice(0, 40).padEnd(10, "0")}`;
}
