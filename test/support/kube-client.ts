// A namespace of a test's cluster, asked without starting kubectl: for what is asked again and again.
import { openApi } from "../../src/kube/open.ts";
import type { KubeApi } from "../../src/kube/kube-api.ts";
import { kubeWorld } from "./kube-world.ts";

const TIMEOUT_MS = 60_000;

/** As whom the kubeconfig says. The caller closes it. */
export async function openNamespaceApi(kubeconfig: string, namespace: string): Promise<KubeApi> {
  const api = await openApi({ namespace }, TIMEOUT_MS, kubeWorld({ KUBECONFIG: kubeconfig }));
  if (api === undefined) throw new Error(`no connection in ${kubeconfig}`);
  return api;
}
