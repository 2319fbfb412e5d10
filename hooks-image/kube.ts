// The Kubernetes API with the Job's own service account, which may touch its record and its ledger and nothing else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { NotifyError } from "../src/domain/errors.ts";
import { Secret } from "../src/domain/secret.ts";
import type { ReadConfigMap, WriteConfigMap } from "../src/flow/ports.ts";
import { applyConfigMap, getConfigMap } from "../src/kube/config-maps.ts";
import { openKube } from "../src/kube/kube-api.ts";
import type { KubeSettings } from "./environment.ts";

export interface ConfigMaps {
  readonly read: ReadConfigMap;
  readonly write: WriteConfigMap;
  readonly close: () => void;
}

const LABELS = { "app.kubernetes.io/managed-by": "helm-notify" };

/** No proxy: what is meant for Slack must not lead the cluster's own traffic out of it. */
export function openConfigMaps(settings: KubeSettings, namespace: string): ConfigMaps {
  const token = readMounted(settings.dir, "token").trim();
  const api = openKube({
    server: settings.server,
    namespace,
    headers: { authorization: new Secret(`Bearer ${token}`) },
    tls: { ca: readMounted(settings.dir, "ca.crt") },
    origin: "the job's service account",
  });
  return {
    read: (name, signal) => getConfigMap(api, name, signal),
    write: async (name, data, resourceVersion, signal) => {
      await applyConfigMap(api, { name, data, labels: LABELS, resourceVersion }, signal);
    },
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
