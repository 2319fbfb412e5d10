// Network, mount and process namespaces around a whole cluster: when their first process ends, the kernel ends all
// others in them and takes mounts and interfaces away. Nothing has to be found and cleaned up one by one.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "./place.ts";
import { findProcess, isRunning, type ProcessRecord, recordProcess } from "./process-record.ts";
import { waitUntil } from "./wait.ts";

export type Sandbox = ProcessRecord;

// /run and /var are the cluster's own, so that containerd, CNI and the kubelet leave nothing behind in the machine's.
// The kubelet asks for shared mounts. As the first process, the shell has to reap orphans: `wait` does.
const FIRST_PROCESS = `
  set -e
  mount --make-rshared /
  mount -t tmpfs -o mode=755 tmpfs /run
  mount --bind "$1" /var
  touch /var/ready
  while :; do sleep 86400 & wait; done
`;
const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 30_000;

export function findSandbox(place: Place): Sandbox | undefined {
  return findProcess(recordOf(place));
}

export async function openSandbox(place: Place): Promise<Sandbox> {
  const { folder } = place;
  for (const name of ["etc", "lib", "log", "pids"])
    mkdirSync(join(folder, name), { recursive: true });
  symlinkSync("/run", join(folder, "run"));
  const options = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const pid = spawnDetached(
    ["unshare", ...options, "sh", "-c", FIRST_PROCESS, "sh", folder],
    join(folder, "log/sandbox.log"),
  );
  const sandbox = recordProcess(recordOf(place), pid);
  const isReady = () => existsSync(join(folder, "ready"));
  await waitUntil(() => isReady() || !isRunning(sandbox), START_LIMIT_MS);
  if (!isReady()) {
    throw new Error(`the namespaces could not be set up, see ${folder}/log/sandbox.log`);
  }
  return sandbox;
}

/** Ends every process in it, however it got there. */
export async function closeSandbox(sandbox: Sandbox): Promise<void> {
  process.kill(sandbox.pid, "SIGKILL");
  if (!(await waitUntil(() => !isRunning(sandbox), STOP_LIMIT_MS))) {
    throw new Error(`process ${sandbox.pid} does not end`);
  }
}

/** The words that put a command inside; without `mounts` it still sees this machine's files. */
export function inside({ pid }: Sandbox, { mounts = true } = {}): string[] {
  const namespaces = `/proc/${pid}/ns`;
  return [
    "nsenter",
    `--net=${namespaces}/net`,
    `--pid=${namespaces}/pid_for_children`,
    ...(mounts ? [`--mount=${namespaces}/mnt`] : []),
  ];
}

/** A process that outlives this one. */
export function spawnDetached([file = "", ...argv]: readonly string[], logPath: string) {
  const log = openSync(logPath, "a");
  try {
    const child = spawn(file, argv, { cwd: "/", detached: true, stdio: ["ignore", log, log] });
    child.unref();
    return child.pid;
  } finally {
    closeSync(log);
  }
}

function recordOf({ folder }: Place): string {
  return join(folder, "pids/sandbox");
}
