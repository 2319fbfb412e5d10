// ConfigMaps: what the chart writes is read, the ledger read and written.
import { randomUUID } from "node:crypto";
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import type { StoredConfigMap } from "../flow/ports.ts";
import type { KubeApi } from "./kube-api.ts";
import { foreignAnswer, getIfThere, namespaced } from "./objects.ts";

export interface ConfigMapToApply {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  /** The version last read: a ConfigMap changed since then is refused as `KUBE_CONFLICT`. */
  readonly resourceVersion?: string | undefined;
}

const configMap = z.object({
  metadata: z.object({
    resourceVersion: z.string(),
    uid: z.string(),
    creationTimestamp: z.string(),
    annotations: z.nullish(z.record(z.string(), z.string())),
    // https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers
    managedFields: z.nullish(z.array(z.object({ time: z.nullish(z.string()) }))),
  }),
  data: z.nullish(z.record(z.string(), z.string())),
});

const configMapList = z.object({ items: z.array(z.unknown()) });

/** `undefined` where there is none. */
export async function getConfigMap(
  api: KubeApi,
  name: string,
  signal?: AbortSignal,
): Promise<StoredConfigMap | undefined> {
  const answer = await getIfThere(api, { path: pathOf(api, name), signal });
  return answer === undefined ? undefined : decode(answer, name);
}

/**
 * As it was at `resourceVersion`; refuses with `KUBE_EXPIRED` after etcd was compacted, by default every five minutes. Only a
 * list is served from the past: https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list
 */
export async function getConfigMapAt(
  api: KubeApi,
  name: string,
  resourceVersion: string,
  signal?: AbortSignal,
): Promise<StoredConfigMap | undefined> {
  const query = {
    // By it the request counts as one for this name: a Role with resourceNames allows it.
    fieldSelector: `metadata.name=${name}`,
    resourceVersion,
    resourceVersionMatch: "Exact",
  };
  const answer = await api.request({ path: pathOf(api), query, signal });
  const parsed = configMapList.safeParse(answer);
  if (!parsed.success) throw notConfigMap(name);
  const [item] = parsed.data.items;
  return item === undefined ? undefined : decode(item, name);
}

/**
 * Creates it or sets its keys; where it was created, or changed, since it was read it refuses with `KUBE_CONFLICT`. A PATCH is
 * authorised with the name even where it creates; a POST is not.
 */
export async function applyConfigMap(
  api: KubeApi,
  { name, data, resourceVersion }: ConfigMapToApply,
  signal?: AbortSignal,
): Promise<StoredConfigMap> {
  const body = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: api.namespace, labels: LABELS, resourceVersion },
    data,
  };
  // It creates for whoever comes second, too, unless another manager of fields came first:
  // https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts
  const created = { fieldManager: `${FIELD_MANAGER.fieldManager}-${randomUUID()}` };
  const answer = await api.request({
    method: "PATCH",
    path: pathOf(api, name),
    query: resourceVersion === undefined ? created : { ...FIELD_MANAGER, force: "true" },
    contentType: "application/apply-patch+yaml",
    body: JSON.stringify(body),
    signal,
  });
  return decode(answer, name);
}

/** Refuses with `KUBE_CONFLICT` where there is one already. */
export async function createConfigMap(
  api: KubeApi,
  { name, data }: Omit<ConfigMapToApply, "resourceVersion">,
  signal?: AbortSignal,
): Promise<StoredConfigMap> {
  const metadata = { name, namespace: api.namespace, labels: LABELS };
  const answer = await api.request({
    method: "POST",
    path: pathOf(api),
    query: FIELD_MANAGER,
    contentType: "application/json",
    body: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata, data }),
    signal,
  });
  return decode(answer, name);
}

/** Changes the data of that very version: refuses with `KUBE_CONFLICT` where it was changed since, or is gone. */
export async function changeConfigMap(
  api: KubeApi,
  { name, data }: ConfigMapToApply,
  resourceVersion: string,
  signal?: AbortSignal,
): Promise<void> {
  await orConflict(
    api.request({
      method: "PATCH",
      path: pathOf(api, name),
      query: FIELD_MANAGER,
      contentType: "application/merge-patch+json",
      body: JSON.stringify({ metadata: { resourceVersion }, data }),
      signal,
    }),
  );
}

/** Deletes that very version: refuses with `KUBE_CONFLICT` where it was changed since, or is gone. */
export async function deleteConfigMap(
  api: KubeApi,
  name: string,
  resourceVersion: string,
  signal?: AbortSignal,
): Promise<void> {
  const options = {
    apiVersion: "v1",
    kind: "DeleteOptions",
    preconditions: { resourceVersion },
  };
  await orConflict(
    api.request({
      method: "DELETE",
      path: pathOf(api, name),
      contentType: "application/json",
      body: JSON.stringify(options),
      signal,
    }),
  );
}

async function orConflict(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!(error instanceof NotifyError) || error.code !== "KUBE_NOT_FOUND") throw error;
    throw new NotifyError("KUBE_CONFLICT", error.message, { cause: error });
  }
}

const LABELS = { "app.kubernetes.io/managed-by": "helm-notify" };
const FIELD_MANAGER = { fieldManager: "helm-notify" };

function pathOf(api: KubeApi, name?: string): string {
  return namespaced(api, "api/v1", "configmaps", name);
}

function decode(answer: unknown, name: string): StoredConfigMap {
  const parsed = configMap.safeParse(answer);
  if (!parsed.success) throw notConfigMap(name);
  const { uid, resourceVersion, creationTimestamp, annotations, managedFields } =
    parsed.data.metadata;
  return {
    data: parsed.data.data ?? {},
    resourceVersion,
    uid,
    createdAt: creationTimestamp,
    writtenAt: managedFields
      ?.flatMap(({ time }) => time ?? [])
      .toSorted()
      .at(-1),
    hook: annotations?.["helm.sh/hook"],
  };
}

function notConfigMap(name: string): NotifyError {
  return foreignAnswer(`ConfigMap ${name} is not one`);
}
