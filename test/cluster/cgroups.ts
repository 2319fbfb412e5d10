// The control groups under which the kubelet puts its pods, and only its own.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Place } from "./place.ts";
import { waitUntil } from "./wait.ts";

const ROOT = "/sys/fs/cgroup";
// What the kubelet insists on: https://github.com/kubernetes/kubernetes/blob/v1.34.3/pkg/kubelet/cm/cgroup_manager_linux.go
const V2_CONTROLLERS = ["cpu", "cpuset", "memory", "pids", "hugetlb"];
const REMOVE_LIMIT_MS = 10_000;

export function createCgroups({ cgroup }: Place): void {
  for (const hierarchy of hierarchies()) {
    if (hierarchy === ROOT) enableControllers();
    mkdirSync(join(hierarchy, cgroup), { recursive: true });
    // In version 1 a new group may use no processor and no memory until told.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      const inherited = join(hierarchy, file);
      const own = join(hierarchy, cgroup, file);
      if (hierarchy !== ROOT && existsSync(inherited)) {
        writeFileSync(own, readFileSync(inherited, "utf8").trim());
      }
    }
  }
}

/** Once all processes in them have been told to end. */
export async function removeCgroups({ cgroup }: Place): Promise<void> {
  const paths = hierarchies().map((hierarchy) => join(hierarchy, cgroup));
  if (!(await waitUntil(() => paths.every(removeTree), REMOVE_LIMIT_MS))) {
    throw new Error(`processes are left in the control groups ${cgroup}`);
  }
}

/** One tree in version 2, one for each controller in version 1. */
function hierarchies(): string[] {
  if (existsSync(join(ROOT, "cgroup.controllers"))) return [ROOT];
  return readdirSync(ROOT)
    .map((name) => join(ROOT, name))
    .filter((path) => existsSync(join(path, "cgroup.procs")));
}

function enableControllers(): void {
  const available = readFileSync(join(ROOT, "cgroup.controllers"), "utf8").trim().split(" ");
  for (const controller of V2_CONTROLLERS.filter((name) => available.includes(name))) {
    writeFileSync(join(ROOT, "cgroup.subtree_control"), `+${controller}`);
  }
}

/** A group's files cannot be deleted, only the group itself, when nothing runs in it. */
function removeTree(path: string): boolean {
  if (!existsSync(path)) return true;
  try {
    const children = readdirSync(path, { withFileTypes: true }).filter((it) => it.isDirectory());
    for (const child of children) removeTree(join(path, child.name));
    rmdirSync(path);
    return true;
  } catch {
    return false;
  }
}
