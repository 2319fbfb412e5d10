// The real Kubernetes of test/cluster, which all test files share and which outlives them.
import { inject } from "vitest";
import type { Cluster } from "../../cluster/cluster.ts";

export function clusterBed(): Cluster & { readonly close: () => Promise<void> } {
  return { ...inject("cluster"), close: async () => {} };
}
