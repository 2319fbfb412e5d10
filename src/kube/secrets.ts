// Secrets, with the deployer's own rights: the hook's pod may read none.
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import type { KubeApi } from "./kube-api.ts";

const secret = z.object({ data: z.nullish(z.record(z.string(), z.string())) });

/** The texts of a Secret by their keys; `undefined` where there is none. */
export async function getSecret(
  api: KubeApi,
  name: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>> | undefined> {
  const path = `/api/v1/namespaces/${encodeURIComponent(api.namespace)}/secrets/${encodeURIComponent(name)}`;
  try {
    const { data } = secret.parse(await api.request({ path, signal }));
    return Object.fromEntries(
      // `echo token | base64` leaves a line break.
      Object.entries(data ?? {}).map(([key, text]) => [
        key,
        Buffer.from(text, "base64").toString().trim(),
      ]),
    );
  } catch (error) {
    if (error instanceof NotifyError && error.code === "KUBE_NOT_FOUND") return undefined;
    throw error;
  }
}
