// dist/helm-notify-hook.oci.tar, loaded into containerd under the name the library chart gives it: nothing is pulled.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, existsSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "./debian.ts";
import type { Place } from "./place.ts";
import { inside, type Sandbox } from "./sandbox.ts";
import { waitUntil } from "./wait.ts";

const START_LIMIT_MS = 30_000;

/** Loads it where it is new. */
export async function loadHookImage(
  place: Place,
  sandbox: Sandbox,
  archive: string,
  log: Log,
): Promise<void> {
  if (!existsSync(archive)) {
    log(`no hook image: ${archive} is missing, npm run image makes it`);
    return;
  }
  const stamp = join(place.folder, "etc/hook-image");
  const digest = createHash("sha256").update(readFileSync(archive)).digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  if (!(await waitUntil(() => isContainerdUp(sandbox), START_LIMIT_MS))) {
    throw new Error(`containerd does not start, see ${place.folder}/log/containerd.log`);
  }
  const file = openSync(archive, "r");
  try {
    ctr(sandbox, ["images", "import", "-"], file);
  } finally {
    closeSync(file);
  }
  writeFileSync(stamp, digest);
}

function isContainerdUp(sandbox: Sandbox): boolean {
  try {
    ctr(sandbox, ["version"], "ignore");
    return true;
  } catch {
    return false;
  }
}

function ctr(sandbox: Sandbox, argv: readonly string[], stdin: number | "ignore"): void {
  const [file = "", ...words] = [...inside(sandbox), "ctr", "--namespace=k8s.io", ...argv];
  execFileSync(file, words, { cwd: "/", stdio: [stdin, "pipe", "pipe"] });
}
