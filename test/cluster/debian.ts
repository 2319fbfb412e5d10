// What comes from Debian: installed where it is missing, or only unpacked.
import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { NotifyError } from "../../src/domain/errors.ts";
import { cacheFolder } from "./place.ts";

export type Log = (line: string) => void;

const PACKAGES = [
  { name: "containerd", isThere: () => isOnPath("containerd") },
  { name: "runc", isThere: () => isOnPath("runc") },
  { name: "containernetworking-plugins", isThere: () => existsSync("/usr/lib/cni/bridge") },
];
const BUSYBOX = "busybox-static";

export function installPackages(log: Log): void {
  const missing = PACKAGES.filter(({ isThere }) => !isThere()).map(({ name }) => name);
  if (missing.length === 0) return;
  log(`installing ${missing.join(", ")}`);
  apt(["update"]);
  apt(["install", "--yes", "--no-install-recommends", ...missing]);
}

export function busyboxPath(): string {
  return join(cacheFolder(), BUSYBOX, "bin/busybox");
}

export function fetchBusybox(log: Log): void {
  fetchPackage(BUSYBOX, log);
}

/** The folder it is unpacked in. Not installed: it would push out the machine's own, or start a service. */
export function fetchPackage(name: string, log: Log): string {
  const folder = join(cacheFolder(), name);
  if (existsSync(folder)) return folder;
  log(`fetching ${name}`);
  const part = `${folder}.${process.pid}`;
  mkdirSync(part, { recursive: true });
  try {
    apt(["update"]);
    apt(["download", name], part);
    const [archive = ""] = globSync("*.deb", { cwd: part });
    execFileSync("dpkg-deb", ["--extract", archive, "."], { cwd: part });
    rmSync(folder, { recursive: true, force: true });
    renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return folder;
}

function apt(argv: readonly string[], cwd = "/"): void {
  if (!isOnPath("apt-get")) {
    throw new NotifyError("CLUSTER_NEEDS_DEBIAN", `apt-get ${argv.join(" ")}: no apt-get here`, {
      hint: "Use a Debian machine, or name your own cluster with --kubeconfig.",
    });
  }
  execFileSync("apt-get", ["-qq", "-o", "DPkg::Lock::Timeout=300", ...argv], {
    cwd,
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    stdio: ["ignore", process.stderr, process.stderr],
  });
}

function isOnPath(program: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => existsSync(join(folder, program)));
}
