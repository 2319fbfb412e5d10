// The real helm and kubectl against an embedded API, with a home directory of their own:
// their discovery cache is kept by host and port, and ports come back.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { helmPath, kubectlPath, type HelmMajor } from "../../../scripts/toolbox.ts";
import { type Finished, run } from "../process.ts";
import type { EmbeddedKube } from "./embedded-kube.ts";

export interface Workbench {
  readonly directory: string;
  readonly kubeconfig: string;
  /** What helm and kubectl run with; for programs that start them. */
  readonly env: Readonly<Record<string, string>>;
  helm(major: HelmMajor, ...args: string[]): Promise<Finished>;
  kubectl(...args: string[]): Promise<Finished>;
  remove(): void;
}

const TIMEOUT_MS = 25_000;

/** As the administrator where no token is given. */
export function openWorkbench(kube: EmbeddedKube, token?: string): Workbench {
  const directory = mkdtempSync(join(tmpdir(), "workbench-"));
  const kubeconfig = join(directory, "kubeconfig");
  kube.writeKubeconfig(kubeconfig, token);
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: directory,
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: join(directory, "cache"),
    HELM_CONFIG_HOME: join(directory, "config"),
    HELM_DATA_HOME: join(directory, "data"),
  };
  return {
    directory,
    kubeconfig,
    env,
    helm: (major, ...args) => run([helmPath(major), ...args], { env, timeoutMs: TIMEOUT_MS }),
    kubectl: (...args) => run([kubectlPath(), ...args], { env, timeoutMs: TIMEOUT_MS }),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
