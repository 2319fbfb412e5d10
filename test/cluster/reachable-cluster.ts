// The cluster that tests deploy to: the one the user names, else our own.
import { join } from "node:path";
import { type Cluster, startCluster } from "./cluster.ts";
import type { Log } from "./debian.ts";
import { placeOf } from "./place.ts";
import { useCluster } from "./users-cluster.ts";

export interface Choice {
  /** Of the user's own cluster; empty for ours. */
  readonly kubeconfig: string;
  /** This machine as the pods of the user's cluster reach it; empty to find out. */
  readonly slackHost: string;
  /** Which one of ours. */
  readonly number: number;
}

const HOOK_IMAGE = join(import.meta.dirname, "../../dist/helm-notify-hook.oci.tar");

/** Never KUBECONFIG: what it names on a developer's machine is not for tests. */
export function readChoice(env: Readonly<Record<string, string | undefined>>): Choice {
  return {
    kubeconfig: env["HELM_NOTIFY_CLUSTER_KUBECONFIG"] ?? "",
    slackHost: env["HELM_NOTIFY_CLUSTER_SLACK_HOST"] ?? "",
    number: Number(env["HELM_NOTIFY_CLUSTER_NUMBER"] ?? 0),
  };
}

/** Up, with the hook image of dist/ in ours; in the user's, that is the user's to see to. */
export async function openCluster(choice: Choice, log: Log): Promise<Cluster> {
  if (choice.kubeconfig !== "") return useCluster(choice.kubeconfig, choice.slackHost);
  return startCluster(placeOf(choice.number), HOOK_IMAGE, log);
}
