// The Web API: HTTP 200 to everything, and `ok` in the body says what came of it.
// https://docs.slack.dev/reference/methods/chat.postMessage, https://docs.slack.dev/reference/methods/chat.update
import { checkContent, parseObject } from "./content.ts";
import type { SlackReceived } from "./received.ts";

export interface Workspace {
  readonly revokedTokens: readonly string[];
  readonly unknownChannels: readonly string[];
  readonly uninvitedChannels: readonly string[];
  readonly archivedChannels: readonly string[];
  /** Posted so far: by channel ID and `ts`, with the token that may edit it. */
  readonly posted: Map<string, string>;
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
  readonly message?: Omit<SlackReceived, "at">;
}

export function answerWebApi(request: WebApiRequest, workspace: Workspace): WebApiAnswer {
  const { method } = request;
  if (method !== "chat.postMessage" && method !== "chat.update") return failed("unknown_method");
  const payload = parsePayload(request);
  if (payload === undefined) return failed("invalid_json");
  const token = tokenOf(request, payload);
  if (token === "") return failed("not_authed");
  if (!/^xox[bp]-[\w-]+$/.test(token)) return failed("invalid_auth");
  if (workspace.revokedTokens.includes(token)) return failed("token_revoked");

  const channel = typeof payload["channel"] === "string" ? payload["channel"] : "";
  const name = channel.replace(/^#/, "");
  if (name === "" || workspace.unknownChannels.includes(name)) return failed("channel_not_found");
  if (workspace.uninvitedChannels.includes(name)) return failed("not_in_channel");
  if (workspace.archivedChannels.includes(name)) return failed("is_archived");

  const content = checkContent(payload);
  if (content.kind === "refused") return failed(content.error, content.messages);
  const message = { channel, text: content.text, blocks: content.blocks, payload };
  return method === "chat.update"
    ? update(message, token, workspace)
    : post(message, token, workspace);
}

type Accepted = Pick<SlackReceived, "channel" | "text" | "blocks" | "payload">;

function post(message: Accepted, token: string, workspace: Workspace): WebApiAnswer {
  const channel = channelId(message.channel);
  const threadTs = message.payload["thread_ts"];
  const isKnown = typeof threadTs === "string" && workspace.posted.has(`${channel} ${threadTs}`);
  if (threadTs !== undefined && !isKnown) {
    return failed("thread_not_found");
  }
  const ts = workspace.nextTs();
  workspace.posted.set(`${channel} ${ts}`, token);
  return {
    body: { ok: true, channel, ts, message: { type: "message", text: message.text, ts } },
    message: {
      method: "chat.postMessage",
      ts,
      ...(isKnown ? { threadTs } : {}),
      ...message,
    },
  };
}

function update(message: Accepted, token: string, workspace: Workspace): WebApiAnswer {
  const { channel, payload, text } = message;
  // Only the ID that chat.postMessage returned: a name is not looked up here.
  if (!/^[CDG][A-Z0-9]{8,}$/.test(channel)) return failed("channel_not_found");
  const ts = typeof payload["ts"] === "string" ? payload["ts"] : "";
  const owner = workspace.posted.get(`${channel} ${ts}`);
  if (owner === undefined) return failed("message_not_found");
  if (owner !== token) return failed("cant_update_message");
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
