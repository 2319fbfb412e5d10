import type { Cluster } from "../cluster.ts";
import { isWorkload } from "../kinds.ts";
import { defer } from "./defer.ts";
import { podsOf } from "./ownership.ts";
import { createWorkloadPod, isReady } from "./workload-pods.ts";

export function startReplicaSetController(cluster: Cluster): void {
  cluster.store.subscribe(({ type, resource, object }) => {
    const { namespace = "", name, ownerReferences = [] } = object.metadata;
    if (resource.plural === "replicasets" && type !== "DELETED")
      defer(cluster, () => reconcileReplicaSet(cluster, namespace, name));
    const [owner] = ownerReferences;
    if (resource.plural === "pods" && type === "DELETED" && owner?.kind === "ReplicaSet")
      defer(cluster, () => reconcileReplicaSet(cluster, namespace, owner.name));
  });
}

export function reconcileReplicaSet(cluster: Cluster, namespace: string, name: string): void {
  const { store, resources } = cluster;
  const replicaSets = resources.named("replicasets");
  const replicaSet = store.get(replicaSets, namespace, name);
  if (!isWorkload(replicaSet)) return;
  const count = replicaSet.spec.replicas ?? 1;
  const pods = podsOf(cluster, replicaSet);
  for (const pod of pods.slice(count)) store.remove(resources.named("pods"), pod);
  for (let index = pods.length; index < count; index++) createWorkloadPod(cluster, replicaSet);
  const ready = isReady(cluster, replicaSet) ? count : 0;
  // In a write of its own: observedGeneration must name the generation of the spec written before, or Helm 3 waits on.
  store.change(replicaSets, namespace, name, (object) => {
    object["status"] = {
      replicas: count,
      fullyLabeledReplicas: count,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: object.metadata.generation ?? 1,
    };
  });
}
