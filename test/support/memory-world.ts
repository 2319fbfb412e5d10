// Kubeconfigs in memory, and the connection they give, with its secrets revealed.
import type { ConnectionRequest } from "../../src/kube/connection-request.ts";
import { resolveConnection } from "../../src/kube/connection.ts";
import type {
  CredentialPluginCall,
  CredentialPluginEnd,
} from "../../src/kube/credential-plugin.ts";
import type { KubeWorld } from "../../src/kube/world.ts";

export interface Given {
  readonly files?: Readonly<Record<string, string | object>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly plugin?: (call: CredentialPluginCall) => CredentialPluginEnd;
  readonly isInteractive?: boolean;
}

/** KUBECONFIG is /k/config; the content EACCES stands for a file that may not be read. */
export function memoryWorld({
  files = {},
  env = {},
  plugin,
  isInteractive = false,
}: Given): KubeWorld {
  return {
    env: { KUBECONFIG: "/k/config", ...env },
    homeDir: "/home/jane",
    isInteractive,
    readFile: (path) => {
      const content = files[path];
      if (content === undefined)
        return Promise.reject(Object.assign(new Error(), { code: "ENOENT" }));
      if (content === "EACCES")
        return Promise.reject(Object.assign(new Error(), { code: "EACCES" }));
      return Promise.resolve(
        Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
      );
    },
    runCredentialPlugin: (call) =>
      plugin ? Promise.resolve(plugin(call)) : Promise.reject(new Error("no plugin was expected")),
  };
}

/** One context of one user and one cluster. */
export function config(user: object, cluster: object = {}) {
  return {
    "current-context": "main",
    contexts: [{ name: "main", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://api:6443", ...cluster } }],
    users: [{ name: "u", user }],
  };
}

export async function resolve(given: Given, flags: ConnectionRequest = {}) {
  const result = await resolveConnection(flags, memoryWorld(given));
  if (result.kind === "unsupported") throw new Error(result.reason);
  const { headers, tls, proxyUrl, ...rest } = result.connection;
  const authorization = headers["authorization"];
  const revealed =
    typeof authorization === "object" && "reveal" in authorization && authorization.reveal();
  return {
    ...rest,
    authorization: revealed,
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key?.reveal(),
    proxy: proxyUrl?.reveal(),
  };
}
