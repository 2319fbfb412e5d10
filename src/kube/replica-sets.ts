// The ReplicaSet of a watcher: the pod that it keeps takes it away when all is said.
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import type { KubeApi } from "./kube-api.ts";
import { foreignAnswer, getIfThere, namespaced } from "./objects.ts";

const replicaSet = z.object({ metadata: z.object({ uid: z.string() }) });

/** `undefined` where there is none. */
export async function getReplicaSetUid(
  api: KubeApi,
  name: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const answer = await getIfThere(api, { path: pathOf(api, name), signal });
  if (answer === undefined) return undefined;
  const parsed = replicaSet.safeParse(answer);
  if (!parsed.success) throw foreignAnswer(`ReplicaSet ${name} is not one`);
  return parsed.data.metadata.uid;
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
  return namespaced(api, "apis/apps/v1", "replicasets", name);
}
