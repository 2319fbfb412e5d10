// The Kubernetes API that Helm's flags, environment and kubeconfig lead to.
import type { ConnectionRequest } from "./connection-request.ts";
import { resolveConnection } from "./connection.ts";
import { type KubeApi, openKube } from "./kube-api.ts";
import type { KubeWorld } from "./world.ts";

/** `undefined` where Helm can serve the connection and this reader cannot. The caller closes it. */
export async function openApi(
  request: ConnectionRequest,
  timeoutMs: number,
  world: KubeWorld,
): Promise<KubeApi | undefined> {
  const resolved = await resolveConnection(request, world);
  return resolved.kind === "connection" ? openKube(resolved.connection, timeoutMs) : undefined;
}
