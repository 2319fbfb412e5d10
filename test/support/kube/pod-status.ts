// The status of a pod through its life, as clients read it.
import { timestamp } from "./clock.ts";
import { condition } from "./controllers/ownership.ts";
import type { JsonObject } from "./json.ts";
import type { Condition, ContainerStatus, Pod } from "./kinds.ts";

export function markRunning(pod: Pod): void {
  const running = { running: { startedAt: timestamp() } };
  setStatus(pod, "Running", readiness(true), running, true);
}

export function markWaiting(pod: Pod, reason: string, message: string): void {
  setStatus(pod, "Pending", readiness(false), { waiting: { reason, message } }, false);
}

/** Its container ended and is about to be started again. */
export function markBackOff(pod: Pod, container: string, exitCode: number): void {
  const message = `back-off restarting failed container ${container}`;
  changeContainer(pod, container, false, (status) => ({
    ...status,
    state: { waiting: { reason: "CrashLoopBackOff", message } },
    lastState: terminated(exitCode),
  }));
}

export function markRestarted(pod: Pod, container: string): void {
  changeContainer(pod, container, true, (status) => ({
    ...status,
    restartCount: status.restartCount + 1,
    state: { running: { startedAt: timestamp() } },
  }));
}

/** `exitCodes` by container; what never ran is left as it was. */
export function markEnded(pod: Pod, exitCodes: ReadonlyMap<string, number>): void {
  const hasFailed = [...exitCodes.values()].some((code) => code !== 0);
  const reason = hasFailed ? "PodFailed" : "PodCompleted";
  pod.status = {
    ...pod.status,
    phase: hasFailed ? "Failed" : "Succeeded",
    conditions: readiness(false, reason),
    containerStatuses: (pod.status.containerStatuses ?? []).map((status) => ({
      ...status,
      ready: false,
      started: false,
      state: terminated(exitCodes.get(status.name) ?? 0),
    })),
  };
}

function changeContainer(
  pod: Pod,
  container: string,
  isReady: boolean,
  change: (status: ContainerStatus) => ContainerStatus,
): void {
  pod.status = {
    ...pod.status,
    conditions: readiness(isReady, isReady ? "" : "ContainersNotReady"),
    containerStatuses: (pod.status.containerStatuses ?? []).map((status) =>
      status.name === container ? { ...change(status), ready: isReady, started: isReady } : status,
    ),
  };
}

function terminated(exitCode: number): JsonObject {
  const reason = exitCode === 0 ? "Completed" : "Error";
  const finishedAt = timestamp();
  return { terminated: { exitCode, reason, startedAt: finishedAt, finishedAt } };
}

function setStatus(
  pod: Pod,
  phase: string,
  conditions: Condition[],
  state: JsonObject,
  isReady: boolean,
): void {
  const containerStatuses = pod.spec.containers.map(({ name, image }): ContainerStatus => ({
    name,
    image,
    imageID: "",
    ready: isReady,
    started: isReady,
    restartCount: 0,
    state,
  }));
  pod.status = {
    startTime: timestamp(),
    ...pod.status,
    phase,
    podIP: "10.244.0.9",
    hostIP: "127.0.0.1",
    conditions,
    containerStatuses,
  };
}

function readiness(isReady: boolean, reason = ""): Condition[] {
  return [
    condition("PodScheduled", true, ""),
    condition("Initialized", true, ""),
    condition("ContainersReady", isReady, reason),
    condition("Ready", isReady, reason),
  ];
}
