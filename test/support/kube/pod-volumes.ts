// The volumes of a pod as local directories, and the container's paths into them.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Cluster } from "./cluster.ts";
import type { Container, Pod, Volume, VolumeSource } from "./kinds.ts";
import { contentsOf, fieldOf, NotYet, type Contents } from "./pod-config.ts";

/** Writes every volume of the pod below `directory`; throws `NotYet` where something is missing. */
export function writeVolumes(cluster: Cluster, pod: Pod, directory: string): void {
  for (const volume of pod.spec.volumes ?? []) {
    const root = join(directory, volume.name);
    mkdirSync(root, { recursive: true });
    for (const [path, content] of contentsOfVolume(cluster, pod, volume)) {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, content);
    }
  }
}

/** Turns a path inside the container into the local one; everything else stays as it is. */
export function localPaths(container: Container, directory: string): (text: string) => string {
  const mounts = (container.volumeMounts ?? []).toSorted(
    (left, right) => right.mountPath.length - left.mountPath.length,
  );
  return (text) => {
    const mount = mounts.find(
      ({ mountPath }) => text === mountPath || text.startsWith(`${mountPath.replace(/\/$/, "")}/`),
    );
    if (mount === undefined) return text;
    const { name, mountPath, subPath = "" } = mount;
    return join(directory, name, subPath, text.slice(mountPath.length));
  };
}

function contentsOfVolume(cluster: Cluster, pod: Pod, volume: Volume): Contents {
  const sources = volume.projected?.sources ?? [volume];
  return new Map(sources.flatMap((source) => [...contentsOfSource(cluster, pod, source)]));
}

function contentsOfSource(cluster: Cluster, pod: Pod, source: VolumeSource): Contents {
  const { namespace = "" } = pod.metadata;
  const { configMap, secret, serviceAccountToken, downwardAPI } = source;
  if (configMap !== undefined)
    return pick(contentsOf(cluster, namespace, "configmap", configMap), configMap.items);
  if (secret !== undefined) {
    const name = secret.secretName ?? secret.name ?? "";
    return pick(contentsOf(cluster, namespace, "secret", { ...secret, name }), secret.items);
  }
  const contents: Contents = new Map();
  if (serviceAccountToken !== undefined) {
    const { path, audience, expirationSeconds } = serviceAccountToken;
    const serviceAccount = requireServiceAccount(cluster, pod);
    const token = cluster.identity.mint({ namespace, serviceAccount, audience, expirationSeconds });
    contents.set(path, Buffer.from(token));
  }
  for (const { path, fieldRef } of downwardAPI?.items ?? [])
    contents.set(path, Buffer.from(fieldOf(pod, fieldRef?.fieldPath ?? "")));
  return contents;
}

function requireServiceAccount({ store, resources }: Cluster, pod: Pod): string {
  const { namespace = "" } = pod.metadata;
  const name = pod.spec.serviceAccountName;
  if (store.get(resources.named("serviceaccounts"), namespace, name) === undefined)
    throw new NotYet(`serviceaccount "${name}" not found`);
  return name;
}

function pick(
  contents: Contents,
  items: readonly { key: string; path: string }[] | undefined,
): Contents {
  if (items === undefined) return contents;
  return new Map(
    items.map(({ key, path }): [string, Buffer] => {
      const content = contents.get(key);
      if (content === undefined) throw new NotYet(`references non-existent config key: ${key}`);
      return [path, content];
    }),
  );
}
