import { describe, expect, it } from "vitest";
import { Secret } from "../../src/domain/secret.ts";
import { resolveConnection } from "../../src/kube/connection.ts";
import type {
  CredentialPluginCall,
  CredentialPluginEnd,
} from "../../src/kube/credential-plugin.ts";
import { config, memoryWorld, resolve } from "../support/memory-world.ts";

const POD = "/var/run/secrets/kubernetes.io/serviceaccount";
const IN_POD = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
const POD_FILES = {
  [`${POD}/token`]: "pod\n",
  [`${POD}/ca.crt`]: "pod-ca",
  [`${POD}/namespace`]: "pods\n",
};

describe("without a kubeconfig", () => {
  it("the server is localhost, as for Helm, and the origin says why", async () => {
    expect(await resolve({})).toMatchObject({
      server: "http://localhost:8080",
      namespace: "default",
      origin: "no kubeconfig with a current context was found",
    });
  });

  it("a pod's service account is used", async () => {
    expect(await resolve({ env: IN_POD, files: POD_FILES })).toMatchObject({
      server: "https://10.0.0.1:443",
      namespace: "pods",
      authorization: "Bearer pod",
      ca: "pod-ca",
      origin: "the service account of this pod",
    });
  });

  it("an IPv6 service address is bracketed", async () => {
    const env = { ...IN_POD, KUBERNETES_SERVICE_HOST: "fd00::1" };
    expect(await resolve({ env, files: POD_FILES })).toMatchObject({
      server: "https://[fd00::1]:443",
    });
  });

  it("a pod's server keeps the flags for token, authority and namespace", async () => {
    const files = { ...POD_FILES, "/ca": "own-ca" };
    const env = {
      ...IN_POD,
      HELM_KUBETOKEN: "own",
      HELM_KUBECAFILE: "/ca",
      HELM_NAMESPACE: "shop",
    };
    expect(await resolve({ env, files })).toMatchObject({
      server: "https://10.0.0.1:443",
      authorization: "Bearer own",
      ca: "own-ca",
      namespace: "shop",
    });
  });

  it("a pod without a namespace file works in default", async () => {
    const { [`${POD}/namespace`]: _, ...files } = POD_FILES;
    expect(await resolve({ env: IN_POD, files })).toMatchObject({ namespace: "default" });
  });

  it("an authority's file that is missing is one of the flags'", async () => {
    const flags = { apiServer: "https://api", caFile: "/gone" };
    await expect(resolve({}, flags)).rejects.toMatchObject({
      message: "certificate-authority of the connection flags: cannot read /gone (ENOENT)",
    });
  });

  it("a pod's server is reached through the proxy of the environment, like Helm's", async () => {
    const env = { ...IN_POD, HTTPS_PROXY: "http://proxy" };
    expect(await resolve({ env, files: POD_FILES })).toMatchObject({ proxy: "http://proxy" });
  });

  it("POD_NAMESPACE names the pod's namespace", async () => {
    const env = { ...IN_POD, POD_NAMESPACE: "downward" };
    expect(await resolve({ env, files: POD_FILES })).toMatchObject({ namespace: "downward" });
  });
});

describe("in a pod with a kubeconfig", () => {
  it("the kubeconfig decides, the namespace is the pod's", async () => {
    const files = { ...POD_FILES, "/k/config": config({ token: "t" }) };
    expect(await resolve({ env: IN_POD, files })).toMatchObject({
      server: "https://api:6443",
      authorization: "Bearer t",
      namespace: "pods",
    });
  });
});

describe("a flag given empty", () => {
  const files = { "/k/config": config({ token: "kubeconfig's" }) };
  const env = {
    HELM_NAMESPACE: "elsewhere",
    HELM_KUBECONTEXT: "elsewhere",
    HELM_KUBEAPISERVER: "https://elsewhere",
    HELM_KUBETOKEN: "elsewhere",
  };

  it("takes its variable away, as for Helm", async () => {
    const flags = { namespace: "", kubeContext: "", apiServer: "", token: new Secret("") };
    expect(await resolve({ files, env }, flags)).toMatchObject({
      server: "https://api:6443",
      namespace: "default",
      authorization: "Bearer kubeconfig's",
    });
  });
});

describe("a credential plugin", () => {
  const exec = {
    command: "login",
    apiVersion: "client.authentication.k8s.io/v1",
    interactiveMode: "IfAvailable",
    installHint: "Install\u001b[31m login.",
  };
  const files = { "/k/config": config({ exec }) };
  const answer = (
    status: object | undefined,
    apiVersion = exec.apiVersion,
  ): CredentialPluginEnd => ({
    kind: "exited",
    code: 0,
    stdout: JSON.stringify({ kind: "ExecCredential", apiVersion, status }),
  });

  it("may ask where there is a terminal, and gets longer to answer", async () => {
    const calls: CredentialPluginCall[] = [];
    const plugin = (call: CredentialPluginCall) => {
      calls.push(call);
      return answer({ token: "t" });
    };
    await resolve({ files, plugin, isInteractive: true });
    await resolve({ files, plugin });
    expect(calls.map((call) => call.isInteractive)).toEqual([true, false]);
    expect(calls[0]?.timeoutMs).toBeGreaterThan(calls[1]?.timeoutMs ?? Infinity);
  });

  it("may give a token and a certificate together", async () => {
    const end = answer({ token: "t", clientCertificateData: "cert", clientKeyData: "key" });
    expect(await resolve({ files, plugin: () => end })).toMatchObject({
      authorization: "Bearer t",
      cert: "cert",
      key: "key",
    });
  });

  it.each<[string, CredentialPluginEnd, string]>([
    ["is not installed", { kind: "not-started", code: "ENOENT" }, "could not be started (ENOENT)"],
    ["hangs", { kind: "killed", reason: "gave no answer within 60s" }, "gave no answer within 60s"],
    ["fails", { kind: "exited", code: 3, stdout: "secret" }, "failed with exit code 3"],
    [
      "prints no JSON",
      { kind: "exited", code: 0, stdout: "secret" },
      "did not print an ExecCredential",
    ],
    [
      "answers in another version",
      answer({ token: "secret" }, "client.authentication.k8s.io/v1beta1"),
      "answered in client.authentication.k8s.io/v1beta1",
    ],
    ["gives nothing", answer(undefined), "gave neither token nor certificate"],
    ["gives an empty token", answer({ token: "" }), "gave neither token nor certificate"],
    [
      "gives a certificate without its key",
      answer({ clientCertificateData: "secret" }),
      "gave only one of certificate and key",
    ],
  ])("that %s is named with its user and its own hint", async (_, end, problem) => {
    const error: unknown = await resolve({ files, plugin: () => end }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: "KUBE_CREDENTIALS",
      message: `credential plugin login of user "u" of kubeconfig /k/config ${problem}`.concat(
        problem.startsWith("answered") ? `, the kubeconfig asks for ${exec.apiVersion}` : "",
      ),
      hint: "Install[31m login.",
    });
    expect(String(error)).not.toContain("secret");
  });
});

describe("what only Helm can serve is said to be unsupported", () => {
  it.each([
    ["an auth-provider", config({ "auth-provider": { name: "oidc" } }), {}, 'auth-provider "oidc"'],
    ["a SOCKS proxy-url", config({}, { "proxy-url": "socks5://proxy:1080" }), {}, '"socks5"'],
    [
      "a SOCKS proxy of the environment",
      config({}),
      { HTTPS_PROXY: "socks5h://proxy:1080" },
      '"socks5h"',
    ],
  ])("%s", async (_, content, env, reason) => {
    const given = memoryWorld({ files: { "/k/config": content }, env });
    expect(await resolveConnection({}, given)).toEqual({
      kind: "unsupported",
      reason: expect.stringContaining(reason),
    });
  });
});
