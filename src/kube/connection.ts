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
  readonly proxyUrl?: Secret | undefined;
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
  const pod =
    isUnconfigured && (await isInPod(world)) ? await podConnection(request, world) : undefined;
  const server = pod ? new URL(pod.server) : cluster.server;
  const proxy = chooseProxy(server, cluster.proxyUrl, world);
  if (proxy.kind === "unsupported") return proxy;
  const proxyUrl = proxy.url;
  if (pod) {
    const connection = { ...pod, namespace: namespace || pod.namespace, proxyUrl };
    return { kind: "connection", connection };
  }
  const credentials = await credentialsOf(user, cluster, world);
  if (credentials.kind === "unsupported") return credentials;
  const connection = {
    server: server.href.replace(/\/$/, ""),
    namespace: namespace || (await podNamespace(world)),
    headers: credentials.headers,
    tls: { ...cluster.tls, ...credentials.tls },
    proxyUrl,
    origin: originOf(cluster, contextName(config, request)),
  };
  return { kind: "connection", connection };
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
function chooseProxy(server: URL, own: Secret | undefined, { env }: KubeWorld): Proxy {
  const fromEnv = proxyFor(server, env);
  const url = own ?? (fromEnv === undefined ? undefined : new Secret(fromEnv));
  const scheme = /^([^:]+):\/\//.exec(url?.reveal() ?? "http://")?.[1]?.toLowerCase() ?? "";
  if (scheme === "http" || scheme === "https") return { kind: "chosen", url };
  return { kind: "unsupported", reason: `a proxy with the scheme "${scheme}"` };
}
