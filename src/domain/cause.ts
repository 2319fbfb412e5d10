// Why a run failed, as the cluster tells it. Bounded, and without secrets: it goes into messages and the ledger.
import * as z from "zod/mini";

/** Text of a container that ended, oldest line first, 15 at most. */
const log = z.array(z.string());

const podTrouble = z.object({
  pod: z.string(),
  container: z.optional(z.string()),
  /** As Kubernetes says it: `ImagePullBackOff`, `CrashLoopBackOff`, `OOMKilled`, `Unschedulable`, … */
  reason: z.string(),
  message: z.optional(z.string()),
  image: z.optional(z.string()),
  log: z.optional(log),
});

export const cause = z.object({
  /** What Helm wrote down of the failure: the release's own description. */
  description: z.optional(z.string()),
  /** The hook that failed. */
  hook: z.optional(
    z.object({
      kind: z.string(),
      name: z.string(),
      reason: z.optional(z.string()),
      log: z.optional(log),
    }),
  ),
  /** Worst first, three at most; the others are counted. */
  pods: z.array(podTrouble),
  morePods: z.number(),
  /** The last Warning events, newest first, five at most. */
  events: z.array(z.object({ about: z.string(), reason: z.string(), message: z.string() })),
  /** What could not be read, and why: `pods: forbidden`. */
  missing: z.array(z.string()),
});

export type Cause = z.infer<typeof cause>;
export type PodTrouble = z.infer<typeof podTrouble>;
