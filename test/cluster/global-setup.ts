// Brings the cluster up before the tests of this folder, and leaves it up, cleared: the next run starts at once.
import { execFileSync } from "node:child_process";
import type { TestProject } from "vitest/node";
import { kubectlPath } from "../../scripts/toolbox.ts";
import { OURS } from "../support/bed.ts";
import type { Cluster } from "./cluster.ts";
import { openCluster, readChoice } from "./reachable-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    cluster: Cluster;
  }
}

export async function setup(project: TestProject): Promise<() => void> {
  const cluster = await openCluster(readChoice(process.env), log);
  project.provide("cluster", cluster);
  return () => {
    const selector = Object.entries(OURS).map((pair) => pair.join("="));
    execFileSync(
      kubectlPath(),
      ["delete", "namespaces", "--wait=false", "--selector", selector.join()],
      { env: { ...process.env, KUBECONFIG: cluster.kubeconfig }, stdio: "ignore" },
    );
  };
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
