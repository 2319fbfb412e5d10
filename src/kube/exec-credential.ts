// Credentials from an exec plugin. https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import { parseJson } from "../domain/json.ts";
import { Secret } from "../domain/secret.ts";
import type { ExecConfig } from "./kubeconfig-text.ts";
import { type Entry, pathBeside } from "./kubeconfig.ts";
import type { KubeWorld } from "./world.ts";

export interface ExecCredential {
  readonly token: Secret | undefined;
  readonly cert: string | undefined;
  readonly key: Secret | undefined;
}

/** What a plugin learns of the cluster with `provideClusterInfo`: `spec.cluster` of an ExecCredential. */
export type ExecCluster = Readonly<Record<string, unknown>>;

const VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

// A plugin without a person asks a token service; with one it may wait for a login in the browser.
const TIMEOUT_MS = 60_000;
const INTERACTIVE_TIMEOUT_MS = 300_000;

const answer = z.object({
  apiVersion: z.string(),
  kind: z.literal("ExecCredential"),
  status: z.nullish(
    z.object({
      token: z.nullish(z.string()),
      clientCertificateData: z.nullish(z.string()),
      clientKeyData: z.nullish(z.string()),
    }),
  ),
});

/** `place` says whose plugin it is, for messages. */
export async function askExecPlugin(
  { file, value: exec }: Entry<ExecConfig>,
  cluster: ExecCluster,
  place: string,
  world: KubeWorld,
): Promise<ExecCredential> {
  const isInteractive = mayAsk(exec, place, world);
  const info = {
    kind: "ExecCredential",
    apiVersion: exec.apiVersion,
    spec: { ...(exec.provideClusterInfo ? { cluster } : {}), interactive: isInteractive },
  };
  const own = Object.fromEntries(exec.env.map(({ name, value }) => [name, value]));
  const end = await world.runCredentialPlugin({
    // A bare word is looked for on the PATH, a path is relative to its kubeconfig.
    command: exec.command.includes("/") ? pathBeside(file, exec.command) : exec.command,
    args: exec.args,
    env: { ...world.env, ...own, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
    isInteractive,
    timeoutMs: isInteractive ? INTERACTIVE_TIMEOUT_MS : TIMEOUT_MS,
  });
  const fail = (problem: string): NotifyError =>
    new NotifyError(
      "KUBE_CREDENTIALS",
      `credential plugin ${exec.command} of ${place} ${problem}`,
      {
        hint:
          printable(exec.installHint) ||
          "Run kubectl with this kubeconfig to see what the plugin needs.",
      },
    );
  switch (end.kind) {
    case "not-started":
      throw fail(`could not be started (${end.code})`);
    case "killed":
      throw fail(end.reason);
    case "exited":
      if (end.code !== 0) throw fail(`failed with exit code ${end.code}`);
      return decodeAnswer(end.stdout, exec, fail);
  }
}

function mayAsk(exec: ExecConfig, place: string, world: KubeWorld): boolean {
  const refuse = (problem: string): NotifyError =>
    new NotifyError("KUBECONFIG_INVALID", `${place}: ${problem}`, {
      hint: "Correct the exec section of the kubeconfig, or create it anew.",
    });
  if (exec.command === "") throw refuse("exec has no command");
  if (!VERSIONS.includes(exec.apiVersion)) {
    throw refuse(`exec.apiVersion "${exec.apiVersion}" is not one of ${VERSIONS.join(", ")}`);
  }
  switch (exec.interactiveMode) {
    case "Never":
      return false;
    case "IfAvailable":
      return world.isInteractive;
    case "Always":
      if (!world.isInteractive)
        throw refuse("exec.interactiveMode is Always, and there is no terminal");
      return true;
    case "":
      if (exec.apiVersion === VERSIONS[0]) throw refuse("exec.interactiveMode is missing");
      return world.isInteractive;
    default:
      throw refuse(`exec.interactiveMode "${exec.interactiveMode}" is unknown`);
  }
}

function decodeAnswer(
  stdout: string,
  exec: ExecConfig,
  fail: (problem: string) => NotifyError,
): ExecCredential {
  const parsed = answer.safeParse(parseJson(stdout));
  if (!parsed.success) throw fail("did not print an ExecCredential");
  const { apiVersion, status } = parsed.data;
  if (apiVersion !== exec.apiVersion) {
    throw fail(`answered in ${apiVersion}, the kubeconfig asks for ${exec.apiVersion}`);
  }
  const cert = status?.clientCertificateData || undefined;
  const key = status?.clientKeyData ? new Secret(status.clientKeyData) : undefined;
  const token = status?.token ? new Secret(status.token) : undefined;
  if ((cert === undefined) !== (key === undefined))
    throw fail("gave only one of certificate and key");
  if (token === undefined && cert === undefined) throw fail("gave neither token nor certificate");
  return { token, cert, key };
}

/** An installHint is somebody else's text: no control character of it reaches the terminal. */
function printable(text: string): string {
  return text.replaceAll(/[^\P{C}\s]/gu, "").trim();
}
