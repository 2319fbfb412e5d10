// The ReplicaSet of a watcher: the pod that it keeps takes it away when all is said.
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import type { KubeApi } from "./kube-api.ts";

const replicaSet = z.object({ metadata: z.object({ uid: z.string() }) });

/** `undefined` where there is none. */
export async function getReplicaSetUid(
  api: KubeApi,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  try {
    const parsed = replicaSet.safeParse(await api.request({ path: pathOf(api, name), signal }));
    if (!parsed.success) {
      const problem = `what the server gives for ReplicaSet ${name} is not one`;
      throw new NotifyError("KUBE_NOT_AN_API", problem, { hint: "Check the server address." });
    }
    return parsed.data.metadata.uid;
  } catch (error) {
    if (error instanceof NotifyError && error.code === "KUBE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Deletes that very ReplicaSet and its pods; one that is gone, or another of its name, is left alone. */
export async function deleteReplicaSet(
  api: KubeApi,
  name: string,
  uid: string,
  signal?: AbortSignal,
): Promise<void> {
  const options = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    preconditions: { uid },
    propagationPolicy: "Background",
  };
  try {
    await api.request({
      method: "DELETE",
      path: pathOf(api, name),
      contentType: "application/json",
      body: JSON.stringify(options),
      signal,
    });
  } catch (error) {
    const isGone =
      error instanceof NotifyError && ["KUBE_NOT_FOUND", "KUBE_CONFLICT"].includes(error.code);
    if (!isGone) throw error;
  }
}

function pathOf(api: KubeApi, name: string): string {
  const namespace = encodeURIComponent(api.namespace);
  return `/apis/apps/v1/namespaces/${namespace}/replicasets/${encodeURIComponent(name)}`;
}
