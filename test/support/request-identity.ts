// Who a request to the Kubernetes API comes from, and by which way.
import type { ConnectionRequest } from "../../src/kube/connection-request.ts";
import type { ConnectProxy } from "./connect-proxy.ts";
import type { AnswerRequest, SeenRequest } from "./tls-server.ts";

/** An API server without a single release. */
export const answerWithoutReleases: AnswerRequest = ({ url }: SeenRequest) => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify(
    url.startsWith("/version")
      ? { major: "1", minor: "34", gitVersion: "v1.34.3" }
      : { apiVersion: "v1", kind: "SecretList", metadata: {}, items: [] },
  ),
});

/** Of every request for Secrets among those seen. */
export function identitiesOf(
  seen: readonly SeenRequest[],
  tunnels: ConnectProxy["tunnels"],
): readonly object[] {
  const ways = tunnels.map(({ target, authorization }) => [target, authorization]);
  return seen
    .filter(({ url }) => url.includes("/secrets"))
    .map(({ url, headers, headersDistinct, serverName, clientName }) => ({
      path: url.replace(/\?.*/, ""),
      host: headers.host,
      authorization: readInfo(headers.authorization),
      impersonation: Object.fromEntries(
        Object.entries(headers).filter(([name]) => /^impersonate-(?!group)/.test(name)),
      ),
      // Helm reads --kube-as-group twice and says each group twice.
      groups: new Set(headersDistinct["impersonate-group"]),
      serverName,
      clientName,
      tunnel: ways[0],
    }));
}

/** A plugin's token that carries what the plugin was told. */
function readInfo(authorization: string | undefined): unknown {
  const info = /^Bearer info\.(.*)$/.exec(authorization ?? "")?.[1];
  return info === undefined ? authorization : JSON.parse(Buffer.from(info, "base64").toString());
}

/** The flags as Helm spells them. */
export function toArgv(flags: ConnectionRequest): string[] {
  const argv: string[] = [];
  const add = (flag: string, value: string | undefined) => value && argv.push(flag, value);
  add("--namespace", flags.namespace);
  add("--kube-token", flags.token?.reveal());
  add("--kube-apiserver", flags.apiServer);
  add("--kube-as-user", flags.asUser);
  add("--kube-ca-file", flags.caFile);
  add("--kube-tls-server-name", flags.tlsServerName);
  for (const group of flags.asGroups ?? []) add("--kube-as-group", group);
  if (flags.insecureSkipTlsVerify) argv.push("--kube-insecure-skip-tls-verify");
  return argv;
}
