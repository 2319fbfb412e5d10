// How to reach the API server: kubeconfig, Helm's flags and the pod's service account, by client-go's rules.
import { Secret } from "../domain/secret.ts";
import { NotifyError } from "../domain/errors.ts";
import type { HttpRequest } from "../flow/ports.ts";
import type { TlsOptions } from "../io/http.ts";
import { proxyFor } from "../io/proxy.ts";
import { clusterOf, type ClusterSettings } from "./cluster.ts";
import { type ConnectionRequest, withEnvironment } from "./connection-request.ts";
import { isInPod, podConnection, podNamespace } from "./in-cluster.ts";
import { type Entry, type Kubeconfig, readKubeconfig } from "./kubeconfig.ts";
import { type KubeContext, NO_CONTEXT } from "./kubeconfig-text.ts";
import { credentialsOf, userOf } from "./user.ts";
import type { KubeWorld } from "./world.ts";

export interface Connection {
  /** Base URL without a slash at its end; may have a path, as behind Rancher. */
  readonly server: string;
  readonly namespace: string;
  /** Credentials and impersonation. */
  readonly headers: NonNullable<HttpRequest["headers"]>;
  readonly tls: TlsOptions;
  readonly proxyUrl?: Secret;
  /** Where these settings come from, for messages. */
  readonly origin: string;
}

/** `unsupported`: Helm can serve it, this reader cannot. */
export type ConnectionResult =
  | { readonly kind: "connection"; readonly connection: Connection }
  | { readonly kind: "unsupported"; readonly reason: string };

export async function resolveConnection(
  flags: ConnectionRequest,
  world: KubeWorld,
): Promise<ConnectionResult> {
  const request = withEnvironment(flags, world.env);
  const config = await readKubeconfig(request.kubeconfig, world);
  const context = chooseContext(config, request);
  const cluster = await clusterOf(config, context, request, world);
  const user = userOf(config, context, request);
  const namespace = request.namespace || context.value.namespace;

  const isUnconfigured = cluster.isDefault && !cluster.proxyUrl && user.value.as === "";
  if (isUnconfigured && (await isInPod(world))) {
    const connection = await podConnection(request, world);
    return {
      kind: "connection",
      connection: { ...connection, namespace: namespace || connection.namespace },
    };
  }
  const proxy = chooseProxy(cluster, world);
  if (proxy.kind === "unsupported") return proxy;
  const credentials = await credentialsOf(user, cluster, world);
  if (credentials.kind === "unsupported") return credentials;
  return {
    kind: "connection",
    connection: {
      server: cluster.server.href.replace(/\/$/, ""),
      namespace: namespace || (await podNamespace(world)),
      headers: credentials.headers,
      tls: { ...cluster.tls, ...credentials.tls },
      ...(proxy.url ? { proxyUrl: proxy.url } : {}),
      origin: originOf(cluster, contextName(config, request)),
    },
  };
}

function contextName(config: Kubeconfig, request: ConnectionRequest): string {
  return request.kubeContext || config.currentContext;
}

function originOf(cluster: ClusterSettings, name: string): string {
  if (name !== "") return `context "${name}"`;
  return cluster.isDefault
    ? "no kubeconfig with a current context was found"
    : "the connection flags";
}

function chooseContext(config: Kubeconfig, request: ConnectionRequest): Entry<KubeContext> {
  const name = contextName(config, request);
  if (name === "") return { file: "", value: NO_CONTEXT };
  const context = config.contexts.get(name);
  if (context) return context;
  const known = [...config.contexts.keys()].toSorted().join(", ");
  throw new NotifyError("KUBECONFIG_INVALID", `context "${name}" is in no kubeconfig`, {
    hint: known === "" ? "Check KUBECONFIG or --kubeconfig." : `Choose one of: ${known}.`,
  });
}

type Proxy =
  | { readonly kind: "chosen"; readonly url: Secret | undefined }
  | { readonly kind: "unsupported"; readonly reason: string };

/** proxy-url holds for every address, the environment's proxies mind NO_PROXY. */
function chooseProxy(cluster: ClusterSettings, world: KubeWorld): Proxy {
  const fromEnv = proxyFor(cluster.server, world.env);
  const url = cluster.proxyUrl ?? (fromEnv === undefined ? undefined : new Secret(fromEnv));
  const scheme = /^([^:]+):\/\//.exec(url?.reveal() ?? "http://")?.[1] ?? "";
  if (scheme === "http" || scheme === "https") return { kind: "chosen", url };
  return { kind: "unsupported", reason: `a proxy with the scheme "${scheme}"` };
}
