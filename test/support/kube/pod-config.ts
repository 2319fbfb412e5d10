// What a pod reads of other objects: ConfigMaps, Secrets and itself. What is missing keeps it waiting.
import type { Cluster } from "./cluster.ts";
import { objectAt, textAt, type KubeObject } from "./json.ts";

/** The pod cannot start yet; it tries again while it exists. */
export class NotYet extends Error {}

export type Contents = Map<string, Buffer>;

export function contentsOf(
  { store, resources }: Cluster,
  namespace: string,
  kind: "configmap" | "secret",
  reference: { readonly name: string; readonly optional?: boolean },
): Contents {
  const object = store.get(resources.named(`${kind}s`), namespace, reference.name);
  if (object === undefined && !reference.optional)
    throw new NotYet(`${kind} "${reference.name}" not found`);
  const isEncoded = kind === "secret";
  const decode = (field: string, encoding: BufferEncoding) =>
    Object.keys(objectAt(object, field)).map((key): [string, Buffer] => [
      key,
      Buffer.from(textAt(object, field, key), encoding),
    ]);
  return new Map([
    ...decode("data", isEncoded ? "base64" : "utf8"),
    ...decode("binaryData", "base64"),
  ]);
}

/** `undefined` for an optional key that is not there. */
export function contentOfKey(
  cluster: Cluster,
  namespace: string,
  kind: "configmap" | "secret",
  reference: { readonly name: string; readonly key: string; readonly optional?: boolean },
): string | undefined {
  const content = contentsOf(cluster, namespace, kind, reference).get(reference.key);
  if (content === undefined && !reference.optional)
    throw new NotYet(
      `couldn't find key ${reference.key} in ${kind} ${namespace}/${reference.name}`,
    );
  return content?.toString();
}

/** A field of the pod by the path of the downward API: `metadata.name`, `metadata.labels['app']`. */
export function fieldOf(pod: KubeObject, fieldPath: string): string {
  const entry = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(fieldPath);
  const path = entry === null ? fieldPath.split(".") : ["metadata", ...entry.slice(1)];
  return textAt(pod, ...path);
}
