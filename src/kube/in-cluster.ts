// A program in a pod: the service account's token, authority and namespace, mounted as files.
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
import { join } from "node:path";
import { Secret } from "../domain/secret.ts";
import type { ConnectionRequest } from "./connection-request.ts";
import type { Connection } from "./connection.ts";
import { readReferenced } from "./kubeconfig-data.ts";
import type { KubeWorld } from "./world.ts";

type PodWorld = Pick<KubeWorld, "env" | "readFile">;

const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

export async function isInPod(world: PodWorld): Promise<boolean> {
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = world.env;
  return Boolean(host && port) && (await tryRead("token", world)) !== undefined;
}

/** The namespace a pod works in by default; `default` outside of pods. */
export async function podNamespace(world: PodWorld): Promise<string> {
  if (!(await isInPod(world))) return "default";
  return world.env["POD_NAMESPACE"] || (await tryRead("namespace", world))?.trim() || "default";
}

/** Of Helm's flags only token and authority count here, as in client-go: with a server of its own it is not used. */
export async function podConnection(
  request: ConnectionRequest,
  world: PodWorld,
): Promise<Connection> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = world.env;
  const token = request.token?.reveal() ?? (await readMounted("token", world)).trim();
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace: await podNamespace(world),
    headers: { authorization: new Secret(`Bearer ${token}`) },
    tls: {
      ca: request.caFile
        ? await readReferenced(request.caFile, "--kube-ca-file", world)
        : await readMounted("ca.crt", world),
    },
    origin: "the service account of this pod",
  };
}

function readMounted(name: string, world: PodWorld): Promise<string> {
  return readReferenced(join(SERVICE_ACCOUNT, name), `the pod's ${name}`, world);
}

function tryRead(name: string, world: PodWorld): Promise<string | undefined> {
  return world.readFile(join(SERVICE_ACCOUNT, name)).then(
    (content) => content.toString(),
    () => undefined,
  );
}
