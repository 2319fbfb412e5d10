// Which images the pods of a namespace have.
import * as z from "zod/mini";
import type { PodImage } from "../domain/drift.ts";
import type { KubeApi } from "./kube-api.ts";
import { foreignAnswer, namespaced } from "./objects.ts";

const container = z.object({ name: z.string(), image: z.optional(z.string()) });
const status = z.object({
  name: z.string(),
  imageID: z.optional(z.string()),
  state: z.optional(z.object({ running: z.optional(z.unknown()) })),
});
const podList = z.object({
  metadata: z.object({ continue: z.optional(z.string()) }),
  items: z.array(
    z.object({
      metadata: z.object({
        labels: z.optional(z.record(z.string(), z.string())),
        deletionTimestamp: z.optional(z.string()),
      }),
      spec: z.object({ containers: z.array(container) }),
      status: z.optional(
        z.object({ phase: z.optional(z.string()), containerStatuses: z.nullish(z.array(status)) }),
      ),
    }),
  ),
});

type Pod = z.infer<typeof podList>["items"][number];

// A pod is some 10 KiB: pages of this size stay far below the limit of an answer.
const PAGE_SIZE = "500";

/** One entry a container. Pods that have ended or are ending do not count, nor do init containers. */
export async function listPodImages(
  api: KubeApi,
  signal?: AbortSignal,
): Promise<readonly PodImage[]> {
  const path = namespaced(api, "api/v1", "pods");
  const images: PodImage[] = [];
  let next = "";
  do {
    const query = { limit: PAGE_SIZE, ...(next && { continue: next }) };
    const parsed = podList.safeParse(await api.request({ path, query, signal }));
    if (!parsed.success) throw foreignAnswer("pods is no list of them");
    images.push(...parsed.data.items.filter(isAlive).flatMap(imagesOf));
    next = parsed.data.metadata.continue ?? "";
  } while (next !== "");
  return images;
}

function isAlive({ metadata, status: { phase } = {} }: Pod): boolean {
  return metadata.deletionTimestamp === undefined && phase !== "Succeeded" && phase !== "Failed";
}

function imagesOf({ metadata, spec, status: { containerStatuses } = {} }: Pod): PodImage[] {
  return spec.containers.map(({ name, image = "" }) => {
    const found = containerStatuses?.find((one) => one.name === name);
    return {
      // The status names what the node made of it, often a mere hash.
      reference: image,
      imageId: found?.imageID ?? "",
      isRunning: found?.state?.running !== undefined,
      instance: metadata.labels?.["app.kubernetes.io/instance"],
    };
  });
}
