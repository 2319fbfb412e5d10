// ConfigMaps: the record is read, the ledger read and written.
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import type { StoredConfigMap } from "../flow/ports.ts";
import type { KubeApi } from "./kube-api.ts";

export interface ConfigMapToApply {
  readonly name: string;
  readonly data: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** The version last read: a ConfigMap changed since then is refused as `KUBE_CONFLICT`. */
  readonly resourceVersion?: string | undefined;
}

const configMap = z.object({
  metadata: z.object({ resourceVersion: z.string() }),
  data: z.nullish(z.record(z.string(), z.string())),
});

/** `undefined` where there is none. */
export async function getConfigMap(
  api: KubeApi,
  name: string,
  signal?: AbortSignal,
): Promise<StoredConfigMap | undefined> {
  try {
    return decode(await api.request({ path: pathOf(api, name), signal }), name);
  } catch (error) {
    if (error instanceof NotifyError && error.code === "KUBE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Creates or replaces what helm-notify owns of it. A PATCH is authorised with the name even where it creates; a POST is not. */
export async function applyConfigMap(
  api: KubeApi,
  { name, data, labels, resourceVersion }: ConfigMapToApply,
  signal?: AbortSignal,
): Promise<StoredConfigMap> {
  const body = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name, namespace: api.namespace, labels, resourceVersion },
    data,
  };
  const answer = await api.request({
    method: "PATCH",
    path: pathOf(api, name),
    query: { fieldManager: "helm-notify", force: "true" },
    contentType: "application/apply-patch+yaml",
    body: JSON.stringify(body),
    signal,
  });
  return decode(answer, name);
}

function pathOf(api: KubeApi, name: string): string {
  return `/api/v1/namespaces/${encodeURIComponent(api.namespace)}/configmaps/${encodeURIComponent(name)}`;
}

function decode(answer: unknown, name: string): StoredConfigMap {
  const parsed = configMap.safeParse(answer);
  if (!parsed.success) {
    throw new NotifyError(
      "KUBE_NOT_AN_API",
      `what the server gives for ConfigMap ${name} is not one`,
      {
        hint: "Check the server address.",
      },
    );
  }
  return { data: parsed.data.data ?? {}, resourceVersion: parsed.data.metadata.resourceVersion };
}
