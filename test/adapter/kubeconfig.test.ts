import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { kubectlPath } from "../../scripts/toolbox.ts";
import { resolveConnection } from "../../src/kube/connection.ts";
import { kubeWorld } from "../support/kube-world.ts";
import {
  CA,
  CA_DATA,
  cluster,
  config,
  context,
  type KubeconfigCase,
  single,
  writeCase,
  yamlConfig,
} from "../support/kubeconfig-case.ts";
import { base64, expectedConnection, plainConnection } from "../support/kubectl-view.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { run } from "../support/process.ts";

const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
afterAll(() => rmSync(folder, { recursive: true }));

const { cert: CERT, key: KEY } = selfSigned(["jane"], []);
const JANE = {
  "client-certificate-data": base64(CERT),
  "client-key-data": base64(KEY),
};

describe("agreement with kubectl config view --minify --flatten --raw", () => {
  it.each<[string, KubeconfigCase]>([
    ["a token", single({ token: "abc" })],
    ["~/.kube/config without KUBECONFIG", { files: { ".kube/config": config({ token: "abc" }) } }],
    ["username and password", single({ username: "jane", password: "pa:ss" })],
    ["a user name alone", single({ username: "jane" })],
    ["certificate data", single(JANE)],
    [
      "certificate data with line breaks",
      single({ "client-certificate-data": wrapped(CERT), "client-key-data": wrapped(KEY) }),
    ],
    [
      "certificate files beside the kubeconfig",
      {
        files: {
          "sub/config": config({
            "client-certificate": "pki/jane.crt",
            "client-key": "../jane.key",
          }),
          "sub/pki/jane.crt": CERT,
          "jane.key": KEY,
        },
        kubeconfig: ["sub/config"],
      },
    ],
    [
      "a certificate file and key data",
      {
        files: {
          config: config({ "client-certificate": "jane.crt", "client-key-data": base64(KEY) }),
          "jane.crt": CERT,
        },
        kubeconfig: ["config"],
      },
    ],
    [
      "an authority's file beside the kubeconfig",
      {
        files: {
          "a/config": config(
            {},
            { server: "https://api:6443", "certificate-authority": "../ca.crt" },
          ),
          "ca.crt": CA,
        },
        kubeconfig: ["a/config"],
      },
    ],
    ["no authority", single({}, { server: "https://api:6443" })],
    [
      "no verification",
      single({}, { server: "https://api:6443", "insecure-skip-tls-verify": true }),
    ],
    ["another server name", single({}, { ...cluster(), "tls-server-name": "kubernetes" })],
    ["a proxy", single({}, { ...cluster(), "proxy-url": "http://me:secret@proxy:3128" })],
    ["a server behind a path", serving("https://rancher/k8s/clusters/c-1")],
    ["a server with a slash at its end", serving("https://api:6443/")],
    ["an IPv6 server", serving("https://[fd00::1]:6443")],
    ["a server without a port", serving("https://api.example.com")],
    [
      "a token beside a token file",
      {
        files: { config: config({ token: "old", tokenFile: "token" }), token: "new" },
        kubeconfig: ["config"],
      },
    ],
    [
      "impersonation",
      single({
        token: "t",
        as: "jane",
        "as-uid": "7",
        "as-groups": ["dev", "ops"],
        "as-user-extra": { "example.org/team": ["a", "b"], plain: ["c"] },
      }),
    ],
    ["an empty user", single({})],
    [
      "a context without a user",
      {
        files: {
          config: { ...config({}), contexts: [{ name: "main", context: { cluster: "c" } }] },
        },
        kubeconfig: ["config"],
      },
    ],
    ["a namespace", single({ token: "t" }, cluster(), "shop")],
    [
      "YAML with comments, anchors and a merge",
      {
        kubeconfig: ["config"],
        files: {
          config: `# made by hand
current-context: main
x-defaults: &defaults {namespace: shop, user: u}
contexts:
- name: main
  context:
    <<: *defaults
    cluster: c
clusters:
- {name: c, cluster: {server: 'https://api:6443', certificate-authority-data: ${CA_DATA}}}
users: [{name: u, user: {token: "123"}}]
`,
        },
      },
    ],
    [
      "nulls as empty",
      {
        kubeconfig: ["config"],
        files: {
          config: `current-context: main
contexts: [{name: main, context: {cluster: c, user: u, namespace: null}}]
clusters: [{name: c, cluster: {server: "https://api:6443", certificate-authority-data: null}}]
users: [{name: u, user: null}]
preferences: null
`,
        },
      },
    ],
    [
      "a second YAML document is left alone",
      {
        files: { config: `${JSON.stringify(config({ token: "a" }))}\n---\nusers: 7\n` },
        kubeconfig: ["config"],
      },
    ],
    [
      "JSON that is YAML only",
      {
        files: {
          config: `{current-context: main, contexts: [{name: main, context: {cluster: c}}], clusters: [{name: c, cluster: {server: "https://api:6443"}}]}`,
        },
        kubeconfig: ["config"],
      },
    ],
    [
      "another context than the current one",
      {
        files: {
          config: {
            ...config({ token: "main" }),
            contexts: [context("main", "u"), context("other", "v", "elsewhere")],
            users: [
              { name: "u", user: { token: "main" } },
              { name: "v", user: { token: "other" } },
            ],
          },
        },
        kubeconfig: ["config"],
        context: "other",
      },
    ],
    [
      "parts spread over files",
      {
        files: {
          one: { "current-context": "main", contexts: [context("main", "u")] },
          two: { clusters: [{ name: "c", cluster: cluster() }] },
          three: { users: [{ name: "u", user: { token: "spread" } }] },
        },
        kubeconfig: ["one", "two", "three"],
      },
    ],
    [
      "the first file of a name wins as a whole",
      {
        files: {
          one: config({ token: "first" }),
          two: config({
            ...JANE,
            as: "x",
          }),
        },
        kubeconfig: ["one", "two"],
      },
    ],
    [
      "the first current-context wins",
      {
        files: {
          one: { ...config({ token: "t" }), "current-context": "" },
          two: { "current-context": "second", contexts: [context("second", "u", "two")] },
          three: { "current-context": "main" },
        },
        kubeconfig: ["one", "two", "three"],
      },
    ],
    [
      "missing files and empty entries of the list are skipped",
      {
        files: { config: config({ token: "t" }) },
        kubeconfig: ["", "missing", "config", "config"],
      },
    ],
    [
      "relative paths belong to the file of their entry",
      {
        files: {
          "a/config": { "current-context": "main", contexts: [context("main", "u")] },
          "b/config": {
            clusters: [
              { name: "c", cluster: { server: "https://api", "certificate-authority": "ca.crt" } },
            ],
            users: [
              {
                name: "u",
                user: { "client-certificate": "jane.crt", "client-key-data": base64(KEY) },
              },
            ],
          },
          "b/ca.crt": CA,
          "b/jane.crt": CERT,
          "a/ca.crt": "not this",
          "a/jane.crt": "not this",
        },
        kubeconfig: ["a/config", "b/config"],
      },
    ],
    [
      "unknown keys",
      single({ token: "t", novelty: { x: 1 } }, { ...cluster(), "disable-compression": true }),
    ],
    [
      "an empty first file",
      { files: { one: "", two: config({ token: "t" }) }, kubeconfig: ["one", "two"] },
    ],
    [
      "a key given twice",
      { files: { config: `${yamlConfig("first")}    token: second\n` }, kubeconfig: ["config"] },
    ],
  ])("%s", async (name, given) => {
    const { kubeconfig, context: chosen } = given;
    const home = join(folder, name.replaceAll(/\W+/g, "-"));
    writeCase(home, given);
    const env = {
      HOME: home,
      ...(kubeconfig
        ? { KUBECONFIG: kubeconfig.map((path) => path && join(home, path)).join(":") }
        : {}),
    };
    const flags = chosen === undefined ? [] : ["--context", chosen];
    const view = await run(
      [kubectlPath(), "config", "view", "--minify", "--flatten", "--raw", "-o", "json", ...flags],
      { env },
    );
    expect(view.stderr).toBe("");

    const result = await resolveConnection({ kubeContext: chosen }, kubeWorld(env));

    if (result.kind !== "connection") throw new Error(result.reason);
    expect(plainConnection(result.connection)).toEqual(
      expectedConnection(JSON.parse(view.stdout), home),
    );
  });
});

function serving(server: string): KubeconfigCase {
  return single({ token: "t" }, { ...cluster(), server });
}

function wrapped(text: string): string {
  return base64(text).replace(/.{64}/g, "$&\n");
}
