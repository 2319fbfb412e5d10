// The way to the cluster of an environment: by the names that a deployment repository has for it.
import { readFile } from "node:fs/promises";
import { askHelm } from "./deploy-ports.ts";
import type { Environment } from "./domain/deployment-config.ts";
import { NotifyError } from "./domain/errors.ts";
import type { Host } from "./host.ts";
import { resolveConnection } from "./kube/connection.ts";
import { runCredentialPlugin } from "./kube/credential-plugin.ts";
import { type KubeApi, openKube } from "./kube/kube-api.ts";
import { placeArgv } from "./release/connection-flags.ts";
import { lookUpRelease } from "./release/look-up.ts";
import { homeFolder } from "./io/home-folder.ts";

/** Refuses with `KUBE_UNSUPPORTED` where only Helm knows the way. The caller closes `api`. */
export async function openEnvironment(
  { kubeContext, namespace }: Pick<Environment, "kubeContext" | "namespace">,
  host: Host,
  timeoutMs: number,
) {
  // Helm sets HELM_NAMESPACE for its plugins, by its own context: another one has a namespace of its own.
  const env = kubeContext === undefined ? host.env : { ...host.env, HELM_NAMESPACE: undefined };
  const resolved = await resolveConnection(
    { kubeContext, namespace },
    {
      env,
      homeDir: homeFolder(),
      isInteractive: host.isInteractive,
      readFile: async (path) => readFile(path),
      runCredentialPlugin,
    },
  );
  if (resolved.kind === "unsupported") {
    const message = `only Helm knows the way to this cluster: ${resolved.reason}`;
    throw new NotifyError("KUBE_UNSUPPORTED", message, {
      hint: "Name another context of the kubeconfig: this one cannot be looked at.",
    });
  }
  const api: KubeApi = openKube(resolved.connection, timeoutMs);
  const connectionFlags = placeArgv({ namespace: api.namespace, kubeContext });
  return {
    api,
    /** Where the way is written down. */
    origin: resolved.connection.origin,
    lookUpRelease: (release: string) =>
      lookUpRelease(
        { release, connectionFlags, timeoutMs },
        { env, openApi: () => Promise.resolve(api), runHelm: askHelm(host) },
      ),
  };
}
