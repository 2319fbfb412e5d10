// Slack as a local server: it refuses what Slack refuses, and keeps what it accepted.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import { type SlackMessage, toChannel } from "./channel.ts";
import type { SlackReceived } from "./received.ts";
import { answerWebApi, type Workspace } from "./web-api.ts";
import { answerWebhook, type WebhookError } from "./webhook.ts";

export interface SlackOptions {
  /** Where it listens: this machine's loopback, unless pods of a real cluster are to reach it. */
  readonly host?: string;
  /** Serves HTTPS. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly revokedTokens?: readonly string[];
  /** What every token may do: `chat:write` if nothing is said. */
  readonly scopes?: readonly string[];
  /** Names without `#`, or IDs. */
  readonly unknownChannels?: readonly string[];
  readonly uninvitedChannels?: readonly string[];
  readonly archivedChannels?: readonly string[];
  /** What every webhook answers. */
  readonly webhookError?: WebhookError;
}

export type SlackFault =
  | {
      readonly kind: "status";
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The request is read and never answered. */
  | { readonly kind: "hang" }
  /** It is taken at once, and answered after so long. */
  | { readonly kind: "late"; readonly ms: number }
  /** The connection is cut. */
  | { readonly kind: "close" };

export const RATE_LIMITED = (seconds: number): SlackFault => ({
  kind: "status",
  status: 429,
  headers: { "retry-after": String(seconds) },
  body: '{"ok":false,"error":"ratelimited"}',
});

export interface SlackDouble {
  readonly url: string;
  /** With a slash at its end, like https://slack.com/api/. */
  readonly apiUrl: string;
  readonly webhookUrl: string;
  readonly botToken: string;
  /** What was accepted, in order. */
  readonly messages: readonly SlackReceived[];
  /** What stands in the channels now. */
  readonly channel: () => readonly SlackMessage[];
  /** Paths of all requests, refused ones too. */
  readonly requests: readonly string[];
  onMessage(listener: (message: SlackReceived) => void): void;
  /** Called as soon as a request is read, before it is answered or spoilt. */
  onRequest(listener: (path: string) => void): void;
  /** As somebody may, before a run ends. */
  deleteMessage(ts: string): void;
  /** From now on every message is too old to be edited. */
  closeEditWindow(): void;
  /** Spoils the next requests, one fault each. */
  addFaults(...faults: readonly SlackFault[]): void;
  stop(): Promise<void>;
}

const BODY_LIMIT = 1024 * 1024;

export async function startSlack(options: SlackOptions = {}): Promise<SlackDouble> {
  const { host = "127.0.0.1" } = options;
  const messages: SlackReceived[] = [];
  const requests: string[] = [];
  const faults: SlackFault[] = [];
  const listeners: ((message: SlackReceived) => void)[] = [];
  const requestListeners: ((path: string) => void)[] = [];
  const workspace = createWorkspace(options);

  const accept = (message: Omit<SlackReceived, "at">): void => {
    const received = { at: new Date().toISOString(), ...message };
    messages.push(received);
    for (const listener of listeners) listener(received);
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(request);
    const path = request.url ?? "/";
    requests.push(path);
    for (const heard of requestListeners) heard(path);
    const fault = faults.shift();
    if (fault && fault.kind !== "late") return spoil(fault, response);
    const pause = fault && wait(fault.ms);
    const contentType = request.headers["content-type"] ?? "";
    if (path.startsWith("/api/")) {
      const method = path.slice("/api/".length);
      const authorization = request.headers.authorization ?? "";
      const answer = answerWebApi({ method, contentType, authorization, body }, workspace);
      if (answer.message) accept(answer.message);
      for (const [name, value] of Object.entries(answer.headers ?? {})) {
        response.setHeader(name, value);
      }
      await pause;
      respond(response, 200, "application/json; charset=utf-8", JSON.stringify(answer.body));
    } else {
      const answer = answerWebhook({ path, contentType, body }, options.webhookError);
      const place = { method: "webhook", channel: "webhook", channelName: "webhook" } as const;
      if (answer.message) accept({ ...place, ts: workspace.nextTs(), ...answer.message });
      await pause;
      respond(response, answer.status, "text/html", answer.body);
    }
  };

  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response).catch(() => response.destroy());
  };
  const server = options.tls ? createTlsServer(options.tls, listener) : createServer(listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, host, resolve);
  });
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const url = `${options.tls ? "https" : "http"}://${host}:${port}`;
  return {
    url,
    apiUrl: `${url}/api/`,
    webhookUrl: `${url}/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX`,
    botToken: "xoxb-1234567890-abcdefghij",
    messages,
    channel: () => toChannel(messages, workspace.deleted),
    requests,
    deleteMessage: (ts) => void workspace.deleted.add(ts),
    closeEditWindow: () => {
      workspace.isEditWindowClosed = true;
    },
    onMessage: (added) => void listeners.push(added),
    onRequest: (added) => void requestListeners.push(added),
    addFaults: (...added) => void faults.push(...added),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function createWorkspace(options: SlackOptions): Workspace {
  let count = 0;
  return {
    revokedTokens: options.revokedTokens ?? [],
    scopes: options.scopes ?? ["chat:write"],
    unknownChannels: options.unknownChannels ?? [],
    uninvitedChannels: options.uninvitedChannels ?? [],
    archivedChannels: options.archivedChannels ?? [],
    channelNames: new Map(),
    posted: new Map(),
    deleted: new Set(),
    threads: new Set(),
    isEditWindowClosed: false,
    nextTs: () => `${Math.floor(Date.now() / 1000)}.${String(++count).padStart(6, "0")}`,
  };
}

function spoil(fault: Exclude<SlackFault, { kind: "late" }>, response: ServerResponse): void {
  if (fault.kind === "close") response.destroy();
  if (fault.kind !== "status") return;
  response.writeHead(fault.status, fault.headers).end(fault.body ?? "");
}

function respond(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { "content-type": type }).end(body);
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > BODY_LIMIT) throw new Error("the body is too long");
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString("utf8");
}
