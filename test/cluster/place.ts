// Every path, name and address of one cluster. Clusters of different numbers run beside each other.
import { homedir } from "node:os";
import { join } from "node:path";
import { NotifyError } from "../../src/domain/errors.ts";

export interface Place {
  /** State and logs. The cluster's own processes see it as /var. */
  readonly folder: string;
  readonly kubeconfig: string;
  /** The two ends of the only cable between this machine and the cluster. */
  readonly hostLink: string;
  readonly nodeLink: string;
  /** This machine, as pods reach it. */
  readonly hostAddress: string;
  readonly nodeAddress: string;
  readonly podRange: string;
  /** Of the kubelet: two of them in one would delete each other's pods. */
  readonly cgroup: string;
}

/** Seen inside the cluster only. */
export const API_ADDRESS = "10.96.0.1";
export const SERVICE_RANGE = "10.96.0.0/16";
export const NODE = "node1";

const STATE = "/var/lib/helm-notify-cluster";

export function placeOf(number: number): Place {
  if (!Number.isInteger(number) || number < 0 || number > 200) {
    throw new NotifyError("BAD_CLUSTER_NUMBER", `${number} is no number of a cluster`, {
      hint: "Use one from 0 to 200.",
    });
  }
  const folder = join(STATE, String(number));
  return {
    folder,
    kubeconfig: join(folder, "kubeconfig"),
    hostLink: `hncluster${number}`,
    nodeLink: "uplink",
    hostAddress: `10.111.${number}.1`,
    nodeAddress: `10.111.${number}.2`,
    podRange: `10.244.${number}.0/24`,
    cgroup: `helm-notify-cluster-${number}`,
  };
}

/** What is worth keeping when the cluster is gone. */
export function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "helm-notify");
}
