// The cluster part of a connection: where the server is and how it proves itself.
import { NotifyError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import type { TlsOptions } from "../io/http.ts";
import type { ConnectionRequest } from "./connection-request.ts";
import type { ExecCluster } from "./exec-credential.ts";
import { decodeBase64, readReferenced } from "./kubeconfig-data.ts";
import { type Entry, type Kubeconfig, pathBeside, placeOf } from "./kubeconfig.ts";
import { type KubeCluster, type KubeContext, NO_CLUSTER } from "./kubeconfig-text.ts";
import type { KubeWorld } from "./world.ts";

export interface ClusterSettings {
  readonly server: URL;
  /** Nobody named a server: client-go then tries the pod's service account, else localhost. */
  readonly isDefault: boolean;
  readonly tls: TlsOptions;
  readonly proxyUrl: Secret | undefined;
  readonly execCluster: ExecCluster;
}

export async function clusterOf(
  config: Kubeconfig,
  context: Entry<KubeContext>,
  request: ConnectionRequest,
  world: KubeWorld,
): Promise<ClusterSettings> {
  const name = context.value.cluster;
  const entry = config.clusters.get(name) ?? { file: context.file, value: NO_CLUSTER };
  const place = placeOf("cluster", name, entry.file);
  if (name !== "" && !config.clusters.has(name)) {
    throw invalid(`cluster "${name}" of a context in ${context.file} is in no kubeconfig`);
  }
  const cluster = withFlags(entry, request);
  const defaultServer = world.env["KUBERNETES_MASTER"] || "http://localhost:8080";
  const server = parseServer(cluster.server || defaultServer, place);
  const tls = server.protocol === "https:" ? await tlsOf(cluster, place, world) : {};
  checkProxy(cluster["proxy-url"], place);
  return {
    server,
    isDefault: cluster.server === "",
    tls,
    proxyUrl: cluster["proxy-url"],
    execCluster: toExecCluster(cluster, server, tls),
  };
}

/** A flag that trusts another way takes the kubeconfig's trust away with it; another server takes its name away. */
function withFlags({ file, value }: Entry<KubeCluster>, request: ConnectionRequest): KubeCluster {
  const isOwnTrust = request.insecureSkipTlsVerify === true || Boolean(request.caFile);
  const isOwnName = Boolean(request.tlsServerName) || Boolean(request.apiServer);
  const caFile = value["certificate-authority"];
  return {
    ...value,
    server: request.apiServer || value.server,
    "certificate-authority": caFile && pathBeside(file, caFile),
    ...(isOwnTrust
      ? {
          "insecure-skip-tls-verify": request.insecureSkipTlsVerify ?? false,
          "certificate-authority": request.caFile ?? "",
          "certificate-authority-data": "",
        }
      : {}),
    ...(isOwnName ? { "tls-server-name": request.tlsServerName ?? "" } : {}),
  };
}

/** `host:port` alone means http, as in client-go. */
function parseServer(text: string, place: string): URL {
  const isUrl = /^https?:\/\/./i.test(text);
  const url = URL.parse(isUrl ? text : `http://${text}`);
  if (url === null || (!isUrl && url.pathname !== "/")) {
    throw invalid(`${place}: server "${text}" is neither a URL nor host:port`);
  }
  url.search = "";
  url.hash = "";
  return url;
}

async function tlsOf(cluster: KubeCluster, place: string, world: KubeWorld): Promise<TlsOptions> {
  const caFile = cluster["certificate-authority"];
  const caData = cluster["certificate-authority-data"];
  const isInsecure = cluster["insecure-skip-tls-verify"];
  const name = cluster["tls-server-name"];
  if (caFile && caData) {
    throw invalid(`${place} has both certificate-authority and certificate-authority-data`);
  }
  if (isInsecure && (caFile || caData)) {
    throw invalid(`${place} has both a certificate authority and insecure-skip-tls-verify`);
  }
  const ca = caData
    ? decodeBase64(caData, `certificate-authority-data of ${place}`)
    : caFile && (await readReferenced(caFile, `certificate-authority of ${place}`, world));
  return { ca: ca || undefined, serverName: name || undefined, isInsecure };
}

function checkProxy(proxy: Secret | undefined, place: string): void {
  if (proxy === undefined) return;
  const scheme = URL.parse(proxy.reveal())?.protocol ?? "";
  if (/^(https?|socks5h?):$/.test(scheme)) return;
  throw invalid(`${place}: proxy-url is not a URL of a http, https or socks5 proxy`);
}

/** https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-Cluster */
function toExecCluster(cluster: KubeCluster, server: URL, tls: TlsOptions): ExecCluster {
  const extension = cluster.extensions.find(
    ({ name }) => name === "client.authentication.k8s.io/exec",
  );
  return {
    server: cluster.server || server.href,
    "tls-server-name": tls.serverName,
    "insecure-skip-tls-verify": tls.isInsecure || undefined,
    "certificate-authority-data":
      typeof tls.ca === "string" ? Buffer.from(tls.ca).toString("base64") : undefined,
    "proxy-url": cluster["proxy-url"]?.reveal(),
    config: extension?.extension ?? null,
  };
}

function invalid(message: string): NotifyError {
  return new NotifyError("KUBECONFIG_INVALID", message, {
    hint: "Correct the kubeconfig, or choose another context with --kube-context.",
  });
}
