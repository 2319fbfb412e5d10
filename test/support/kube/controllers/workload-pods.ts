// Pods of workloads: without a program they are ready at once or never, the others are run like any pod.
import type { Cluster } from "../cluster.ts";
import { hasProgram, missingImage } from "../image.ts";
import { clone } from "../json.ts";
import { isPod, type Workload } from "../kinds.ts";
import { markRunning, markWaiting } from "../pod-status.ts";
import { ownerReferences } from "./ownership.ts";

export function isReady(cluster: Cluster, { spec }: Workload): boolean {
  return missingImage(cluster, spec.template.spec) === undefined;
}

/** Without `name` the pod is named after its owner. */
export function createWorkloadPod(
  cluster: Cluster,
  owner: Workload,
  options: { readonly name?: string; readonly labels?: Record<string, string> } = {},
): void {
  const { store, resources } = cluster;
  const { metadata = {}, spec } = owner.spec.template;
  const { namespace = "", name } = owner.metadata;
  const { annotations } = metadata;
  const pod = store.create(resources.named("pods"), namespace, {
    metadata: {
      name: options.name ?? "",
      ...(options.name === undefined && { generateName: `${name}-` }),
      labels: { ...metadata.labels, ...options.labels },
      ...(annotations !== undefined && { annotations }),
      ownerReferences: ownerReferences(owner),
    },
    spec: clone(spec),
  });
  if (hasProgram(cluster, spec)) return;
  const image = missingImage(cluster, spec);
  store.change(resources.named("pods"), namespace, pod.metadata.name, (object) => {
    if (!isPod(object)) return;
    if (image === undefined) markRunning(object);
    else markWaiting(object, "ImagePullBackOff", `Back-off pulling image "${image}"`);
  });
}
