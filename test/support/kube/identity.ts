// Who is asking: fixed tokens of users, signed tokens of service accounts, impersonation.
import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { forbidden, unauthorized } from "./api-error.ts";
import { textAt, type JsonObject } from "./json.ts";
import { describeRefusal, type Authorizer, type User } from "./rbac.ts";
import type { ResourceTable } from "./resources.ts";
import type { Store } from "./store.ts";

export interface TokenRequest {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audience?: string | undefined;
  readonly expirationSeconds?: number | undefined;
}

const ISSUER = "https://kubernetes.default.svc";
interface Claims extends JsonObject {
  aud: string[];
  exp: number;
  "kubernetes.io": JsonObject;
}

const DEFAULT_EXPIRATION_SECONDS = 3600;
const ANONYMOUS: User = { name: "system:anonymous", groups: ["system:unauthenticated"] };

export class Identity {
  readonly #store: Store;
  readonly #resources: ResourceTable;
  readonly #key = randomBytes(32);
  readonly #users = new Map<string, User>();

  constructor(store: Store, resources: ResourceTable) {
    this.#store = store;
    this.#resources = resources;
  }

  /** Returns the user's token. */
  addUser(name: string, groups: readonly string[] = []): string {
    const token = randomBytes(16).toString("hex");
    this.#users.set(token, { name, groups: [...groups, "system:authenticated"] });
    return token;
  }

  /** A service account token as the TokenRequest API and the kubelet hand them out; the account must exist. */
  mint({ namespace, serviceAccount, audience = ISSUER, expirationSeconds }: TokenRequest): string {
    const account = this.#store.require(
      this.#resources.named("serviceaccounts"),
      namespace,
      serviceAccount,
    );
    const issuedAt = nowSeconds();
    const claims = {
      aud: [audience],
      exp: issuedAt + (expirationSeconds ?? DEFAULT_EXPIRATION_SECONDS),
      iat: issuedAt,
      iss: ISSUER,
      "kubernetes.io": {
        namespace,
        serviceaccount: { name: serviceAccount, uid: account.metadata.uid },
      },
      nbf: issuedAt,
      sub: `system:serviceaccount:${namespace}:${serviceAccount}`,
    };
    const payload = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
    return `${payload}.${this.#sign(payload).toString("base64url")}`;
  }

  /** The user behind the request's headers, after impersonation where they ask for it. */
  authenticate(headers: IncomingHttpHeaders, authorizer: Authorizer): User {
    const token = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
    const user = token === undefined ? ANONYMOUS : this.identify(token);
    const name = headers["impersonate-user"];
    return name === undefined ? user : impersonate(user, String(name), headers, authorizer);
  }

  identify(token: string): User {
    return this.#users.get(token) ?? this.#verify(token);
  }

  #verify(token: string): User {
    const [header = "", body = "", signature = ""] = token.split(".");
    const expected = this.#sign(`${header}.${body}`);
    const given = Buffer.from(signature, "base64url");
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) throw unauthorized();
    const claims: Claims = JSON.parse(Buffer.from(body, "base64url").toString());
    const namespace = textAt(claims["kubernetes.io"], "namespace");
    const name = textAt(claims["kubernetes.io"], "serviceaccount", "name");
    const account = this.#store.get(this.#resources.named("serviceaccounts"), namespace, name);
    const isSameAccount =
      account?.metadata.uid === textAt(claims["kubernetes.io"], "serviceaccount", "uid");
    if (!claims.aud.includes(ISSUER) || claims.exp <= nowSeconds() || !isSameAccount)
      throw unauthorized();
    return serviceAccountUser(namespace, name);
  }

  #sign(payload: string): Buffer {
    return createHmac("sha256", this.#key).update(payload).digest();
  }
}

function impersonate(
  user: User,
  name: string,
  headers: IncomingHttpHeaders,
  authorizer: Authorizer,
): User {
  const [, namespace, account] = /^system:serviceaccount:([^:]+):(.+)$/.exec(name) ?? [];
  const groups = [headers["impersonate-group"] ?? []].flat().flatMap((list) => list.split(/,\s*/));
  const wanted = [
    account === undefined
      ? { plural: "users", namespace: "", name }
      : { plural: "serviceaccounts", namespace: namespace ?? "", name: account },
    ...groups.map((group) => ({ plural: "groups", namespace: "", name: group })),
  ];
  for (const { plural, ...place } of wanted) {
    const action = { verb: "impersonate", group: "", resource: plural, ...place };
    if (!authorizer.allows(user, action))
      throw forbidden({ group: "", plural }, place.name, describeRefusal(user, action));
  }
  if (account !== undefined) return serviceAccountUser(namespace ?? "", account);
  return { name, groups: [...groups, "system:authenticated"] };
}

function serviceAccountUser(namespace: string, name: string): User {
  return {
    name: `system:serviceaccount:${namespace}:${name}`,
    groups: [
      "system:serviceaccounts",
      `system:serviceaccounts:${namespace}`,
      "system:authenticated",
    ],
  };
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
