// Runs the pods that have something to run, and ends those of Jobs and those that stand alone without.
import { mkdirSync, rmSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Cluster } from "../cluster.ts";
import { exitCodeOf, hasProgram, missingImage, programOf } from "../image.ts";
import { isPod, type Container, type Pod } from "../kinds.ts";
import { NotYet } from "../pod-config.ts";
import { environmentOf, expand } from "../pod-environment.ts";
import { startProcess, type ContainerProcess } from "../pod-process.ts";
import { markBackOff, markEnded, markRestarted, markRunning, markWaiting } from "../pod-status.ts";
import { localPaths, writeVolumes } from "../pod-volumes.ts";
import { defer } from "./defer.ts";

const WORKLOADS = new Set(["ReplicaSet", "StatefulSet", "DaemonSet"]);
const RETRY_MS = 100;
// Kubernetes waits 30 s by default; a test does not.
const MAX_GRACE_SECONDS = 2;
// Kubernetes begins with 10 s and doubles up to 5 minutes.
const BACK_OFF_MS = 100;
const MAX_BACK_OFF_MS = 2000;

interface PodRun {
  readonly pod: Pod;
  readonly processes: Set<ContainerProcess>;
  /** Aborted when the pod is deleted, or the cluster stops. */
  readonly end: AbortController;
}

/** Returns the end: every process is killed and gone when it resolves. */
export function startPodController(cluster: Cluster): () => Promise<void> {
  const runs = new Map<string, { readonly run: PodRun; readonly done: Promise<void> }>();
  cluster.store.subscribe(({ type, object }) => {
    if (!isPod(object)) return;
    const pod = object;
    const { uid = "", ownerReferences = [] } = pod.metadata;
    if (type === "DELETED") {
      const found = runs.get(uid);
      if (found !== undefined) terminate(found.run);
      defer(cluster, () => cluster.podLogs.drop(uid));
    }
    const isRun = hasProgram(cluster, pod.spec);
    const isWorkload = WORKLOADS.has(ownerReferences[0]?.kind ?? "");
    if (type !== "ADDED" || (isWorkload && !isRun)) return;
    defer(cluster, () => {
      if (pod.spec.restartPolicy === "Always" && !isRun) {
        changePod(cluster, pod, markRunning);
        return;
      }
      const run: PodRun = { pod, processes: new Set(), end: new AbortController() };
      const done = runPod(cluster, run).finally(() => runs.delete(uid));
      runs.set(uid, { run, done });
    });
  });
  return async () => {
    const open = [...runs.values()];
    for (const { run } of open) {
      run.end.abort();
      for (const child of run.processes) child.kill("SIGKILL");
    }
    await Promise.all(open.map(({ done }) => done));
  };
}

async function runPod(cluster: Cluster, run: PodRun): Promise<void> {
  const { pod } = run;
  const directory = join(cluster.directory, pod.metadata.uid ?? "");
  mkdirSync(directory, { recursive: true });
  try {
    const start = await prepare(cluster, run, directory);
    if (start === undefined) return;
    changePod(cluster, pod, markRunning);
    const exitCodes = await start();
    if (!isOver(run)) changePod(cluster, pod, (current) => markEnded(current, exitCodes));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

type StartPod = () => Promise<ReadonlyMap<string, number>>;

/** Waits until everything the pod refers to is there; `undefined` where the pod goes first. */
async function prepare(
  cluster: Cluster,
  run: PodRun,
  directory: string,
): Promise<StartPod | undefined> {
  const { pod } = run;
  while (!isOver(run)) {
    const image = missingImage(cluster, pod.spec);
    try {
      if (image === undefined) return prepareContainers(cluster, run, directory);
      const reason = `Back-off pulling image "${image}"`;
      changePod(cluster, pod, (current) => markWaiting(current, "ImagePullBackOff", reason));
      return undefined;
    } catch (error) {
      if (!(error instanceof NotYet)) throw error;
      const { message } = error;
      changePod(cluster, pod, (current) =>
        markWaiting(current, "CreateContainerConfigError", message),
      );
    }
    await pause(run, RETRY_MS);
  }
  return undefined;
}

/** Init containers one after the other, then all others at once. Sidecars are taken to run beside them. */
function prepareContainers(cluster: Cluster, run: PodRun, directory: string): StartPod {
  const { initContainers = [], containers, restartPolicy: policy } = run.pod.spec;
  writeVolumes(cluster, run.pod, directory);
  const toStart = (container: Container) => prepareContainer(cluster, run, container, directory);
  const before = initContainers
    .filter(({ restartPolicy }) => restartPolicy !== "Always")
    .map((container) => ({ name: container.name, start: toStart(container) }));
  const main = containers.map((container) => {
    const start = toStart(container);
    const keep = () => keepRunning(cluster, run, container, start);
    return { name: container.name, start: policy === "Always" ? keep : start };
  });
  return async () => {
    for (const { name, start } of before) {
      const code = await start();
      if (code !== 0) return new Map([[name, code]]);
    }
    return new Map(
      await Promise.all(
        main.map(async ({ name, start }): Promise<[string, number]> => [name, await start()]),
      ),
    );
  };
}

function prepareContainer(
  cluster: Cluster,
  run: PodRun,
  container: Container,
  directory: string,
): () => Promise<number> {
  const { uid = "" } = run.pod.metadata;
  const toLocal = localPaths(container, directory);
  const { podLogs } = cluster;
  const env = environmentOf(cluster, run.pod, container, toLocal);
  const program = programOf(cluster, container);
  return async () => {
    try {
      // The pod may have gone while an init container ran.
      if (program === undefined || isOver(run)) return exitCodeOf(container);
      const args = (container.args ?? []).map((arg) => toLocal(expand(arg, env)));
      const child = startProcess([...program, ...args], {
        cwd: directory,
        env,
        onOutput: (text) => podLogs.append(uid, container.name, text),
      });
      run.processes.add(child);
      const code = await child.ended;
      run.processes.delete(child);
      return code;
    } finally {
      podLogs.end(uid, container.name);
    }
  };
}

/** Starts the container over and over, until its pod goes. Without a program it runs as long as that. */
async function keepRunning(
  cluster: Cluster,
  run: PodRun,
  container: Container,
  start: () => Promise<number>,
): Promise<number> {
  const { pod, end } = run;
  const { name } = container;
  if (programOf(cluster, container) === undefined) {
    if (!isOver(run)) await once(end.signal, "abort");
    return 0;
  }
  for (let backOffMs = BACK_OFF_MS; ; backOffMs = Math.min(2 * backOffMs, MAX_BACK_OFF_MS)) {
    const code = await start();
    if (isOver(run)) return code;
    changePod(cluster, pod, (current) => markBackOff(current, name, code));
    await pause(run, backOffMs);
    if (isOver(run)) return code;
    cluster.podLogs.restart(pod.metadata.uid ?? "", name);
    changePod(cluster, pod, (current) => markRestarted(current, name));
  }
}

function isOver({ end }: PodRun): boolean {
  return end.signal.aborted;
}

/** Not beyond the end of the pod. */
async function pause({ end: { signal } }: PodRun, ms: number): Promise<void> {
  await sleep(ms, undefined, { signal, ref: false }).catch(() => {});
}

function terminate(run: PodRun): void {
  run.end.abort();
  const { terminationGracePeriodSeconds = MAX_GRACE_SECONDS } = run.pod.spec;
  for (const child of run.processes) {
    child.kill("SIGTERM");
    const graceMs = Math.min(MAX_GRACE_SECONDS, terminationGracePeriodSeconds) * 1000;
    setTimeout(() => child.kill("SIGKILL"), graceMs).unref();
  }
}

function changePod(
  { store, resources }: Cluster,
  { metadata }: Pod,
  change: (pod: Pod) => void,
): void {
  const { namespace = "", name, uid } = metadata;
  store.change(resources.named("pods"), namespace, name, (object) => {
    if (isPod(object) && object.metadata.uid === uid) change(object);
  });
}
