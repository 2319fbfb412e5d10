// The multi-call binary of test/cluster/kube: etcd, the control plane and the kubelet, built once from Go modules.
import { join } from "node:path";
import { buildGoProgram } from "../support/go-program.ts";
import type { Log } from "./debian.ts";

const VERSION = "1.34.3";

export function buildKubeProgram(log: Log): string {
  return buildGoProgram(
    {
      name: "kube",
      folder: join(import.meta.dirname, "kube"),
      package: ".",
      sources: ["main.go"],
      linkerFlags: versionFlags(),
      hint: "Install Go 1.24 or newer, or name your own cluster with --kubeconfig.",
    },
    log,
  );
}

/** Without these the server calls itself v0.0.0-master, and charts refuse it by their `kubeVersion`. */
function versionFlags(): string {
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
  return packages
    .flatMap((name) =>
      Object.entries(settings).map(([variable, value]) => `-X ${name}.${variable}=${value}`),
    )
    .join(" ");
}
