// What Kubernetes warns of.
import * as z from "zod/mini";
import type { KubeApi } from "./kube-api.ts";
import { listObjects, namespaced, type Named, type ObjectList } from "./objects.ts";

const time = z.nullish(z.string());

const event = z.object({
  involvedObject: z.object({ kind: z.string(), name: z.string() }),
  reason: z.string(),
  message: z.string(),
  metadata: z.object({ creationTimestamp: z.string() }),
  lastTimestamp: time,
  // Newer components fill in these instead.
  eventTime: time,
  series: z.nullish(z.object({ lastObservedTime: time })),
});

export interface Warning {
  readonly about: Named;
  readonly reason: string;
  readonly message: string;
  /** When it came last, by the cluster's clock. */
  readonly at: Date;
}

/** Kept for an hour by default, also about what is gone since. */
export async function listWarnings(
  api: KubeApi,
  signal: AbortSignal,
): Promise<ObjectList<Warning>> {
  const path = namespaced(api, "api/v1", "events");
  const query = { fieldSelector: "type=Warning" };
  const { items, isCut } = await listObjects(api, { path, query, signal }, event);
  return { items: items.map(toWarning), isCut };
}

function toWarning(of: z.infer<typeof event>): Warning {
  const { involvedObject, reason, message, metadata, lastTimestamp, eventTime, series } = of;
  const at = series?.lastObservedTime ?? lastTimestamp ?? eventTime ?? metadata.creationTimestamp;
  return { about: involvedObject, reason, message, at: new Date(at) };
}
