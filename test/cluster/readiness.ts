// A cluster is up when a pod can be created in it and runs.
import { execFileSync } from "node:child_process";
import { kubectlPath } from "../../scripts/toolbox.ts";
import { NODE } from "./place.ts";
import { waitUntil } from "./wait.ts";

const LIMIT_MS = 120_000;

export async function waitForCluster(kubeconfig: string): Promise<void> {
  const isServing = () => isAnswering(kubeconfig);
  if (!(await waitUntil(isServing, LIMIT_MS))) throw new Error("the API server does not get ready");
  wait(kubeconfig, "create", `node/${NODE}`);
  wait(kubeconfig, "condition=Ready", `node/${NODE}`);
  wait(kubeconfig, "create", "serviceaccount/default");
}

export function isAnswering(kubeconfig: string): boolean {
  try {
    kubectl(kubeconfig, ["get", "--raw", "/readyz", "--request-timeout=5s"]);
    return true;
  } catch {
    return false;
  }
}

function wait(kubeconfig: string, condition: string, object: string): void {
  const limit = `--timeout=${LIMIT_MS / 1000}s`;
  kubectl(kubeconfig, ["wait", "--namespace=default", `--for=${condition}`, limit, object]);
}

function kubectl(kubeconfig: string, argv: readonly string[]): void {
  execFileSync(kubectlPath(), ["--kubeconfig", kubeconfig, ...argv], { stdio: "pipe" });
}
