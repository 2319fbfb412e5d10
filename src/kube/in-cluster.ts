// A program in a pod: the service account's token, authority and namespace, mounted as files.
// https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/#directly-accessing-the-rest-api
import { join } from "node:path";
import { NotifyError } from "../domain/errors.ts";
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

/** Of Helm's flags only server, token and authority count in a pod, as in client-go. */
export async function podConnection(
  request: ConnectionRequest,
  world: PodWorld,
): Promise<Connection> {
  const own = await mountedConnection(SERVICE_ACCOUNT, await podNamespace(world), world);
  const { apiServer, token, caFile } = request;
  const ca = caFile ? await readReferenced(caFile, "--kube-ca-file", world) : own.tls.ca;
  return {
    ...own,
    server: apiServer ? apiServer.replace(/\/$/, "") : own.server,
    headers: token ? { authorization: new Secret(`Bearer ${token.reveal()}`) } : own.headers,
    tls: { ca },
  };
}

/** The connection that a folder with `token` and `ca.crt` gives in a pod; never through a proxy. */
export async function mountedConnection(
  folder: string,
  namespace: string,
  world: PodWorld,
): Promise<Connection> {
  const { KUBERNETES_SERVICE_HOST: host = "", KUBERNETES_SERVICE_PORT: port = "" } = world.env;
  if (host === "" || port === "") {
    throw new NotifyError("KUBE_NOT_IN_POD", "KUBERNETES_SERVICE_HOST or _PORT is not set", {
      hint: "Run the program in a pod.",
    });
  }
  const read = (name: string): Promise<string> =>
    readReferenced(join(folder, name), `service account's ${name}`, world);
  const [token, ca] = await Promise.all([read("token"), read("ca.crt")]);
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    namespace,
    headers: { authorization: new Secret(`Bearer ${token.trim()}`) },
    tls: { ca },
    origin: "the service account of this pod",
  };
}

function tryRead(name: string, world: PodWorld): Promise<string | undefined> {
  return world.readFile(join(SERVICE_ACCOUNT, name)).then(
    (content) => content.toString(),
    () => undefined,
  );
}
