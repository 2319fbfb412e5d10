// Which pods are a release's: its workloads make them, a Deployment by way of its ReplicaSets.
import * as z from "zod/mini";
import type { KubeApi } from "./kube-api.ts";
import {
  controllerOf,
  isSame,
  listObjects,
  METADATA_ONLY,
  type Named,
  namespaced,
  type ObjectList,
  objectMetadata,
} from "./objects.ts";
import { listPods, makerOf, type Pod, troubleOf } from "./pods.ts";

const replicaSet = z.object({ metadata: objectMetadata });
type ReplicaSet = z.infer<typeof replicaSet>;

export async function listReplicaSets(
  api: KubeApi,
  signal: AbortSignal,
): Promise<ObjectList<ReplicaSet>> {
  const path = namespaced(api, "apis/apps/v1", "replicasets");
  return listObjects(api, { path, accept: METADATA_ONLY, signal }, replicaSet);
}

/**
 * The ReplicaSets by which the run's Deployments were to be: made since it began, or taken up again. Where Helm has rolled
 * back, those count that failed, not those that were there before.
 */
export function currentSets(
  replicaSets: readonly ReplicaSet[],
  workloads: readonly Named[],
  since: Date,
): readonly Named[] {
  return workloads.flatMap((workload) => {
    const own = replicaSets.filter(({ metadata }) => isSame(controllerOf(metadata), workload));
    const made = own.filter(({ metadata }) => new Date(metadata.creationTimestamp) >= since);
    const last =
      made.toSorted(byAge).at(-1) ?? own.toSorted((a, b) => revisionOf(a) - revisionOf(b)).at(-1);
    return last ? [{ kind: "ReplicaSet", name: last.metadata.name }] : [];
  });
}

function byAge(one: ReplicaSet, other: ReplicaSet): number {
  const at = ({ metadata }: ReplicaSet) => new Date(metadata.creationTimestamp).getTime();
  return at(one) - at(other);
}

function revisionOf({ metadata }: ReplicaSet): number {
  return Number(metadata.annotations?.["deployment.kubernetes.io/revision"] ?? 0);
}

export function podsOf(makers: readonly Named[], pods: readonly Pod[]): readonly Pod[] {
  return pods.filter((pod) => makers.some((maker) => isSame(makerOf(pod), maker)));
}

/** Those of the makers that have a running pod. */
export async function listRunning(
  api: KubeApi,
  makers: readonly Named[],
  signal: AbortSignal,
): Promise<readonly Named[]> {
  if (makers.length === 0) return [];
  const { items } = await listPods(api, signal);
  const running = items.filter(({ status }) => status.phase === "Running");
  return makers.filter((maker) => podsOf([maker], running).length > 0);
}

/** Whether `about` is one of the makers, or a pod of theirs with trouble; of a pod that is gone the name has to tell. */
export function isOf(
  makers: readonly Named[],
  about: Named,
  pods: readonly Pod[],
  since: Date,
): boolean {
  const isMaker = (of: Named) => makers.some((maker) => isSame(maker, of));
  if (isMaker(about)) return true;
  if (about.kind !== "Pod") return false;
  const pod = pods.find(({ metadata }) => metadata.name === about.name);
  return pod
    ? isMaker(makerOf(pod)) && troubleOf(pod, since) !== undefined
    : makers.some((maker) => couldMake(maker, about.name));
}

// A StatefulSet counts its pods; the others append five characters without vowels, and no 0, 1, 3.
// https://github.com/kubernetes/kubernetes/blob/v1.34.0/staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go
const SUFFIX = /^-(?:\d+|[bcdfghjklmnpqrstvwxz2456789]{5})$/;

function couldMake({ kind, name }: Named, pod: string): boolean {
  return kind !== "Deployment" && pod.startsWith(name) && SUFFIX.test(pod.slice(name.length));
}
