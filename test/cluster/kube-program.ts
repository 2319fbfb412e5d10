// The multi-call binary of test/cluster/kube: etcd, the control plane and the kubelet, built once from Go modules.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { NotifyError } from "../../src/domain/errors.ts";
import type { Log } from "./debian.ts";
import { cacheFolder } from "./place.ts";

const SOURCES = join(import.meta.dirname, "kube");
const VERSION = "1.34.3";

/** Its path in the cache, under a digest of all that goes into it. */
export function buildKubeProgram(log: Log): string {
  const path = join(cacheFolder(), `kube-${sourceDigest()}`, "kube");
  if (existsSync(path)) return path;
  log("building Kubernetes from its Go modules: about five minutes, once");
  const part = `${path}.${process.pid}`;
  mkdirSync(dirname(path), { recursive: true });
  execFileSync(
    "nice",
    ["-n", "19", "go", "build", "-trimpath", "-ldflags", linkerFlags(), "-o", part, "."],
    {
      cwd: SOURCES,
      env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false" },
      stdio: ["ignore", process.stderr, process.stderr],
    },
  );
  renameSync(part, path);
  return path;
}

function sourceDigest(): string {
  const hash = createHash("sha256").update(goVersion()).update(linkerFlags());
  for (const file of ["go.mod", "go.sum", "main.go"]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(SOURCES, file)));
  }
  return hash.digest("hex").slice(0, 16);
}

function goVersion(): string {
  try {
    return execFileSync("go", ["env", "GOVERSION", "GOARCH"], { cwd: SOURCES, encoding: "utf8" });
  } catch (cause) {
    throw new NotifyError("CLUSTER_NEEDS_GO", "could not start go, which builds Kubernetes", {
      hint: "Install Go 1.24 or newer, or name your own cluster with --kubeconfig.",
      cause,
    });
  }
}

/** Without these the server calls itself v0.0.0-master, and charts refuse it by their `kubeVersion`. */
function linkerFlags(): string {
  const [major, minor] = VERSION.split(".");
  const settings = {
    gitVersion: `v${VERSION}`,
    gitMajor: major,
    gitMinor: minor,
    gitCommit: "helm-notify",
    gitTreeState: "clean",
    buildDate: "1970-01-01T00:00:00Z",
  };
  const packages = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"];
  const assignments = packages.flatMap((name) =>
    Object.entries(settings).map(([variable, value]) => `-X ${name}.${variable}=${value}`),
  );
  return ["-s -w", ...assignments].join(" ");
}
