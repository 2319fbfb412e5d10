// The one HTTP client. On node:https, not undici: that costs 27 ms of CPU more at every start.
import * as http from "node:http";
import * as https from "node:https";
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { NotifyError } from "../domain/errors.ts";
import type { HttpRequest, HttpResponse, SendHttp } from "../flow/ports.ts";
import { systemAuthorities } from "./authorities.ts";
import { errorCode, networkError } from "./network-error.ts";
import { type ProxyEnvironment, proxyFor } from "./proxy.ts";

export interface HttpOptions {
  readonly tls?: TlsOptions;
  /** Proxy variables are looked up here; none are if it is absent. */
  readonly proxyEnv?: ProxyEnvironment;
  /** Wins over `proxyEnv`, whatever the target. */
  readonly proxyUrl?: { reveal(): string } | undefined;
  readonly connectTimeoutMs?: number;
  /** For one request from start to the last byte. */
  readonly timeoutMs?: number;
  readonly maxBodyBytes?: number;
}

export interface TlsOptions {
  /** PEM; replaces the built-in authorities. */
  readonly ca?: string | string[] | undefined;
  readonly cert?: string | undefined;
  readonly key?: { reveal(): string } | undefined;
  /** The name the server's certificate must bear, where it is not the URL's host. */
  readonly serverName?: string | undefined;
  /** Takes any certificate. */
  readonly isInsecure?: boolean | undefined;
}

const CONNECT_TIMEOUT_MS = 10_000;
const TIMEOUT_MS = 20_000;
// GitHub's comparison brings the changed files along.
const MAX_BODY_BYTES = 8 * 1024 * 1024;

/** To whatever hosts: by the proxy of the environment, trusting whom this machine trusts. */
export function createOutgoingHttp(proxyEnv: ProxyEnvironment, maxBodyBytes = MAX_BODY_BYTES) {
  return createHttp({ proxyEnv, tls: { ca: systemAuthorities() }, maxBodyBytes });
}

/** Connections are kept open and shared by the requests that follow: `close` ends them. */
export function createHttp(options: HttpOptions = {}): { send: SendHttp; close(): void } {
  const agents = new Map<string, http.Agent>();
  const agentFor = (url: URL): http.Agent => {
    const proxy = options.proxyUrl?.reveal() ?? proxyFor(url, options.proxyEnv ?? {});
    const id = `${url.protocol} ${proxy ?? ""}`;
    const agent = agents.get(id) ?? createAgent(url, proxy, options.tls ?? {});
    agents.set(id, agent);
    return agent;
  };
  return {
    send: async (request) => {
      const url = new URL(request.url);
      const first = await sendOnce(request, url, agentFor(url), options);
      if (first.kind === "answered") return first.response;
      const second = await sendOnce(request, url, agentFor(url), options);
      if (second.kind === "answered") return second.response;
      throw networkError(second.error, url.host);
    },
    close: () => {
      for (const agent of agents.values()) agent.destroy();
    },
  };
}

function createAgent(url: URL, proxy: string | undefined, tls: TlsOptions): http.Agent {
  const proxyEnv =
    proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
  if (url.protocol === "http:") return new http.Agent({ keepAlive: true, ...proxyEnv });
  return new https.Agent({
    keepAlive: true,
    ...proxyEnv,
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key?.reveal(),
    rejectUnauthorized: !tls.isInsecure,
    ...expectedName(tls.serverName),
  });
}

function expectedName(name: string | undefined): https.AgentOptions {
  if (name === undefined || isIP(name) === 0) return { servername: name };
  // An IP address may not be asked for by SNI (RFC 6066 §3); the certificate must bear it all the same.
  return {
    servername: "",
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
  };
}

/** `stale`: the server had closed the kept connection before it saw the request, which may be sent again. */
type Attempt =
  | { readonly kind: "answered"; readonly response: HttpResponse }
  | { readonly kind: "stale"; readonly error: unknown };

async function sendOnce(
  request: HttpRequest,
  url: URL,
  agent: http.Agent,
  options: HttpOptions,
): Promise<Attempt> {
  const overall = AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS);
  const connect = new AbortController();
  const connectTimer = setTimeout(
    () => connect.abort(),
    options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  );
  const signals = [overall, connect.signal, ...(request.signal ? [request.signal] : [])];
  let isReused = false;
  try {
    // Throws at once over a certificate or key that is none.
    const outgoing = (url.protocol === "https:" ? https : http).request(url, {
      method: request.method ?? "GET",
      headers: revealHeaders(request),
      agent,
      signal: AbortSignal.any(signals),
    });
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      // Fires when the request is written, so not before there is a connection, through whatever proxy.
      outgoing.on("finish", () => clearTimeout(connectTimer));
      outgoing.on("socket", () => (isReused = outgoing.reusedSocket));
      outgoing.on("response", resolve);
      outgoing.on("error", reject);
      outgoing.end(request.body);
    });
    const body = await readBody(response, options.maxBodyBytes ?? MAX_BODY_BYTES, url.host);
    return {
      kind: "answered",
      response: { status: response.statusCode ?? 0, headers: joinHeaders(response), body },
    };
  } catch (error) {
    if (error instanceof NotifyError) throw error;
    if (connect.signal.aborted) throw timeout(`no connection to ${url.host} in time`);
    if (overall.aborted || request.signal?.aborted)
      throw timeout(`no answer from ${url.host} in time`);
    const isStale = isReused && errorCode(error) === "ECONNRESET";
    if (isStale && request.method !== "POST") return { kind: "stale", error };
    throw networkError(error, url.host);
  } finally {
    clearTimeout(connectTimer);
  }
}

function revealHeaders(request: HttpRequest): http.OutgoingHttpHeaders {
  const headers: http.OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(request.headers ?? {})) {
    if (typeof value === "string") headers[name] = value;
    else headers[name] = "reveal" in value ? value.reveal() : [...value];
  }
  if (request.body !== undefined) headers["content-length"] = Buffer.byteLength(request.body);
  return headers;
}

async function readBody(
  response: http.IncomingMessage,
  limit: number,
  host: string,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > limit) {
      throw new NotifyError("HTTP_TOO_LARGE", `${host} answered with more than ${limit} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function joinHeaders(response: http.IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return headers;
}

function timeout(message: string): NotifyError {
  return new NotifyError("HTTP_TIMEOUT", message, {
    hint: "Check that the host is up and the network lets you reach it.",
  });
}
