// Whatever the kubeconfig, the flags and the environment say: our requests and Helm's are the same person's.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HELM_MAJORS, helmPath } from "../../scripts/toolbox.ts";
import { Secret } from "../../src/domain/secret.ts";
import type { ConnectionRequest } from "../../src/kube/connection-request.ts";
import { resolveConnection } from "../../src/kube/connection.ts";
import { openKube } from "../../src/kube/kube-api.ts";
import { type ConnectProxy, startConnectProxy } from "../support/connect-proxy.ts";
import { writeCredentialPlugin } from "../support/credential-plugin.ts";
import { kubeWorld } from "../support/kube-world.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { base64 } from "../support/kubectl-view.ts";
import { run } from "../support/process.ts";
import { answerWithoutReleases, identitiesOf, toArgv } from "../support/request-identity.ts";
import { type RecordingServer, startServer } from "../support/tls-server.ts";

const folder = mkdtempSync(join(tmpdir(), "kube-identity-"));
const { cert, key } = selfSigned(["jane"], []);
const JANE = {
  "client-certificate-data": base64(cert),
  "client-key-data": base64(key),
};
const PLUGIN = join(folder, "plugin");

let api: RecordingServer;
let plain: RecordingServer;
let proxy: ConnectProxy;

beforeAll(async () => {
  api = await startServer(answerWithoutReleases);
  plain = await startServer(answerWithoutReleases, { plain: true });
  proxy = await startConnectProxy(api.port);
  writeFileSync(join(folder, "ca.crt"), api.ca);
  writeFileSync(join(folder, "token"), "from-file\n");
  writeCredentialPlugin(PLUGIN, cert, key);
});

afterAll(async () => {
  await Promise.all([api.stop(), plain.stop(), proxy.stop()]);
  rmSync(folder, { recursive: true });
});

interface Case {
  readonly user?: object;
  readonly cluster?: object;
  readonly namespace?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: ConnectionRequest;
  /** No kubeconfig at all. */
  readonly isBare?: boolean;
}

const exec = (fields: object) => ({
  exec: {
    apiVersion: "client.authentication.k8s.io/v1",
    interactiveMode: "Never",
    command: PLUGIN,
    ...fields,
  },
});
const named = { server: "https://kubernetes.test:6443" };

it.each<[string, () => Case]>([
  ["a token", () => ({ user: { token: "t" } })],
  ["a token file beside the kubeconfig", () => ({ user: { tokenFile: "token" } })],
  ["a token whose file is missing", () => ({ user: { token: "last-known", tokenFile: "gone" } })],
  ["username and password", () => ({ user: { username: "jane", password: "p" } })],
  ["a client certificate", () => ({ user: JANE })],
  [
    "a client certificate and a token",
    () => ({
      user: { token: "t", ...JANE },
    }),
  ],
  ["nobody", () => ({})],
  [
    "impersonation",
    () => ({
      user: {
        token: "t",
        as: "jane",
        "as-uid": "7",
        "as-groups": ["a", "b"],
        "as-user-extra": { "example.org/team": ["x", "y"] },
      },
    }),
  ],
  ["the context's namespace", () => ({ namespace: "shop" })],
  [
    "HELM_NAMESPACE over the context's",
    () => ({ namespace: "shop", env: { HELM_NAMESPACE: "env" } }),
  ],
  [
    "--namespace over HELM_NAMESPACE",
    () => ({ env: { HELM_NAMESPACE: "env" }, flags: { namespace: "flag" } }),
  ],
  [
    "a plugin's token",
    () => ({ user: exec({ args: ["a b", "c"], env: [{ name: "PLUGIN_TOKEN", value: "own" }] }) }),
  ],
  ["a plugin's certificate", () => ({ user: exec({ args: ["certificate"] }) })],
  ["a plugin beside the kubeconfig", () => ({ user: exec({ command: "./plugin" }) })],
  [
    "a plugin on the PATH",
    () => ({
      user: exec({ command: "plugin" }),
      env: { PATH: `${folder}:${process.env["PATH"]}` },
    }),
  ],
  [
    "a plugin of v1beta1",
    () => ({
      user: exec({
        apiVersion: "client.authentication.k8s.io/v1beta1",
        interactiveMode: undefined,
        env: [{ name: "VERSION", value: "v1beta1" }],
      }),
    }),
  ],
  [
    "a plugin told of the cluster",
    () => ({
      user: exec({ args: ["info"], provideClusterInfo: true }),
      cluster: {
        "tls-server-name": "kubernetes",
        "proxy-url": proxy.url,
        extensions: [{ name: "client.authentication.k8s.io/exec", extension: { audience: "x" } }],
      },
    }),
  ],
  [
    "a plugin told of an insecure cluster",
    () => ({
      user: exec({ args: ["info"], provideClusterInfo: true }),
      cluster: { "certificate-authority-data": undefined, "insecure-skip-tls-verify": true },
    }),
  ],
  [
    "a plugin not told of the cluster",
    () => ({ user: exec({ args: ["info"], interactiveMode: "IfAvailable" }) }),
  ],
  ["a plugin beside a token is not asked", () => ({ user: { ...exec({}), token: "t" } })],
  ["--kube-token over a plugin", () => ({ user: exec({}), flags: { token: new Secret("flag") } })],
  [
    "--kube-token beside a token file",
    () => ({ user: { tokenFile: "token" }, flags: { token: new Secret("flag") } }),
  ],
  [
    "--kube-as-user and --kube-as-group",
    () => ({
      user: { token: "t", as: "a", "as-groups": ["b"] },
      flags: { asUser: "jane", asGroups: ["x", "y"] },
    }),
  ],
  [
    "HELM_KUBE variables",
    () => ({
      user: { token: "t" },
      cluster: { server: "https://localhost:1" },
      env: {
        HELM_KUBETOKEN: "env",
        HELM_KUBEASUSER: "jane",
        HELM_KUBEASGROUPS: "x,y",
        HELM_KUBEAPISERVER: api.url,
        HELM_KUBECONTEXT: "main",
      },
    }),
  ],
  [
    "a flag over its HELM_KUBE variable",
    () => ({
      env: { HELM_KUBETOKEN: "env", HELM_KUBEASUSER: "env", HELM_KUBEASGROUPS: "env" },
      flags: { token: new Secret("flag"), asUser: "flag", asGroups: ["flag"] },
    }),
  ],
  [
    "--kube-apiserver drops the kubeconfig's server name",
    () => ({
      cluster: { server: "https://127.0.0.1:1", "tls-server-name": "elsewhere" },
      flags: { apiServer: api.url },
    }),
  ],
  ["--kube-tls-server-name", () => ({ flags: { tlsServerName: "kubernetes" } })],
  ["tls-server-name of the kubeconfig", () => ({ cluster: { "tls-server-name": "localhost" } })],
  [
    "an IP address as tls-server-name",
    () => ({ cluster: { ...named, "tls-server-name": "127.0.0.1", "proxy-url": proxy.url } }),
  ],
  [
    "--kube-ca-file over the kubeconfig's authority",
    () => ({
      cluster: { "certificate-authority-data": base64(cert) },
      flags: { caFile: join(folder, "ca.crt") },
    }),
  ],
  [
    "--kube-insecure-skip-tls-verify over the kubeconfig's authority",
    () => ({
      cluster: { "certificate-authority-data": base64(cert) },
      flags: { insecureSkipTlsVerify: true },
    }),
  ],
  [
    "HELM_KUBEINSECURE_SKIP_TLS_VERIFY",
    () => ({
      cluster: { "certificate-authority-data": base64(cert) },
      env: { HELM_KUBEINSECURE_SKIP_TLS_VERIFY: "true" },
    }),
  ],
  [
    "no kubeconfig but flags",
    () => ({
      isBare: true,
      flags: { apiServer: api.url, token: new Secret("t"), caFile: join(folder, "ca.crt") },
    }),
  ],
  ["KUBERNETES_MASTER", () => ({ isBare: true, env: { KUBERNETES_MASTER: plain.url } })],
  [
    "a server without TLS hears nothing of the user",
    () => ({ user: { token: "t" }, cluster: { server: plain.url } }),
  ],
  [
    "a server as host:port is one without TLS",
    () => ({ user: { token: "t", as: "jane" }, cluster: { server: `127.0.0.1:${plain.port}` } }),
  ],
  [
    "a server behind a path",
    () => ({ user: { token: "t" }, cluster: { server: `${api.url}/k8s/clusters/c-1/` } }),
  ],
  [
    "proxy-url",
    () => ({ cluster: { ...named, "proxy-url": proxy.url.replace("//", "//me:p%40ss@") } }),
  ],
  [
    "proxy-url holds for loopback and despite NO_PROXY",
    () => ({ cluster: { "proxy-url": proxy.url }, env: { NO_PROXY: "*" } }),
  ],
  ["HTTPS_PROXY", () => ({ cluster: named, env: { HTTPS_PROXY: proxy.url } })],
  [
    "HTTPS_PROXY as host:port",
    () => ({ cluster: named, env: { https_proxy: `127.0.0.1:${proxy.port}` } }),
  ],
  ["HTTPS_PROXY is not for loopback", () => ({ env: { HTTPS_PROXY: proxy.url } })],
  [
    "NO_PROXY does not cover another domain",
    () => ({
      cluster: named,
      env: { HTTPS_PROXY: proxy.url, NO_PROXY: "netes.test,.other,10.0.0.0/8" },
    }),
  ],
])("%s", async (name, given) => {
  const { user = {}, cluster = {}, namespace, env = {}, flags = {}, isBare = false } = given();
  takeIdentities();
  const home = mkdtempSync(join(folder, "home-"));
  const kubeconfig = join(folder, `config-${name.replaceAll(/\W+/g, "-")}`);
  const ca = { "certificate-authority-data": base64(api.ca) };
  writeFileSync(
    kubeconfig,
    JSON.stringify({
      "current-context": "main",
      contexts: [{ name: "main", context: { cluster: "c", user: "u", namespace } }],
      clusters: [{ name: "c", cluster: { server: api.url, ...ca, ...cluster } }],
      users: [{ name: "u", user }],
    }),
  );
  const environment = {
    PATH: process.env["PATH"],
    HOME: home,
    ...(isBare ? {} : { KUBECONFIG: kubeconfig }),
    ...env,
  };

  const helms: (readonly object[])[] = [];
  for (const major of HELM_MAJORS) {
    const ended = await run([helmPath(major), "list", ...toArgv(flags)], { env: environment });
    expect(ended.stderr).toBe("");
    helms.push(takeIdentities());
  }
  const result = await resolveConnection(flags, kubeWorld(environment));
  if (result.kind !== "connection") throw new Error(result.reason);
  const kube = openKube(result.connection);
  await kube.request({ path: `/api/v1/namespaces/${kube.namespace}/secrets` }).finally(kube.close);

  const ours = takeIdentities();
  expect(ours).toHaveLength(1);
  expect(helms).toEqual([ours, ours]);
});

/** Of all that was asked since the last call. */
function takeIdentities(): readonly object[] {
  return identitiesOf([...api.seen.splice(0), ...plain.seen.splice(0)], proxy.tunnels.splice(0));
}
