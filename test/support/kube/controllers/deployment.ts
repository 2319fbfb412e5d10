// A new template is rolled out at once; one whose image is never pulled leaves the old pods standing.
import { createHash } from "node:crypto";
import { timestamp } from "../clock.ts";
import type { Cluster } from "../cluster.ts";
import { isObject, type Json } from "../json.ts";
import { isWorkload, type Workload } from "../kinds.ts";
import { defer } from "./defer.ts";
import { condition, isOwnedBy, ownerReferences } from "./ownership.ts";
import { reconcileReplicaSet } from "./replica-set.ts";
import { isReady } from "./workload-pods.ts";

const REVISION = "deployment.kubernetes.io/revision";
const HASH = "pod-template-hash";

export function startDeploymentController(cluster: Cluster): void {
  cluster.store.subscribe(({ type, resource, object }) => {
    const { namespace = "", name } = object.metadata;
    if (resource.plural === "deployments" && type !== "DELETED")
      defer(cluster, () => reconcile(cluster, namespace, name));
  });
}

function reconcile(cluster: Cluster, namespace: string, name: string): void {
  const { store, resources } = cluster;
  const deployments = resources.named("deployments");
  const deployment = store.get(deployments, namespace, name);
  if (!isWorkload(deployment)) return;
  const generation = deployment.metadata.generation ?? 1;
  if (deployment.status?.observedGeneration === generation) return;

  const count = deployment.spec.replicas ?? 1;
  const ready = isReady(cluster, deployment);
  const current = `${name}-${hashTemplate(deployment)}`;
  const older = replicaSetsOf(cluster, deployment).filter((set) => set.metadata.name !== current);
  const revision = String(1 + Math.max(0, ...older.map(revisionOf)));
  createReplicaSet(cluster, deployment, current, revision);
  let standing = 0;
  for (const set of older) {
    if (ready) scaleReplicaSet(cluster, namespace, set.metadata.name, 0);
    else standing += set.spec.replicas ?? 0;
  }
  store.change(deployments, namespace, name, (object) => {
    object.metadata.annotations = { ...object.metadata.annotations, [REVISION]: revision };
    const available = ready ? count : standing;
    object["status"] = {
      observedGeneration: generation,
      replicas: count + standing,
      updatedReplicas: count,
      readyReplicas: available,
      availableReplicas: available,
      ...(!ready && { unavailableReplicas: count }),
      conditions: conditionsOf(current, ready),
    };
  });
}

function conditionsOf(replicaSet: string, ready: boolean): Json[] {
  const lastUpdateTime = timestamp();
  const available = ready
    ? condition(
        "Available",
        true,
        "MinimumReplicasAvailable",
        "Deployment has minimum availability.",
      )
    : condition(
        "Available",
        false,
        "MinimumReplicasUnavailable",
        "Deployment does not have minimum availability.",
      );
  const progressing = ready
    ? condition(
        "Progressing",
        true,
        "NewReplicaSetAvailable",
        `ReplicaSet "${replicaSet}" has successfully progressed.`,
      )
    : condition(
        "Progressing",
        true,
        "ReplicaSetUpdated",
        `ReplicaSet "${replicaSet}" is progressing.`,
      );
  return [
    { ...available, lastUpdateTime },
    { ...progressing, lastUpdateTime },
  ];
}

function createReplicaSet(
  cluster: Cluster,
  deployment: Workload,
  name: string,
  revision: string,
): void {
  const { store, resources } = cluster;
  const { namespace = "" } = deployment.metadata;
  const { selector, template, replicas = 1 } = deployment.spec;
  const hash = { [HASH]: hashTemplate(deployment) };
  const labels = { ...template.metadata?.labels, ...hash };
  const replicaSets = resources.named("replicasets");
  if (store.get(replicaSets, namespace, name) === undefined)
    store.create(replicaSets, namespace, {
      metadata: { name, labels, ownerReferences: ownerReferences(deployment) },
      spec: {
        replicas,
        selector: { matchLabels: { ...selector.matchLabels, ...hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    });
  store.change(replicaSets, namespace, name, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, [REVISION]: revision };
  });
  scaleReplicaSet(cluster, namespace, name, replicas);
}

function scaleReplicaSet(
  cluster: Cluster,
  namespace: string,
  name: string,
  replicas: number,
): void {
  cluster.store.change(cluster.resources.named("replicasets"), namespace, name, (object) => {
    if (isWorkload(object)) object.spec.replicas = replicas;
  });
  reconcileReplicaSet(cluster, namespace, name);
}

function replicaSetsOf({ store, resources }: Cluster, deployment: Workload): Workload[] {
  const { namespace = "" } = deployment.metadata;
  return store
    .list(resources.named("replicasets"), namespace, (set) => isOwnedBy(set, deployment))
    .filter(isWorkload);
}

function revisionOf({ metadata }: Workload): number {
  return Number(metadata.annotations?.[REVISION] ?? 0);
}

/** Keys are sorted: a rollback by patch leaves them in another order, and must find the old ReplicaSet again. */
function hashTemplate({ spec }: Workload): string {
  const text = JSON.stringify(spec.template, (_key, value: unknown) =>
    isObject(value)
      ? Object.fromEntries(
          Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)),
        )
      : value,
  );
  return createHash("sha256").update(text).digest("hex").slice(0, 10);
}
