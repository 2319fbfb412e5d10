// Helm's connection flags, out of an argv of its own.
import { Secret } from "../domain/secret.ts";
import { flagValue, flagValues, isSwitchedOn, type ParsedArgv } from "../helm/argv.ts";
import type { ConnectionRequest } from "../kube/connection-request.ts";

const SKIP_TLS_VERIFY = "kube-insecure-skip-tls-verify";
const CONNECTION_FLAGS = new Set([
  "burst-limit",
  "kube-apiserver",
  "kube-as-group",
  "kube-as-user",
  "kube-ca-file",
  "kube-context",
  SKIP_TLS_VERIFY,
  "kube-tls-server-name",
  "kube-token",
  "kubeconfig",
  "namespace",
  "qps",
]);

export function connectionRequest(parsed: ParsedArgv): ConnectionRequest {
  const token = flagValue(parsed, "kube-token");
  const asGroups = flagValues(parsed, "kube-as-group");
  return {
    kubeconfig: flagValue(parsed, "kubeconfig"),
    kubeContext: flagValue(parsed, "kube-context"),
    apiServer: flagValue(parsed, "kube-apiserver"),
    token: token === undefined ? undefined : new Secret(token),
    asUser: flagValue(parsed, "kube-as-user"),
    asGroups: asGroups.length > 0 ? asGroups : undefined,
    caFile: flagValue(parsed, "kube-ca-file"),
    insecureSkipTlsVerify: parsed.flags.some(({ name }) => name === SKIP_TLS_VERIFY)
      ? isSwitchedOn(parsed, SKIP_TLS_VERIFY)
      : undefined,
    tlsServerName: flagValue(parsed, "kube-tls-server-name"),
    namespace: flagValue(parsed, "namespace"),
  };
}

/** The same flags for another helm command on the same release. */
export function connectionArgv(parsed: ParsedArgv): string[] {
  return parsed.flags.flatMap(({ name, value }) =>
    CONNECTION_FLAGS.has(name) ? [value === undefined ? `--${name}` : `--${name}=${value}`] : [],
  );
}

export function placeArgv({
  namespace,
  kubeContext,
}: Pick<ConnectionRequest, "namespace" | "kubeContext">): string[] {
  return [
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    ...(kubeContext === undefined ? [] : [`--kube-context=${kubeContext}`]),
  ];
}
