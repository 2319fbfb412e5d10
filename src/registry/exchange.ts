// Requests to registries: where they are, who we are there, and patience where they ask for it.
import type { RepositoryPlace } from "../domain/image-reference.ts";
import type { Secret } from "../domain/secret.ts";
import type { HttpRequest, HttpResponse, SendHttp } from "../flow/ports.ts";
import { createDeadline } from "../io/deadline.ts";
import { authorize, unauthorized } from "./authorization.ts";
import { parseChallenge } from "./challenge.ts";
import { type CredentialWorld, findCredentials } from "./credentials.ts";
import { notARegistry, statusError, unreachableError } from "./errors.ts";

interface RegistryGet {
  readonly place: RepositoryPlace;
  /** Below the repository: `manifests/1.4.0`. */
  readonly path: string;
  /** What is asked for, as people write it. */
  readonly what: string;
  readonly accept?: string;
  readonly signal: AbortSignal;
}

/** The answer of status 200; rejects with a `NotifyError` of code `REGISTRY_…`. */
export type GetFromRegistry = (request: RegistryGet) => Promise<HttpResponse>;

// For one request with all its waiting.
const TIMEOUT_MS = 20_000;
const FIRST_WAIT_MS = 500;
const MAX_REDIRECTS = 5;
// The host in the names of Docker Hub's images serves no API.
const API_HOSTS: Readonly<Record<string, string>> = { "docker.io": "registry-1.docker.io" };

/** What it learns (scheme, tokens) it keeps for the requests that follow. */
export function createExchange(send: SendHttp, world: CredentialWorld): GetFromRegistry {
  const origins = new Map<string, Promise<string>>();
  const authorizations = new Map<string, Promise<Secret>>();

  const originOf = (registry: string, signal: AbortSignal): Promise<string> => {
    const known = origins.get(registry) ?? findOrigin(registry, send, signal);
    origins.set(registry, known);
    return known;
  };

  return async ({ place, path, what, accept = "application/json", signal }) => {
    const { registry, name } = place;
    const repository = `${registry}/${name}`;
    const { signal: limit } = createDeadline(TIMEOUT_MS, signal);
    const origin = await originOf(registry, limit);
    const url = `${origin}/v2/${name}/${path}`;
    const ask = async (authorization: Secret | undefined) =>
      follow({ url, headers: { accept }, signal: limit }, authorization, registry, send);

    const known = authorizations.get(repository);
    let response = await ask(await known);
    if (response.status === 401) {
      // Others that ask the same repository at once share the token that comes first.
      if (authorizations.get(repository) === known) {
        const fresh = meet(response, place, origin.startsWith("http:"), limit);
        authorizations.set(repository, fresh);
        fresh.catch(() => authorizations.delete(repository));
      }
      response = await ask(await authorizations.get(repository));
    }
    if (response.status === 401 || response.status === 403) {
      throw unauthorized(place, await findCredentials(place, world, limit));
    }
    if (response.status !== 200) throw statusError(response, registry, what);
    return response;
  };

  async function meet(
    { headers }: HttpResponse,
    place: RepositoryPlace,
    isPlain: boolean,
    signal: AbortSignal,
  ): Promise<Secret> {
    const challenge = parseChallenge(headers["www-authenticate"] ?? "");
    if (!challenge) throw notARegistry(place.registry, "401 without a way to log in");
    const credentials = await findCredentials(place, world, signal);
    return authorize(challenge, credentials, place, isPlain, (request) =>
      sendPatiently({ ...request, signal }, place.registry, send),
    );
  }
}

/**
 * Plain HTTP only on this machine, and only where there is no registry with TLS, as Docker does:
 * https://docs.docker.com/reference/cli/dockerd/#insecure-registries
 */
async function findOrigin(registry: string, send: SendHttp, signal: AbortSignal): Promise<string> {
  const secure = `https://${API_HOSTS[registry] ?? registry}`;
  // Names below localhost lead nowhere else either: RFC 6761 §6.3.
  if (!/^(?:(?:[\w-]+\.)*localhost|127(?:\.\d+){3})(?::\d+)?$/i.test(registry)) return secure;
  const plain = `http://${registry}`;
  const speaksTls = await send({ url: `${secure}/v2/`, signal }).catch(() => undefined);
  if (speaksTls) return secure;
  // A certificate that is not trusted failed too: such a server is no registry without TLS.
  const answer = await send({ url: `${plain}/v2/`, signal }).catch(() => undefined);
  return answer?.status === 200 || answer?.status === 401 ? plain : secure;
}

/** Blobs are often served from elsewhere, who must not see what we show to the registry. */
async function follow(
  request: HttpRequest & { readonly headers: Readonly<Record<string, string>> },
  authorization: Secret | undefined,
  registry: string,
  send: SendHttp,
): Promise<HttpResponse> {
  let url = new URL(request.url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    const isAtHome = url.origin === new URL(request.url).origin;
    const response = await sendPatiently(
      {
        ...request,
        url: url.href,
        headers: { ...request.headers, ...(isAtHome && authorization ? { authorization } : {}) },
      },
      registry,
      send,
    );
    const target = response.headers["location"];
    if (![301, 302, 303, 307, 308].includes(response.status) || target === undefined) {
      return response;
    }
    const next = URL.parse(target, url.href);
    const isSafe = next?.protocol === "https:" || next?.protocol === url.protocol;
    if (!next || !isSafe) throw notARegistry(registry, "a redirect away from https");
    url = next;
  }
  throw notARegistry(registry, `more than ${MAX_REDIRECTS} redirects`);
}

/** Asks again as long as it is told to (429, 5xx) and there is time to. */
async function sendPatiently(
  request: HttpRequest,
  registry: string,
  send: SendHttp,
): Promise<HttpResponse> {
  const deadline = createDeadline(TIMEOUT_MS, request.signal);
  for (let waitMs = FIRST_WAIT_MS; ; waitMs *= 2) {
    const response = await send({ ...request, signal: deadline.signal }).catch((error: unknown) => {
      throw unreachableError(error, registry);
    });
    if (response.status !== 429 && response.status < 500) return response;
    const askedMs = retryAfterMs(response.headers["retry-after"] ?? "");
    const nextMs = Math.max(waitMs, askedMs);
    if (nextMs >= deadline.remainingMs()) return response;
    await deadline.sleep(nextMs);
  }
}

/** Seconds or a date: RFC 9110 §10.2.3. */
function retryAfterMs(header: string): number {
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? 0 : at - Date.now();
}
