// What is the same for objects of any kind.
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import type { KubeApi, KubeRequest } from "./kube-api.ts";

const ownerReference = z.object({
  kind: z.string(),
  name: z.string(),
  controller: z.optional(z.boolean()),
});

export const objectMetadata = z.object({
  name: z.string(),
  creationTimestamp: z.string(),
  annotations: z.optional(z.record(z.string(), z.string())),
  ownerReferences: z.optional(z.array(ownerReference)),
});
export type ObjectMetadata = z.infer<typeof objectMetadata>;

export interface Named {
  readonly kind: string;
  readonly name: string;
}

export function isSame(one: Named | undefined, other: Named): boolean {
  return one?.kind === other.kind && one.name === other.name;
}

/** What made the object and keeps it as it is. */
export function controllerOf({ ownerReferences = [] }: ObjectMetadata): Named | undefined {
  return ownerReferences.find(({ controller }) => controller === true);
}

const list = z.object({
  metadata: z.object({ continue: z.optional(z.string()) }),
  // The real server says null where there is none.
  items: z.nullable(z.array(z.unknown())),
});

export interface ObjectList<T> {
  readonly items: readonly T[];
  /** There are more than were asked for. */
  readonly isCut: boolean;
}

/** Of a list, for whoever does without the objects themselves. */
export const METADATA_ONLY =
  "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

export const LIST_LIMIT = 500;

/** The first of a list; what does not have the `item`'s shape is left out. */
export async function listObjects<T>(
  api: KubeApi,
  request: KubeRequest,
  item: z.ZodMiniType<T>,
): Promise<ObjectList<T>> {
  const query = { ...request.query, limit: String(LIST_LIMIT) };
  const { items, metadata } = list.parse(await api.request({ ...request, query }));
  const fitting = (items ?? []).flatMap((entry) => {
    const { data } = item.safeParse(entry);
    return data === undefined ? [] : [data];
  });
  return { items: fitting, isCut: Boolean(metadata.continue) };
}

/** The answer; `undefined` where there is no such object. */
export async function getIfThere(api: KubeApi, request: KubeRequest): Promise<unknown> {
  try {
    return await api.request(request);
  } catch (error) {
    if (error instanceof NotifyError && error.code === "KUBE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** `problem` goes on from "what the server gives for". */
export function foreignAnswer(problem: string): NotifyError {
  return new NotifyError("KUBE_NOT_AN_API", `what the server gives for ${problem}`, {
    hint: "Check the server address.",
  });
}

/** The path of all of a kind, or of the one that is named. */
export function namespaced(api: KubeApi, group: string, resource: string, name?: string): string {
  const all = `/${group}/namespaces/${encodeURIComponent(api.namespace)}/${resource}`;
  return name === undefined ? all : `${all}/${encodeURIComponent(name)}`;
}
