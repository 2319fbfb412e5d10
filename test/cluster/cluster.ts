// A real Kubernetes of one node on this machine: started, looked at, taken away.
import { copyFileSync, existsSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { NotifyError } from "../../src/domain/errors.ts";
import { createCgroups, removeCgroups } from "./cgroups.ts";
import { controlPlane, writeKeys } from "./control-plane.ts";
import { type Daemon, findDaemon, KUBE_PROGRAM, startDaemon } from "./daemon.ts";
import { busyboxPath, fetchBusybox, installPackages, type Log } from "./debian.ts";
import { loadHookImage } from "./hook-image.ts";
import { idleRegistry } from "./idle-registry.ts";
import { buildKubeProgram } from "./kube-program.ts";
import { connect } from "./network.ts";
import { CONTAINERD, kubelet, writeNodeSettings } from "./node.ts";
import type { Place } from "./place.ts";
import { waitForCluster } from "./readiness.ts";
import { closeSandbox, findSandbox, openSandbox, type Sandbox } from "./sandbox.ts";

export interface Cluster {
  readonly kubeconfig: string;
  /** This machine as pods reach it: what listens here is open to the cluster and to this machine only. */
  readonly slackHost: string;
}

export interface ClusterStatus {
  /** `broken`: a process of it has ended. */
  readonly state: "up" | "down" | "broken";
  /** By name. */
  readonly processes: Readonly<Record<string, number | undefined>>;
}

export function clusterStatus(place: Place): ClusterStatus {
  const processes = {
    sandbox: findSandbox(place)?.pid,
    ...Object.fromEntries(daemonsOf(place).map(({ name }) => [name, findDaemon(place, name)])),
  };
  const pids = Object.values(processes);
  if (pids.every((pid) => pid !== undefined)) return { state: "up", processes };
  return { state: pids.every((pid) => pid === undefined) ? "down" : "broken", processes };
}

/** Starts what does not run yet; loads a new hook image into a cluster that does. */
export async function startCluster(place: Place, hookImage: string, log: Log): Promise<Cluster> {
  requireRoot();
  installPackages(log);
  fetchBusybox(log);
  const program = buildKubeProgram(log);
  const sandbox = findSandbox(place) ?? (await prepareCluster(place, program));
  for (const daemon of daemonsOf(place)) startDaemon(place, sandbox, daemon);
  await loadHookImage(place, sandbox, hookImage, log);
  await waitForCluster(place.kubeconfig);
  return { kubeconfig: place.kubeconfig, slackHost: place.hostAddress };
}

/** Leaves no process, mount, interface, control group or file. */
export async function stopCluster(place: Place): Promise<void> {
  requireRoot();
  const sandbox = findSandbox(place);
  if (sandbox !== undefined) await closeSandbox(sandbox);
  await removeCgroups(place);
  rmSync(place.folder, { recursive: true, force: true });
  const parent = dirname(place.folder);
  if (existsSync(parent) && readdirSync(parent).length === 0) rmdirSync(parent);
}

async function prepareCluster(place: Place, program: string): Promise<Sandbox> {
  // What a restart of the machine left.
  await stopCluster(place);
  const sandbox = await openSandbox(place);
  connect(place, sandbox);
  createCgroups(place);
  copyFileSync(program, join(place.folder, KUBE_PROGRAM));
  writeKeys(place);
  writeNodeSettings(place);
  return sandbox;
}

function daemonsOf(place: Place): readonly Daemon[] {
  return [...controlPlane(place), idleRegistry(busyboxPath()), CONTAINERD, kubelet(place)];
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new NotifyError("CLUSTER_NEEDS_ROOT", "namespaces, mounts and control groups need root", {
    hint: "Run it as root, or name your own cluster with --kubeconfig.",
  });
}
