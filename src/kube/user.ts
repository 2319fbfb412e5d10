// The user part of a connection: who we are to the server. The order of precedence is client-go's.
import { NotifyError } from "../domain/errors.ts";
import { Secret } from "../domain/secret.ts";
import type { HttpRequest } from "../flow/ports.ts";
import type { TlsOptions } from "../io/http.ts";
import type { ClusterSettings } from "./cluster.ts";
import type { ConnectionRequest } from "./connection-request.ts";
import { askExecPlugin } from "./exec-credential.ts";
import { decodeBase64, readReferenced } from "./kubeconfig-data.ts";
import { type Entry, type Kubeconfig, pathBeside, placeOf } from "./kubeconfig.ts";
import { type KubeContext, type KubeUser, NO_USER } from "./kubeconfig-text.ts";
import type { KubeWorld } from "./world.ts";

export interface UserEntry extends Entry<KubeUser> {
  readonly place: string;
}

export type Credentials =
  | { readonly kind: "credentials"; readonly headers: Headers; readonly tls: TlsOptions }
  | { readonly kind: "unsupported"; readonly reason: string };

type Headers = NonNullable<HttpRequest["headers"]>;

interface Identity {
  readonly authorization: Secret | undefined;
  readonly cert: string | undefined;
  readonly key: Secret | undefined;
}

export function userOf(
  config: Kubeconfig,
  context: Entry<KubeContext>,
  request: ConnectionRequest,
): UserEntry {
  const name = context.value.user;
  const entry = config.users.get(name);
  if (name !== "" && !entry) {
    throw invalid(`user "${name}" of a context in ${context.file} is in no kubeconfig`);
  }
  const { file, value } = entry ?? { file: context.file, value: NO_USER };
  return {
    file,
    place: placeOf("user", name, file),
    value: {
      ...value,
      token: request.token ?? value.token,
      as: request.asUser || value.as,
      "as-groups": request.asGroups ? [...request.asGroups] : value["as-groups"],
    },
  };
}

export async function credentialsOf(
  user: UserEntry,
  cluster: ClusterSettings,
  world: KubeWorld,
): Promise<Credentials> {
  checkConflicts(user);
  const impersonation = impersonationOf(user.value);
  // client-go says nothing of the user to a server without TLS.
  if (cluster.server.protocol !== "https:") {
    return { kind: "credentials", headers: impersonation, tls: {} };
  }
  const provider = user.value["auth-provider"];
  if (provider) {
    return { kind: "unsupported", reason: `auth-provider "${provider.name}" of ${user.place}` };
  }
  const { authorization, cert, key } = await identityOf(user, cluster, world);
  const headers = authorization ? { ...impersonation, authorization } : impersonation;
  return { kind: "credentials", headers, tls: { cert, key } };
}

/** A plugin is not asked where the user has other credentials. */
async function identityOf(
  user: UserEntry,
  cluster: ClusterSettings,
  world: KubeWorld,
): Promise<Identity> {
  const authorization = (await bearerOf(user, world)) ?? basicOf(user.value);
  const { cert, key } = await certificateOf(user, world);
  const { exec } = user.value;
  if (authorization !== undefined || cert !== undefined || !exec) {
    return { authorization, cert, key };
  }
  const answer = await askExecPlugin(
    { file: user.file, value: exec },
    cluster.execCluster,
    user.place,
    world,
  );
  const token = answer.token && new Secret(`Bearer ${answer.token.reveal()}`);
  return { authorization: token, cert: answer.cert, key: answer.key };
}

/** The file wins while it can be read: the token beside it is its last known content. */
async function bearerOf(user: UserEntry, world: KubeWorld): Promise<Secret | undefined> {
  const { token, tokenFile } = user.value;
  if (tokenFile === "") return token && new Secret(`Bearer ${token.reveal()}`);
  const path = pathBeside(user.file, tokenFile);
  const read = readReferenced(path, `tokenFile of ${user.place}`, world);
  const content = token ? await read.catch(() => "") : await read;
  const text = content.trim() || token?.reveal();
  if (!text) throw invalid(`tokenFile of ${user.place}: ${path} is empty`);
  return new Secret(`Bearer ${text}`);
}

function basicOf({ username, password }: KubeUser): Secret | undefined {
  if (username === "" && !password) return undefined;
  const pair = `${username}:${password?.reveal() ?? ""}`;
  return new Secret(`Basic ${Buffer.from(pair).toString("base64")}`);
}

async function certificateOf(
  user: UserEntry,
  world: KubeWorld,
): Promise<Pick<Identity, "cert" | "key">> {
  const read = (path: string, field: string): Promise<string> =>
    readReferenced(pathBeside(user.file, path), `${field} of ${user.place}`, world);
  const { value } = user;
  const certFile = value["client-certificate"];
  const certData = value["client-certificate-data"];
  if (certFile === "" && certData === "") return { cert: undefined, key: undefined };
  const keyData = value["client-key-data"];
  return {
    cert: certData
      ? decodeBase64(certData, `client-certificate-data of ${user.place}`)
      : await read(certFile, "client-certificate"),
    key: new Secret(
      keyData
        ? decodeBase64(keyData.reveal(), `client-key-data of ${user.place}`)
        : await read(value["client-key"], "client-key"),
    ),
  };
}

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation */
function impersonationOf(user: KubeUser): Headers {
  if (user.as === "") return {};
  const extra = Object.entries(user["as-user-extra"]).map(([key, values]) => [
    `impersonate-extra-${escapeHeaderName(key)}`,
    values,
  ]);
  return {
    "impersonate-user": user.as,
    ...(user["as-uid"] ? { "impersonate-uid": user["as-uid"] } : {}),
    ...(user["as-groups"].length > 0 ? { "impersonate-group": user["as-groups"] } : {}),
    ...Object.fromEntries(extra),
  };
}

/** Keys like `example.org/team` are no header names: the server takes them percent-encoded. */
function escapeHeaderName(key: string): string {
  return encodeURIComponent(key).replace(/[()]/g, (sign) => (sign === "(" ? "%28" : "%29"));
}

/** What client-go refuses: two answers to one question. */
function checkConflicts({ value, place }: UserEntry): void {
  const has = (key: keyof KubeUser): boolean => Boolean(value[key]);
  const hasCert = has("client-certificate") || has("client-certificate-data");
  if (has("token") && (has("username") || has("password"))) {
    throw invalid(`${place} has both a token and username/password`);
  }
  if (has("client-certificate") && has("client-certificate-data")) {
    throw invalid(`${place} has both client-certificate and client-certificate-data`);
  }
  if (hasCert && has("client-key") && has("client-key-data")) {
    throw invalid(`${place} has both client-key and client-key-data`);
  }
  if (hasCert && !has("client-key") && !has("client-key-data")) {
    throw invalid(`${place} has a client certificate without client-key`);
  }
  if (has("exec") && has("auth-provider")) {
    throw invalid(`${place} has both exec and auth-provider`);
  }
  const isImpersonating =
    has("as-uid") ||
    value["as-groups"].length > 0 ||
    Object.keys(value["as-user-extra"]).length > 0;
  if (isImpersonating && !has("as")) {
    throw invalid(`${place} impersonates groups, uid or extra without a user (as)`);
  }
}

function invalid(message: string): NotifyError {
  return new NotifyError("KUBECONFIG_INVALID", message, {
    hint: "Correct the kubeconfig, or choose another context with --kube-context.",
  });
}
