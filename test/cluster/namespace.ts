// A namespace of one test, gone with it; pods in it must be as Pod Security's strictest level wants them.
import { randomBytes } from "node:crypto";
import { kubectlPath } from "../../scripts/toolbox.ts";
import { type Finished, run, type RunOptions } from "../support/process.ts";

export interface Namespace {
  readonly name: string;
  readonly kubectl: (argv: readonly string[], options?: RunOptions) => Promise<Finished>;
  readonly close: () => Promise<unknown>;
}

export async function openNamespace(kubeconfig: string): Promise<Namespace> {
  const name = `test-${randomBytes(4).toString("hex")}`;
  const command = [kubectlPath(), "--kubeconfig", kubeconfig];
  const kubectl = async (argv: readonly string[], options: RunOptions = {}) => {
    const finished = await run([...command, "--namespace", name, ...argv], options);
    if (finished.code !== 0) throw new Error(`kubectl ${argv.join(" ")}: ${finished.stderr}`);
    return finished;
  };
  await kubectl(["create", "namespace", name]);
  await kubectl(["label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted"]);
  return { name, kubectl, close: () => kubectl(["delete", "namespace", name, "--wait=false"]) };
}
