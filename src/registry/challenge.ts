// What a registry asks for with a 401: https://distribution.github.io/distribution/spec/auth/token/#how-to-authenticate

export type Challenge =
  | { readonly kind: "basic" }
  | {
      readonly kind: "bearer";
      readonly realm: string;
      readonly service: string | undefined;
      readonly scope: string | undefined;
    };

// `Bearer` before the first of its parameters; a value is quoted or a token (RFC 9110 §11.6.1).
const PARAMETER = /(?:([\w-]+)\s+)?([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,"]+))/g;

/** Bearer before Basic, as Docker takes them; `undefined` where neither is offered. */
export function parseChallenge(header: string): Challenge | undefined {
  const offers = new Map<string, Map<string, string>>();
  let offer = new Map<string, string>();
  for (const [, scheme, name = "", quoted, token = ""] of header.matchAll(PARAMETER)) {
    if (scheme !== undefined) offers.set(scheme.toLowerCase(), (offer = new Map()));
    offer.set(name.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? token);
  }
  const bearer = offers.get("bearer");
  const realm = bearer?.get("realm");
  if (realm !== undefined) {
    return {
      kind: "bearer",
      realm,
      service: bearer?.get("service"),
      scope: bearer?.get("scope"),
    };
  }
  return offers.has("basic") ? { kind: "basic" } : undefined;
}
