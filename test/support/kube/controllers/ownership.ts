// What controllers write into the objects they make and watch over.
import { timestamp } from "../clock.ts";
import type { Cluster } from "../cluster.ts";
import type { KubeObject, OwnerReference } from "../json.ts";
import { isPod, type Condition, type Pod } from "../kinds.ts";

export function ownerReferences(owner: KubeObject): OwnerReference[] {
  const { apiVersion, kind, metadata } = owner;
  const { name, uid = "" } = metadata;
  return [{ apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true }];
}

export function isOwnedBy(object: KubeObject, owner: KubeObject): boolean {
  return object.metadata.ownerReferences?.[0]?.uid === owner.metadata.uid;
}

export function podsOf({ store, resources }: Cluster, owner: KubeObject): Pod[] {
  const { namespace = "" } = owner.metadata;
  const pods = store.list(resources.named("pods"), namespace, (pod) => isOwnedBy(pod, owner));
  return pods.filter(isPod);
}

export function condition(type: string, isTrue: boolean, reason: string, message = ""): Condition {
  const status = isTrue ? "True" : "False";
  return { type, status, reason, message, lastTransitionTime: timestamp() };
}
