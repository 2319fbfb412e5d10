// A connection beside what kubectl says of the same kubeconfig.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Connection } from "../../src/kube/connection.ts";

export interface KubectlView {
  readonly clusters?: readonly { cluster: Record<string, string> }[];
  readonly users?: readonly { user: Record<string, string> & { "as-user-extra"?: object } }[];
  readonly contexts: readonly [{ context: { namespace?: string } }];
}

/** What kubectl's answer means for the wire. */
export function expectedConnection(view: KubectlView, home: string): object {
  const server = view.clusters?.[0]?.cluster ?? {};
  const user = view.users?.[0]?.user ?? {};
  const place = view.contexts[0].context;
  const tokenFile = user["tokenFile"] && join(home, user["tokenFile"]);
  const token = tokenFile ? readFileSync(tokenFile, "utf8").trim() : user["token"];
  const extra = Object.entries(user["as-user-extra"] ?? {}).map(([key, values]) => [
    `impersonate-extra-${encodeURIComponent(key)}`,
    values,
  ]);
  return {
    server: server["server"]?.replace(/\/$/, ""),
    namespace: place.namespace ?? "default",
    ca: decoded(server["certificate-authority-data"]),
    isInsecure: server["insecure-skip-tls-verify"] ?? false,
    serverName: server["tls-server-name"],
    proxy: server["proxy-url"],
    cert: decoded(user["client-certificate-data"]),
    key: decoded(user["client-key-data"]),
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(user["username"]
        ? { authorization: `Basic ${base64(`${user["username"]}:${user["password"] ?? ""}`)}` }
        : {}),
      ...(user["as"] ? { "impersonate-user": user["as"] } : {}),
      ...(user["as-uid"] ? { "impersonate-uid": user["as-uid"] } : {}),
      ...(user["as-groups"] ? { "impersonate-group": user["as-groups"] } : {}),
      ...Object.fromEntries(extra),
    },
  };
}

export function plainConnection({ server, namespace, tls, proxyUrl, headers }: Connection): object {
  return {
    server,
    namespace,
    ca: tls.ca,
    isInsecure: tls.isInsecure,
    serverName: tls.serverName,
    proxy: proxyUrl?.reveal(),
    cert: tls.cert,
    key: tls.key?.reveal(),
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [
        name,
        typeof value === "object" && "reveal" in value ? value.reveal() : value,
      ]),
    ),
  };
}

export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}

function decoded(data: string | undefined): string | undefined {
  return data === undefined ? undefined : Buffer.from(data, "base64").toString();
}
