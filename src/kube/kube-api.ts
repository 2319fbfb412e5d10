// Requests to the Kubernetes API over one kept connection.
import { NotifyError } from "../domain/errors.ts";
import type { HttpResponse, SendHttp } from "../flow/ports.ts";
import { systemAuthorities } from "../io/authorities.ts";
import { createDeadline } from "../io/deadline.ts";
import { createHttp } from "../io/http.ts";
import type { Connection } from "./connection.ts";
import { statusError, unreachableError } from "./status-error.ts";

export interface KubeRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface KubeApi {
  readonly namespace: string;
  /** The answer's JSON; rejects with a `NotifyError` of code `KUBE_…`. */
  readonly request: (request: KubeRequest) => Promise<unknown>;
  /** The same for what is not JSON: a log. */
  readonly requestText: (request: KubeRequest) => Promise<string>;
  readonly close: () => void;
}

const TIMEOUT_MS = 20_000;
// client-go's own limit: https://github.com/kubernetes/client-go/blob/v0.32.0/rest/request.go ("maxRetries: 10").
const MAX_RETRIES = 10;
// A release is at most one object of etcd (1.5 MiB); the metadata of a history of hundreds stays below this too.
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export function openKube(connection: Connection, timeoutMs = TIMEOUT_MS): KubeApi {
  const { tls } = connection;
  const isTrustNeeded = connection.server.startsWith("https:") && !tls.isInsecure;
  const http = createHttp({
    tls: isTrustNeeded && tls.ca === undefined ? { ...tls, ca: systemAuthorities() } : tls,
    proxyUrl: connection.proxyUrl,
    timeoutMs,
    maxBodyBytes: MAX_BODY_BYTES,
  });
  const send = async (request: KubeRequest) => {
    const response = await sendPatiently(http.send, request, connection, timeoutMs);
    if (response.status >= 300) throw statusError(response, connection);
    return response;
  };
  return {
    namespace: connection.namespace,
    request: async (request) => parseAnswer(await send(request), connection),
    requestText: async (request) => (await send(request)).body.toString(),
    close: () => http.close(),
  };
}

/** Asks again as long as the server says when (429, or 5xx with Retry-After), as client-go does. */
async function sendPatiently(
  send: SendHttp,
  request: KubeRequest,
  connection: Connection,
  timeoutMs: number,
): Promise<HttpResponse> {
  const deadline = createDeadline(timeoutMs, request.signal);
  for (let retries = 0; ; retries++) {
    const response = await send({
      method: request.method ?? "GET",
      url: `${connection.server}${request.path}${formatQuery(request.query)}`,
      headers: {
        accept: request.accept ?? "application/json",
        "user-agent": "helm-notify",
        ...(request.contentType ? { "content-type": request.contentType } : {}),
        ...connection.headers,
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      signal: deadline.signal,
    }).catch((error: unknown) => {
      throw unreachableError(error, connection);
    });
    const waitMs = retryAfterMs(response);
    if (waitMs === undefined || retries >= MAX_RETRIES || waitMs >= deadline.remainingMs()) {
      return response;
    }
    await deadline.sleep(waitMs);
  }
}

function retryAfterMs({ status, headers }: HttpResponse): number | undefined {
  const seconds = headers["retry-after"];
  if ((status !== 429 && status < 500) || seconds === undefined) return undefined;
  return /^\d+$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

function formatQuery(query: KubeRequest["query"]): string {
  return query === undefined ? "" : `?${new URLSearchParams(query).toString()}`;
}

function parseAnswer(response: HttpResponse, { server, origin }: Connection): unknown {
  try {
    return JSON.parse(response.body.toString());
  } catch {
    // Without the parser's error, which quotes the body.
    const { host } = new URL(server);
    throw new NotifyError("KUBE_NOT_AN_API", `${host} does not answer like a Kubernetes API`, {
      hint: `Check the server address of ${origin}.`,
    });
  }
}
