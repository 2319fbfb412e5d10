// Network, mount and process namespaces around a whole cluster: when their first process ends, the kernel ends all
// others in them and takes mounts and interfaces away. Nothing has to be found and cleaned up one by one.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, closeSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning, readRecord, type ProcessRecord, recordProcess } from "./process-record.ts";
import type { Place } from "./place.ts";

// /run and /var are the cluster's own, so that containerd, CNI and the kubelet leave nothing behind in the machine's.
// The kubelet asks for shared mounts. As the first process, the shell has to reap orphans: `wait` does.
const FIRST_PROCESS = `
  set -e
  mount --make-rshared /
  mount -t tmpfs -o mode=755 tmpfs /run
  mount --bind "$1" /var
  touch /var/mounted
  while :; do sleep 86400 & wait; done
`;
const START_LIMIT_MS = 10_000;

/** The running namespaces of this place, if any. */
export function findSandbox(place: Place): ProcessRecord | undefined {
  const record = readRecord(recordOf(place));
  return record !== undefined && isRunning(record) ? record : undefined;
}

export async function openSandbox(place: Place): Promise<ProcessRecord> {
  const { folder } = place;
  mkdirSync(folder, { recursive: true, mode: 0o711 });
  for (const name of ["etc", "lib", "log", "pids"]) mkdirSync(join(folder, name), { recursive: true });
  symlinkSync("/run", join(folder, "run"));
  const argv = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const log = openSync(join(folder, "log/sandbox.log"), "a");
  const child = spawn("unshare", [...argv, "sh", "-c", FIRST_PROCESS, "sh", folder], {
    cwd: "/",
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  child.unref();
  const record = recordProcess(recordOf(place), child.pid);
  for (let waitedMs = 0; !existsSync(join(folder, "mounted")); waitedMs += 20) {
    if (waitedMs > START_LIMIT_MS || !isRunning(record)) {
      throw new Error(`the namespaces could not be set up, see ${folder}/log/sandbox.log`);
    }
    await sleep(20);
  }
  connect(place, record);
  return record;
}

/** The words that put a command inside. */
export function inside({ pid }: ProcessRecord, options: { ownMounts: boolean }): string[] {
  const namespaces = `/proc/${pid}/ns`;
  return [
    "nsenter",
    `--net=${namespaces}/net`,
    `--pid=${namespaces}/pid_for_children`,
    ...(options.ownMounts ? [`--mount=${namespaces}/mnt`] : []),
  ];
}

/** One cable to this machine, and no default route: nothing in the cluster can reach any other. */
function connect({ hostLink, nodeLink, hostAddress, nodeAddress, podRange }: Place, sandbox: ProcessRecord) {
  const ip = (line: string) => execFileSync("ip", line.split(" "));
  const [command = "", ...argv] = inside(sandbox, { ownMounts: true });
  const insideRun = (line: string) => execFileSync(command, [...argv, ...line.split(" ")], { cwd: "/" });

  ip(`link add ${hostLink} type veth peer name ${nodeLink} netns ${sandbox.pid}`);
  ip(`address add ${hostAddress}/30 dev ${hostLink}`);
  ip(`link set ${hostLink} up`);
  insideRun(`ip address add ${nodeAddress}/30 dev ${nodeLink}`);
  insideRun(`ip link set ${nodeLink} up`);
  insideRun("ip link set lo up");
  // The API server listens on the address of its own Service: no kube-proxy is needed.
  insideRun(`ip address add ${API_ADDRESS}/32 dev lo`);
  insideRun("sysctl -qw net.ipv4.ip_forward=1");
  ip(`route add ${podRange} via ${nodeAddress} dev ${hostLink}`);
}
