// A cluster the user names, in place of one of ours.
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { resolve } from "node:path";
import { kubectlPath } from "../../scripts/toolbox.ts";
import { NotifyError } from "../../src/domain/errors.ts";
import type { Cluster } from "./cluster.ts";
import { isAnswering } from "./readiness.ts";

/** Refuses one that does not answer; without `slackHost`, this machine's address on the way to its API server. */
export async function useCluster(path: string, slackHost: string): Promise<Cluster> {
  const kubeconfig = resolve(path);
  if (!isAnswering(kubeconfig)) {
    throw new NotifyError("CLUSTER_UNREACHABLE", `the cluster of ${kubeconfig} does not answer`);
  }
  return { kubeconfig, slackHost: slackHost || (await ownAddress(serverHost(kubeconfig))) };
}

function serverHost(kubeconfig: string): string {
  const query = "jsonpath={.clusters[0].cluster.server}";
  const argv = ["--kubeconfig", kubeconfig, "config", "view", "--minify", "-o", query];
  return new URL(execFileSync(kubectlPath(), argv, { encoding: "utf8" })).hostname;
}

/** Nothing is sent: connecting a datagram socket only asks for the route. */
async function ownAddress(host: string): Promise<string> {
  const socket = createSocket("udp4");
  try {
    socket.connect(9, host);
    await once(socket, "connect");
    const { address } = socket.address();
    if (!address.startsWith("127.")) return address;
  } finally {
    socket.close();
  }
  throw new NotifyError("CLUSTER_SLACK_HOST_UNKNOWN", `pods cannot reach this machine as ${host}`, {
    hint: "Say how with --slack-host.",
  });
}
