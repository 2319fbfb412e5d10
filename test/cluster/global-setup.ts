// Brings the cluster up before the tests of this folder, and leaves it up: the next run starts at once.
import type { TestProject } from "vitest/node";
import type { Cluster } from "./cluster.ts";
import { openCluster, readChoice } from "./reachable-cluster.ts";

declare module "vitest" {
  interface ProvidedContext {
    cluster: Cluster;
  }
}

export async function setup(project: TestProject): Promise<void> {
  project.provide("cluster", await openCluster(readChoice(process.env), log));
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}
