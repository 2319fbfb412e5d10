// StatefulSets and DaemonSets: pods with fixed names, replaced when the template changes.
import { createHash } from "node:crypto";
import type { Cluster } from "../cluster.ts";
import type { JsonObject } from "../json.ts";
import { isWorkload } from "../kinds.ts";
import type { Resource } from "../resources.ts";
import { defer } from "./defer.ts";
import { podsOf } from "./ownership.ts";
import { createWorkloadPod, isReady } from "./workload-pods.ts";

const REVISION = "controller-revision-hash";

export function startStatefulSetController(cluster: Cluster): void {
  cluster.store.subscribe(({ type, resource, object }) => {
    const { namespace = "", name } = object.metadata;
    if (["statefulsets", "daemonsets"].includes(resource.plural) && type !== "DELETED")
      defer(cluster, () => reconcile(cluster, resource, namespace, name));
  });
}

function reconcile(cluster: Cluster, resource: Resource, namespace: string, name: string): void {
  const { store, resources } = cluster;
  const workload = store.get(resource, namespace, name);
  if (!isWorkload(workload)) return;
  const generation = workload.metadata.generation ?? 1;
  if (workload.status?.observedGeneration === generation) return;

  // The cluster has one node, a DaemonSet therefore one pod.
  const count = resource.plural === "daemonsets" ? 1 : (workload.spec.replicas ?? 1);
  const template = JSON.stringify(workload.spec.template);
  const revision = `${name}-${createHash("sha256").update(template).digest("hex").slice(0, 10)}`;
  const wanted = Array.from({ length: count }, (_, index) => `${name}-${index}`);
  for (const pod of podsOf(cluster, workload)) {
    const isCurrent = pod.metadata.labels?.[REVISION] === revision;
    if (!isCurrent || !wanted.includes(pod.metadata.name))
      store.remove(resources.named("pods"), pod);
  }
  for (const podName of wanted) {
    if (store.get(resources.named("pods"), namespace, podName) === undefined)
      createWorkloadPod(cluster, workload, { name: podName, labels: { [REVISION]: revision } });
  }
  const ready = isReady(cluster, workload) ? count : 0;
  store.change(resource, namespace, name, (object) => {
    const status = resource.plural === "daemonsets" ? daemonSetStatus : statefulSetStatus;
    object["status"] = { observedGeneration: generation, ...status(count, ready, revision) };
  });
}

function statefulSetStatus(count: number, ready: number, revision: string): JsonObject {
  return {
    replicas: count,
    readyReplicas: ready,
    currentReplicas: count,
    updatedReplicas: count,
    availableReplicas: ready,
    currentRevision: revision,
    updateRevision: revision,
  };
}

function daemonSetStatus(count: number, ready: number): JsonObject {
  return {
    desiredNumberScheduled: count,
    currentNumberScheduled: count,
    updatedNumberScheduled: count,
    numberReady: ready,
    numberAvailable: ready,
    numberMisscheduled: 0,
  };
}
