// Kinds that only need a status before a waiting Helm is content.
import type { Cluster } from "../cluster.ts";
import { at, type Json, type KubeObject } from "../json.ts";
import { defer } from "./defer.ts";

const STATUSES: Record<string, (object: KubeObject) => Record<string, Json> | undefined> = {
  persistentvolumeclaims: ({ spec = {} }) => ({
    phase: "Bound",
    accessModes: at(spec, "accessModes") ?? [],
    capacity: at(spec, "resources", "requests") ?? {},
  }),
  poddisruptionbudgets: ({ metadata }) => ({
    observedGeneration: metadata.generation ?? 1,
    currentHealthy: 1,
    desiredHealthy: 0,
    disruptionsAllowed: 1,
    expectedPods: 1,
  }),
  services: ({ spec = {} }) =>
    at(spec, "type") === "LoadBalancer"
      ? { loadBalancer: { ingress: [{ ip: "10.96.255.1" }] } }
      : undefined,
};

export function startReadyAtOnceController(cluster: Cluster): void {
  const { store } = cluster;
  store.subscribe(({ type, resource, object }) => {
    const toStatus = STATUSES[resource.plural];
    if (toStatus === undefined || type === "DELETED") return;
    const { namespace = "", name } = object.metadata;
    defer(cluster, () =>
      store.change(resource, namespace, name, (current) => {
        const status = toStatus(current);
        if (status !== undefined) current["status"] = status;
      }),
    );
  });
}
