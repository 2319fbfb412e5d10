// Pods: what is wrong with them, and what they wrote.
import * as z from "zod/mini";
import type { PodTrouble } from "../domain/cause.ts";
import type { KubeApi } from "./kube-api.ts";
import {
  controllerOf,
  listObjects,
  type Named,
  namespaced,
  type ObjectList,
  objectMetadata,
} from "./objects.ts";

const said = z.object({ reason: z.optional(z.string()), message: z.optional(z.string()) });

const containerState = z.object({
  waiting: z.optional(said),
  running: z.optional(z.object({})),
  terminated: z.optional(
    z.extend(said, { exitCode: z.number(), finishedAt: z.optional(z.string()) }),
  ),
});

const containerStatus = z.object({
  name: z.string(),
  ready: z.boolean(),
  state: z.optional(containerState),
  lastState: z.optional(containerState),
});
type ContainerStatus = z.infer<typeof containerStatus>;

const containers = z.optional(z.array(z.object({ name: z.string(), image: z.string() })));
const statuses = z.optional(z.array(containerStatus));

const pod = z.object({
  metadata: objectMetadata,
  spec: z.object({ initContainers: containers, containers }),
  status: z.extend(said, {
    phase: z.optional(z.string()),
    conditions: z.optional(z.array(z.extend(said, { type: z.string(), status: z.string() }))),
    initContainerStatuses: statuses,
    containerStatuses: statuses,
  }),
});
export type Pod = z.infer<typeof pod>;

export async function listPods(api: KubeApi, signal: AbortSignal): Promise<ObjectList<Pod>> {
  return listObjects(api, { path: namespaced(api, "api/v1", "pods"), signal }, pod);
}

/** Who made it: itself where nobody did. */
export function makerOf({ metadata }: Pod): Named {
  return controllerOf(metadata) ?? { kind: "Pod", name: metadata.name };
}

/** The worst first. */
const RANKS = ["crashed", "no image", "not started", "unschedulable", "not ready"] as const;

export interface Trouble extends Omit<PodTrouble, "pod" | "log"> {
  readonly rank: (typeof RANKS)[number];
}

export function byRank(one: Trouble, other: Trouble): number {
  return RANKS.indexOf(one.rank) - RANKS.indexOf(other.rank);
}

/** The worst of what is wrong with a pod; `undefined` where it is ready and has not crashed since then, or did what it was for. */
export function troubleOf({ spec, status }: Pod, since: Date): Trouble | undefined {
  if (status.phase === "Succeeded") return undefined;
  const { initContainers = [], containers: others = [] } = spec;
  const { initContainerStatuses = [], containerStatuses = [], conditions = [] } = status;
  // The image as asked for: that in the status is any name the node knows the same content by.
  const imageOf = ({ name }: ContainerStatus) =>
    [...initContainers, ...others].find((container) => container.name === name)?.image;
  const [worst] = [...initContainerStatuses, ...containerStatuses]
    .flatMap((container): Trouble[] => {
      const trouble = containerTrouble(container, since);
      return trouble ? [{ ...trouble, container: container.name, image: imageOf(container) }] : [];
    })
    .toSorted(byRank);
  if (worst !== undefined && worst.rank !== "not ready") return worst;

  // Evicted, or over its deadline.
  if (status.phase === "Failed") return toTrouble("crashed", "Failed", status);
  const [unscheduled, unready] = ["PodScheduled", "Ready"].map((type) =>
    conditions.find((condition) => condition.type === type && condition.status === "False"),
  );
  if (unscheduled !== undefined) return toTrouble("unschedulable", "Unschedulable", unscheduled);
  return unready && (worst ?? toTrouble("not ready", NOT_READY, unready));
}

// As Kubernetes gives the reason of a pod that is not.
const NOT_READY = "ContainersNotReady";
// ErrImagePull, ImagePullBackOff, InvalidImageName, ErrImageNeverPull, ImageInspectError, RegistryUnavailable.
const IMAGE_REASON = /Image|Registry/;
// CreateContainerConfigError, CreateContainerError, PreCreateHookError, RunContainerError, PostStartHookError, PreStartHookError.
const START_REASON = /Error$/;

function containerTrouble(
  { ready, state = {}, lastState = {} }: ContainerStatus,
  since: Date,
): Trouble | undefined {
  // Without a probe a container is ready while it runs, be it until the next crash.
  const { exitCode: lastCode = 0, finishedAt = "" } = lastState.terminated ?? {};
  const hasCrashed = lastCode !== 0 && new Date(finishedAt) >= since;
  if ((ready && !hasCrashed) || state.terminated?.exitCode === 0) return undefined;
  const { waiting, terminated = lastState.terminated } = state;
  if (terminated !== undefined) {
    const { reason = "Error", exitCode, message } = terminated;
    // `OOMKilled` says more than the `CrashLoopBackOff` that follows it.
    const isVague = reason === "Error" || reason === "Completed";
    return {
      rank: "crashed",
      reason: isVague ? (waiting?.reason ?? reason) : reason,
      message: `exit code ${exitCode}${message ? `: ${message}` : ""}`,
    };
  }
  if (state.running !== undefined) return { rank: "not ready", reason: NOT_READY };
  const { reason = "", message } = waiting ?? {};
  if (IMAGE_REASON.test(reason)) return { rank: "no image", reason, message };
  if (START_REASON.test(reason)) return { rank: "not started", reason, message };
  // `PodInitializing` and the like: others are to blame.
  return undefined;
}

function toTrouble(
  rank: Trouble["rank"],
  otherwise: string,
  { reason = otherwise, message }: z.infer<typeof said>,
): Trouble {
  return { rank, reason, message };
}

/** The end of what a container wrote when it ran last: that of a crash, not of the next try. `undefined` where it never ran. */
export async function readLog(
  api: KubeApi,
  { metadata, status }: Pod,
  container: string,
  lines: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { initContainerStatuses = [], containerStatuses = [] } = status;
  const { state = {}, lastState = {} } =
    [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container) ?? {};
  const isPrevious = state.terminated === undefined && lastState.terminated !== undefined;
  if (!isPrevious && !state.terminated && !state.running) return undefined;
  const query = {
    container,
    tailLines: String(lines),
    // Of the last lines it keeps the first bytes; a line of 1 KiB is long.
    limitBytes: "16384",
    ...(isPrevious && { previous: "true" }),
  };
  const path = `${namespaced(api, "api/v1", "pods", metadata.name)}/log`;
  return api.requestText({ path, query, signal });
}
