// The Kubernetes API with the pod's own service account, which may touch what is named after its release and nothing else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NotifyError } from "../src/domain/errors.ts";
import { Secret } from "../src/domain/secret.ts";
import type { PostDeps, WatchDeps } from "../src/flow/watch.ts";
import { applyConfigMap, getConfigMap, getConfigMapAt } from "../src/kube/config-maps.ts";
import { openKube } from "../src/kube/kube-api.ts";
import { deleteReplicaSet, getReplicaSetUid } from "../src/kube/replica-sets.ts";
import type { Place } from "./environment.ts";

type Cluster = Pick<WatchDeps, "read" | "readAt" | "write"> &
  Pick<PostDeps, "readReplicaSetUid" | "deleteReplicaSet"> & { readonly close: () => void };

// A connection that died must not hold up the look for the end.
const TIMEOUT_MS = 5000;

/** No proxy: what is meant for Slack must not lead the cluster's own traffic out of it. */
export function openCluster({ kube, namespace }: Place): Cluster {
  const api = openKube(
    {
      server: kube.server,
      namespace,
      // Read for each request: the kubelet puts a new one in its place before it expires.
      get headers() {
        const token = readMounted(kube.dir, "token").trim();
        return { authorization: new Secret(`Bearer ${token}`) };
      },
      tls: { ca: readMounted(kube.dir, "ca.crt") },
      origin: "the pod's service account",
    },
    TIMEOUT_MS,
  );
  return {
    read: (name, signal) => getConfigMap(api, name, signal),
    readAt: (name, version, signal) => getConfigMapAt(api, name, version, signal),
    write: async (name, data, resourceVersion, signal) => {
      await applyConfigMap(api, { name, data, resourceVersion }, signal);
    },
    readReplicaSetUid: (name, signal) => getReplicaSetUid(api, name, signal),
    deleteReplicaSet: (name, uid, signal) => deleteReplicaSet(api, name, uid, signal),
    close: () => api.close(),
  };
}

function readMounted(dir: string, name: string): string {
  const path = join(dir, name);
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new NotifyError("BAD_ENVIRONMENT", `${path} cannot be read`, { cause });
  }
}
