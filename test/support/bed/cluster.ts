// The real Kubernetes of test/cluster, which all test files share and which outlives them.
import { inject } from "vitest";
import type { Bed } from "../bed.ts";

const WORKLOADS = [
  ["apps/v1", "deployments"],
  ["apps/v1", "replicasets"],
  ["batch/v1", "jobs"],
] as const;

export function clusterBed(): Bed {
  return {
    ...inject("cluster"),
    // A namespace that goes costs sixty requests: they go when all tests have ended.
    clear: async (api) => {
      const inNamespace = `namespaces/${api.namespace}`;
      const query = { propagationPolicy: "Background" };
      for (const [group, plural] of WORKLOADS) {
        await api.request({
          method: "DELETE",
          path: `/apis/${group}/${inNamespace}/${plural}`,
          query,
        });
      }
      await api.request({ method: "DELETE", path: `/api/v1/${inNamespace}/pods` });
    },
    close: async () => {},
  };
}
