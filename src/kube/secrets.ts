// Secrets, with the deployer's own rights: the hook's pod may read none.
import * as z from "zod/mini";
import type { KubeApi } from "./kube-api.ts";
import { getIfThere, namespaced } from "./objects.ts";

const secret = z.object({ data: z.nullish(z.record(z.string(), z.string())) });

/** The texts of a Secret by their keys; `undefined` where there is none. */
export async function getSecret(
  api: KubeApi,
  name: string,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, string>> | undefined> {
  const answer = await getIfThere(api, {
    path: namespaced(api, "api/v1", "secrets", name),
    signal,
  });
  if (answer === undefined) return undefined;
  return Object.fromEntries(
    // `echo token | base64` leaves a line break.
    Object.entries(secret.parse(answer).data ?? {}).map(([key, text]) => [
      key,
      Buffer.from(text, "base64").toString().trim(),
    ]),
  );
}
