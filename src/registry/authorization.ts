// From what a registry asks for and what we have, to the header it wants to see.
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import type { RepositoryPlace } from "../domain/image-reference.ts";
import { parseJson } from "../domain/json.ts";
import { Secret } from "../domain/secret.ts";
import type { HttpRequest, HttpResponse } from "../flow/ports.ts";
import type { Challenge } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { notARegistry, statusError } from "./errors.ts";

/** Sends to the registry's token service: never on to where that redirects. */
type SendForToken = (request: HttpRequest) => Promise<HttpResponse>;

type BearerChallenge = Extract<Challenge, { kind: "bearer" }>;

// https://distribution.github.io/distribution/spec/auth/token/#token-response-fields
const tokenAnswer = z.object({
  token: z.optional(z.string()),
  access_token: z.optional(z.string()),
});

export async function authorize(
  challenge: Challenge,
  credentials: Credentials | undefined,
  place: RepositoryPlace,
  isPlain: boolean,
  send: SendForToken,
): Promise<Secret> {
  if (credentials?.kind === "token") return new Secret(`Bearer ${credentials.token.reveal()}`);
  if (challenge.kind === "basic") {
    if (credentials?.kind !== "password") throw unauthorized(place, credentials);
    return basic(credentials);
  }
  const response = await send(tokenRequest(challenge, credentials, place, isPlain));
  if ([400, 401, 403].includes(response.status)) throw unauthorized(place, credentials);
  if (response.status !== 200) throw statusError(response, place.registry, "token service");
  return new Secret(`Bearer ${readToken(response, place)}`);
}

export function unauthorized(
  { registry, name }: RepositoryPlace,
  credentials: Credentials | undefined,
): NotifyError {
  if (credentials === undefined) {
    return new NotifyError(
      "REGISTRY_UNAUTHORIZED",
      `${registry} shows ${name} to nobody without credentials`,
      { hint: `Log in: docker login ${registry}` },
    );
  }
  return new NotifyError(
    "REGISTRY_UNAUTHORIZED",
    `${registry} does not show ${name} to the credentials of ${credentials.origin}`,
    { hint: `Log in again, or ask for the right to pull: docker login ${registry}` },
  );
}

function tokenRequest(
  challenge: BearerChallenge,
  credentials: Credentials | undefined,
  place: RepositoryPlace,
  isPlain: boolean,
): HttpRequest {
  const url = URL.parse(challenge.realm);
  // A password is shown to no listener that the registry itself would not show it to.
  if (url?.protocol !== "https:" && !(isPlain && url?.protocol === "http:")) {
    throw notARegistry(place.registry, "its token service is not at an https address");
  }
  const wish = {
    ...(challenge.service === undefined ? {} : { service: challenge.service }),
    scope: challenge.scope ?? `repository:${place.name}:pull`,
  };
  if (credentials?.kind === "identity") {
    // https://distribution.github.io/distribution/spec/auth/oauth/
    const form = {
      grant_type: "refresh_token",
      client_id: "helm-notify",
      refresh_token: credentials.token.reveal(),
    };
    return {
      method: "POST",
      url: url.href,
      headers: { "content-type": "application/x-www-form-urlencoded" },
      body: new URLSearchParams({ ...form, ...wish }).toString(),
    };
  }
  for (const [name, value] of Object.entries(wish)) url.searchParams.set(name, value);
  return {
    url: url.href,
    ...(credentials?.kind === "password" ? { headers: { authorization: basic(credentials) } } : {}),
  };
}

function basic({ username, password }: Extract<Credentials, { kind: "password" }>): Secret {
  const pair = Buffer.from(`${username}:${password.reveal()}`).toString("base64");
  return new Secret(`Basic ${pair}`);
}

function readToken({ body }: HttpResponse, place: RepositoryPlace): string {
  const { data } = tokenAnswer.safeParse(parseJson(body.toString()));
  const given = data?.token || data?.access_token;
  if (given) return given;
  throw notARegistry(place.registry, "its token service gives no token");
}
