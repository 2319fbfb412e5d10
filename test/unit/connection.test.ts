import { describe, expect, it } from "vitest";
import type { ConnectionRequest } from "../../src/kube/connection-request.ts";
import { resolveConnection } from "../../src/kube/connection.ts";
import type {
  CredentialPluginCall,
  CredentialPluginEnd,
} from "../../src/kube/credential-plugin.ts";
import type { KubeWorld } from "../../src/kube/world.ts";

const POD = "/var/run/secrets/kubernetes.io/serviceaccount";
const IN_POD = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };
const POD_FILES = {
  [`${POD}/token`]: "pod\n",
  [`${POD}/ca.crt`]: "pod-ca",
  [`${POD}/namespace`]: "pods\n",
};

interface Given {
  readonly files?: Readonly<Record<string, string | object>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly plugin?: (call: CredentialPluginCall) => CredentialPluginEnd;
  readonly isInteractive?: boolean;
}

function world({ files = {}, env = {}, plugin, isInteractive = false }: Given): KubeWorld {
  return {
    env: { KUBECONFIG: "/k/config", ...env },
    homeDir: "/home/jane",
    isInteractive,
    readFile: (path) => {
      const content = files[path];
      if (content === undefined)
        return Promise.reject(Object.assign(new Error(), { code: "ENOENT" }));
      if (content === "EACCES")
        return Promise.reject(Object.assign(new Error(), { code: "EACCES" }));
      return Promise.resolve(
        Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
      );
    },
    runCredentialPlugin: (call) =>
      plugin ? Promise.resolve(plugin(call)) : Promise.reject(new Error("no plugin was expected")),
  };
}

function config(user: object, cluster: object = {}) {
  return {
    "current-context": "main",
    contexts: [{ name: "main", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://api:6443", ...cluster } }],
    users: [{ name: "u", user }],
  };
}

async function resolve(given: Given, flags: ConnectionRequest = {}) {
  const result = await resolveConnection(flags, world(given));
  if (result.kind === "unsupported") throw new Error(result.reason);
  const { headers, tls, proxyUrl, ...rest } = result.connection;
  const authorization = headers["authorization"];
  const revealed =
    typeof authorization === "object" && "reveal" in authorization && authorization.reveal();
  return {
    ...rest,
    authorization: revealed,
    ca: tls.ca,
    cert: tls.cert,
    key: tls.key?.reveal(),
    proxy: proxyUrl?.reveal(),
  };
}

describe("an unusable kubeconfig is refused with file and place", () => {
  it.each<[string, string | object, string]>([
    [
      "broken YAML",
      "users:\n- name: [\ntoken: secret",
      "kubeconfig /k/config is not valid: line 3",
    ],
    ["a text", "hello", "kubeconfig /k/config is not valid: the whole must be of type object"],
    ["a wrong type", config({ token: 123 }), "users[0].user.token must be of type string"],
    [
      "several wrong types at once",
      config({ token: 1, username: 2 }),
      "users[0].user.token must be of type string; users[0].user.username must be of type string",
    ],
    [
      "an unknown context",
      { ...config({}), "current-context": "gone" },
      'context "gone" is in no kubeconfig',
    ],
    [
      "an unknown user",
      { ...config({}), users: [] },
      'user "u" of a context in /k/config is in no kubeconfig',
    ],
    [
      "an unknown cluster",
      { ...config({}), clusters: [] },
      'cluster "c" of a context in /k/config is in no kubeconfig',
    ],
    [
      "a name given twice",
      { ...config({}), users: [{ name: "u" }, { name: "u" }] },
      'kubeconfig /k/config names user "u" twice',
    ],
    [
      "an authority that is no base64",
      config({}, { "certificate-authority-data": "%" }),
      'certificate-authority-data of cluster "c" of kubeconfig /k/config is not base64',
    ],
    [
      "an authority whose file is missing",
      config({}, { "certificate-authority": "ca.crt" }),
      'certificate-authority of cluster "c" of kubeconfig /k/config: cannot read /k/ca.crt (ENOENT)',
    ],
    [
      "two authorities",
      config({}, { "certificate-authority": "x", "certificate-authority-data": "eA==" }),
      "has both certificate-authority and certificate-authority-data",
    ],
    [
      "an authority nobody checks",
      config({}, { "insecure-skip-tls-verify": true, "certificate-authority-data": "eA==" }),
      "has both a certificate authority and insecure-skip-tls-verify",
    ],
    [
      "a server that is no URL",
      config({}, { server: "https//api" }),
      'server "https//api" is neither a URL nor host:port',
    ],
    [
      "a server of another scheme",
      config({}, { server: "ftp://api" }),
      'server "ftp://api" is neither a URL nor host:port',
    ],
    [
      "a proxy of an unknown kind",
      config({}, { "proxy-url": "ftp://x:secret@y" }),
      "proxy-url is not a URL of a http, https or socks5 proxy",
    ],
    [
      "a key that is no base64",
      config({ "client-certificate-data": "eA==", "client-key-data": "secret" }),
      'client-key-data of user "u" of kubeconfig /k/config is not base64',
    ],
    [
      "a certificate without a key",
      config({ "client-certificate-data": "eA==" }),
      "has a client certificate without client-key",
    ],
    [
      "two certificates",
      config({ "client-certificate-data": "eA==", "client-certificate": "x", "client-key": "y" }),
      "has both client-certificate and client-certificate-data",
    ],
    [
      "two keys",
      config({ "client-certificate-data": "eA==", "client-key-data": "eA==", "client-key": "y" }),
      "has both client-key and client-key-data",
    ],
    [
      "a token beside a password",
      config({ token: "secret", username: "x" }),
      "has both a token and username/password",
    ],
    [
      "a token file that is missing",
      config({ tokenFile: "gone" }),
      'tokenFile of user "u" of kubeconfig /k/config: cannot read /k/gone (ENOENT)',
    ],
    [
      "groups without a user to impersonate",
      config({ "as-groups": ["x"] }),
      "impersonates groups, uid or extra without a user",
    ],
    [
      "two plugins",
      config({ exec: {}, "auth-provider": { name: "oidc" } }),
      "has both exec and auth-provider",
    ],
    [
      "a plugin without a command",
      config({ exec: { apiVersion: "client.authentication.k8s.io/v1" } }),
      "exec has no command",
    ],
    [
      "a plugin of another version",
      config({ exec: { command: "x", apiVersion: "client.authentication.k8s.io/v1alpha1" } }),
      'exec.apiVersion "client.authentication.k8s.io/v1alpha1" is not one of',
    ],
    [
      "a plugin that must ask, without a terminal",
      config({
        exec: {
          command: "x",
          apiVersion: "client.authentication.k8s.io/v1",
          interactiveMode: "Always",
        },
      }),
      "there is no terminal",
    ],
    [
      "a plugin of v1 without interactiveMode",
      config({ exec: { command: "x", apiVersion: "client.authentication.k8s.io/v1" } }),
      "exec.interactiveMode is missing",
    ],
    ["a file that may not be read", "EACCES", "cannot read kubeconfig /k/config (EACCES)"],
  ])("%s", async (_, content, message) => {
    const error: unknown = await resolve({ files: { "/k/config": content } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toMatchObject({
      code: expect.stringMatching(/^KUBECONFIG_/),
      hint: expect.any(String),
    });
    expect(error).toMatchObject({ message: expect.stringContaining(message) });
    expect(String(error)).not.toContain("secret");
  });

  it("that --kubeconfig names and that is missing", async () => {
    await expect(resolve({}, { kubeconfig: "/k/gone" })).rejects.toMatchObject({
      code: "KUBECONFIG_MISSING",
      message: "kubeconfig /k/gone does not exist",
    });
  });

  it("whose context is unknown: the hint lists the others", async () => {
    const files = { "/k/config": config({}) };
    await expect(resolve({ files }, { kubeContext: "gone" })).rejects.toMatchObject({
      hint: "Choose one of: main.",
    });
  });
});

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
    const given = world({ files: { "/k/config": content }, env });
    expect(await resolveConnection({}, given)).toEqual({
      kind: "unsupported",
      reason: expect.stringContaining(reason),
    });
  });
});
