// Helm's connection flags; each has an environment twin. https://helm.sh/docs/helm/helm/
import { Secret } from "../domain/secret.ts";

export interface ConnectionRequest {
  /** --kubeconfig */
  readonly kubeconfig?: string | undefined;
  readonly kubeContext?: string | undefined;
  readonly apiServer?: string | undefined;
  readonly token?: Secret | undefined;
  readonly asUser?: string | undefined;
  readonly asGroups?: readonly string[] | undefined;
  readonly caFile?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly tlsServerName?: string | undefined;
  readonly namespace?: string | undefined;
}

/** The flags, and HELM_KUBE… and HELM_NAMESPACE where a flag is absent; one given empty takes the variable away. */
export function withEnvironment(
  flags: ConnectionRequest,
  env: Readonly<Record<string, string | undefined>>,
): ConnectionRequest {
  const groups = env["HELM_KUBEASGROUPS"]?.split(",").filter((group) => group !== "");
  const token = flags.token ?? new Secret(env["HELM_KUBETOKEN"] ?? "");
  return {
    kubeconfig: flags.kubeconfig,
    kubeContext: flags.kubeContext ?? env["HELM_KUBECONTEXT"],
    apiServer: flags.apiServer ?? env["HELM_KUBEAPISERVER"],
    token: token.reveal() === "" ? undefined : token,
    asUser: flags.asUser ?? env["HELM_KUBEASUSER"],
    asGroups: flags.asGroups ?? (groups?.length ? groups : undefined),
    caFile: flags.caFile ?? env["HELM_KUBECAFILE"],
    insecureSkipTlsVerify:
      flags.insecureSkipTlsVerify ?? isTrue(env["HELM_KUBEINSECURE_SKIP_TLS_VERIFY"] ?? ""),
    tlsServerName: flags.tlsServerName ?? env["HELM_KUBETLS_SERVER_NAME"],
    namespace: flags.namespace ?? env["HELM_NAMESPACE"],
  };
}

/** Go's strconv.ParseBool; Helm takes what it cannot read as false. */
function isTrue(text: string): boolean {
  return ["1", "t", "T", "TRUE", "true", "True"].includes(text);
}
