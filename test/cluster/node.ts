// The one node: containerd with runc and CNI from Debian, and the kubelet.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { NODE_KUBECONFIG } from "./control-plane.ts";
import type { Daemon } from "./daemon.ts";
import { IDLE_REGISTRY, IDLE_REGISTRY_PORT } from "./idle-registry.ts";
import { NODE, type Place } from "./place.ts";

export const CONTAINERD: Daemon = {
  name: "containerd",
  program: "containerd",
  argv: ["--config=/var/etc/containerd.toml"],
};

/** As containerd sees it: a folder for each registry. */
export const REGISTRIES = "/var/etc/registries";

export function kubelet({ nodeAddress }: Place): Daemon {
  const argv = [
    "--config=/var/etc/kubelet.json",
    `--kubeconfig=${NODE_KUBECONFIG}`,
    `--hostname-override=${NODE}`,
    // Else it looks for a default route.
    `--node-ip=${nodeAddress}`,
  ];
  return { name: "kubelet", argv };
}

export function writeNodeSettings(place: Place): void {
  const write = (path: string, content: string) => {
    const file = join(place.folder, "etc", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  write("containerd.toml", containerdSettings());
  write(
    `registries/${IDLE_REGISTRY}/hosts.toml`,
    `[host."http://127.0.0.1:${IDLE_REGISTRY_PORT}"]\ncapabilities = ["pull", "resolve"]\n`,
  );
  write("cni/10-bridge.conflist", JSON.stringify(bridge(place)));
  write("kubelet.json", JSON.stringify(kubeletSettings(place)));
}

function containerdSettings(): string {
  return `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${IDLE_REGISTRY}/pause:1"
  # A score below this process's own would need CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/var/etc/cni"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${REGISTRIES}"
`;
}

/** No masquerading: no iptables. */
function bridge({ podRange }: Place): object {
  const ipam = { type: "host-local", ranges: [[{ subnet: podRange }]] };
  const plugin = {
    type: "bridge",
    bridge: "pods",
    isDefaultGateway: true,
    hairpinMode: true,
    ipam,
  };
  return { cniVersion: "1.0.0", name: "pods", plugins: [plugin] };
}

function kubeletSettings({ cgroup }: Place): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    // Only this machine and the pods reach it; so `kubectl logs` and `exec` need no certificates.
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: "AlwaysAllow" },
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    maxOpenFiles: 20_000,
    makeIPTablesUtilChains: false,
    resolvConf: "",
    volumePluginDir: "/var/lib/kubelet/volume-plugins",
    enforceNodeAllocatable: [],
    // A developer's disk is often nearly full; and what was imported cannot be pulled again.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: Object.fromEntries(
      ["memory.available", "nodefs.available", "imagefs.available", "nodefs.inodesFree"].map(
        (signal) => [signal, "0%"],
      ),
    ),
  };
}
