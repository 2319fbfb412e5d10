// A Kubernetes API in this process: up in milliseconds, needs nothing of the machine.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bed } from "../bed.ts";
import { type EmbeddedKube, startKube } from "../kube/embedded-kube.ts";

export interface EmbeddedBed extends Bed {
  readonly kube: EmbeddedKube;
}

const HOOK_PROGRAM = join(import.meta.dirname, "../../../dist/helm-notify-hook");

export async function openEmbeddedBed(): Promise<EmbeddedBed> {
  const folder = mkdtempSync(join(tmpdir(), "helm-notify-bed-"));
  const kube = await startKube({
    images: { "helm-notify-hook": [HOOK_PROGRAM] },
    notReady: /^registry\.invalid\//,
  });
  const kubeconfig = join(folder, "kubeconfig");
  kube.writeKubeconfig(kubeconfig);
  return {
    kube,
    kubeconfig,
    slackHost: kube.host,
    clear: async (api) => {
      await api.request({ method: "DELETE", path: `/api/v1/namespaces/${api.namespace}` });
    },
    close: async () => {
      await kube.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
