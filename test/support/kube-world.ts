// The machine as the kubeconfig reader sees it, with an environment and a home of the test's own.
import { readFile } from "node:fs/promises";
import { runCredentialPlugin } from "../../src/kube/credential-plugin.ts";
import type { KubeWorld } from "../../src/kube/world.ts";

export function kubeWorld(
  env: Readonly<Record<string, string | undefined>>,
  options: Partial<KubeWorld> = {},
): KubeWorld {
  return {
    env: { PATH: process.env["PATH"], ...env },
    homeDir: env["HOME"] ?? "/nonexistent",
    isInteractive: false,
    readFile,
    runCredentialPlugin,
    ...options,
  };
}
