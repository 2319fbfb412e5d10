// Real Helm makes the releases; what we read of them is compared with what Helm itself says.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS, type HelmMajor, helmPath } from "../../scripts/toolbox.ts";
import type { LiveRelease, LookUp } from "../../src/domain/release.ts";
import type { HelmOutput } from "../../src/flow/ports.ts";
import { lookUpByHelm } from "../../src/release/helm-fallback.ts";
import type { KubeApi } from "../../src/kube/kube-api.ts";
import { openApi } from "../../src/kube/open.ts";
import { lookUpRelease, type ReleaseWorld } from "../../src/release/look-up.ts";
import { kubeWorld } from "../support/kube-world.ts";
import { type EmbeddedKube, startKube } from "../support/kube/embedded-kube.ts";
import { run } from "../support/process.ts";

const folder = mkdtempSync(join(tmpdir(), "release-storage-"));
const CHART = join(folder, "shop");
const NASTY = '\u0001\u0007\u000b\u007f "quoted" \\x41 \\U0001F600 é 😀 \u{e0001} {{ x }}\n';

const TREE = {
  "Chart.yaml": `apiVersion: v2
name: shop
version: 0.1.0
appVersion: "2.0"
dependencies: [{name: sub, version: 1.0.0, alias: db}]
`,
  "values.yaml": "api: {image: {tag: '1.0'}}\ndb: {own: parent}\n",
  "templates/record.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-helm-notify-record
data:
  record.json: {{ printf \`{"v":1,"environment":"test","chart":{"name":"shop","version":"0.1.0"},"services":{"api":{"tag":%q}}}\` .Values.api.image.tag | quote }}
`,
  "templates/other.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-other
  annotations: {of: {{ .Release.Name }}-helm-notify-record}
data: {record.json: not the record, tag: {{ .Values.api.image.tag | quote }}}
`,
  "charts/sub/Chart.yaml": "apiVersion: v2\nname: sub\nversion: 1.0.0\n",
  "charts/sub/values.yaml": "own: child\nimage: {tag: '15'}\n",
};

let kube: EmbeddedKube;
const apis: KubeApi[] = [];

beforeAll(async () => {
  kube = await startKube();
  kube.writeKubeconfig(join(folder, "kubeconfig"));
  for (const [path, content] of Object.entries(TREE)) {
    mkdirSync(dirname(join(CHART, path)), { recursive: true });
    writeFileSync(join(CHART, path), content);
  }
});

afterAll(async () => {
  for (const api of apis) api.close();
  await kube.stop();
  rmSync(folder, { recursive: true });
});

describe.each(
  HELM_MAJORS.flatMap((major) => [
    { major, driver: "secret" },
    { major, driver: "configmap" },
  ]),
)("a release of Helm $major in a $driver", ({ major, driver }) => {
  it("is none before, live with the values of its base, and none again after uninstalling", async () => {
    const name = `shop-${driver}-${major}`;
    const { helm, lookUp } = bench(major, driver, name);
    expect(await lookUp()).toEqual({ kind: "none", newer: undefined });

    await helm("install", name, CHART, "--set-string", "api.image.tag=1.10,gone=null");
    const record = {
      v: 1,
      environment: "test",
      chart: { name: "shop", version: "0.1.0" },
      services: { api: { tag: "1.10" } },
    };
    expect(await lookUp()).toEqual({
      kind: "live",
      release: {
        name,
        namespace: "default",
        revision: 1,
        status: "deployed",
        chart: { name: "shop", version: "0.1.0", appVersion: "2.0" },
        chartValues: {
          api: { image: { tag: "1.0" } },
          db: { own: "parent", image: { tag: "15" }, global: {} },
        },
        config: { api: { image: { tag: "1.10" } }, gone: "null" },
        record,
        running: record,
        newer: undefined,
      },
    });

    const values = {
      api: { image: { tag: "2" } },
      n: null,
      list: [1, 2.5, 1e21, true, "x"],
      nasty: NASTY,
    };
    await helm("upgrade", name, CHART, ...toSetJson(values));
    expect(live(await lookUp())).toMatchObject({ revision: 2, config: values, newer: undefined });

    const endFault = kube.addFault({
      verb: "patch",
      name: `${name}-other`,
      action: { status: 500 },
    });
    await helm("upgrade", name, CHART, "--set", "api.image.tag=3").catch(() => {});
    endFault();
    expect(live(await lookUp())).toMatchObject({
      revision: 2,
      status: "deployed",
      config: values,
      newer: { revision: 3, status: "failed" },
    });

    await helm("uninstall", name, "--keep-history");
    expect(await lookUp()).toMatchObject({ kind: "none", newer: { status: "uninstalled" } });
  });
});

describe("what only Helm can read is asked of Helm", () => {
  const flags = ["--kube-context", "prod"];
  const asked: (readonly string[])[] = [];
  const runHelm = (argv: readonly string[]): Promise<HelmOutput> => {
    asked.push(argv);
    return Promise.resolve({ code: 1, stdout: "", stderr: "Error: release: not found\n" });
  };

  it.each([
    ["a database", { HELM_DRIVER: "sql", KUBECONFIG: "/nonexistent" }],
    ["an auth-provider", { KUBECONFIG: kubeconfigOf({ "auth-provider": { name: "oidc" } }) }],
    ["a SOCKS proxy", { KUBECONFIG: kubeconfigOf({}), HTTPS_PROXY: "socks5://127.0.0.1:1" }],
  ])("%s", async (_, env) => {
    asked.length = 0;
    const world = { ...releaseWorld(env), runHelm };

    const found = await lookUpRelease(
      { release: "shop", connectionFlags: flags, timeoutMs: 5000 },
      world,
    );

    expect(found).toEqual({ kind: "none", newer: undefined });
    expect(asked[0]?.slice(0, 3)).toEqual(["get", "all", "shop"]);
    expect(asked[0]?.slice(-2)).toEqual(flags);
  });

  it.each([
    [
      "way to its storage",
      { code: 1, stdout: "", stderr: "helm.go:78: unable to instantiate SQL driver: dial tcp\n" },
      {
        code: "HELM_LOOK_UP_FAILED",
        message: "helm get all shop failed: helm.go:78: unable to instantiate SQL driver: dial tcp",
      },
    ],
    [
      "refusal",
      { code: 1, stdout: "", stderr: 'Error: query: secrets is forbidden: User "x"\n' },
      {
        code: "HELM_LOOK_UP_FAILED",
        message: 'helm get all shop failed: query: secrets is forbidden: User "x"',
      },
    ],
    ["nonsense", { code: 0, stdout: "WARNING\n", stderr: "" }, { code: "RELEASE_UNREADABLE" }],
    ["unreadable history", { code: 0, stdout: "{}", stderr: "" }, { code: "RELEASE_UNREADABLE" }],
  ])("and its %s is an error, never a missing release", async (_, output, error) => {
    await expect(lookUpByHelm("shop", [], () => Promise.resolve(output))).rejects.toMatchObject(
      error,
    );
  });
});

const noHelm = () => Promise.reject(new Error("helm was run"));

const worldWith = (kubeconfig: string) =>
  releaseWorld({ KUBECONFIG: join(folder, kubeconfig), HELM_NAMESPACE: "default" }, 300);

function releaseWorld(env: NodeJS.ProcessEnv, timeoutMs?: number): ReleaseWorld {
  return {
    env,
    openApi: async () => {
      const api = await openApi({}, timeoutMs ?? 5000, kubeWorld(env));
      if (api !== undefined) apis.push(api);
      return api;
    },
    runHelm: noHelm,
  };
}

describe("a release that cannot be looked up is an error, never a missing one", () => {
  const request = { release: "shop", connectionFlags: [], timeoutMs: 300 };

  it("where it is forbidden", async () => {
    kube.writeKubeconfig(join(folder, "jane"), kube.addUser("jane"));
    await expect(lookUpRelease(request, worldWith("jane"))).rejects.toMatchObject({
      code: "KUBE_FORBIDDEN",
      message: expect.stringContaining('User "jane" cannot list resource "secrets"'),
    });
  });

  it("where the server does not answer", async () => {
    const endFault = kube.addFault({ resource: "secrets", action: "hang" });
    await expect(lookUpRelease(request, worldWith("kubeconfig"))).rejects.toMatchObject({
      code: "KUBE_TIMEOUT",
    });
    endFault();
  });

  it.each([
    ["no base64", "%%%"],
    [
      "no gzip",
      Buffer.from(Buffer.from([0x1f, 0x8b, 1, 2, 3]).toString("base64")).toString("base64"),
    ],
    ["no JSON", twice("hello")],
    ["no release", twice('{"name":"odd"}')],
  ])("where the Secret holds %s", async (what, release) => {
    const name = `odd-${what.replaceAll(" ", "-").toLowerCase()}`;
    kube.create({
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: `sh.helm.release.v1.${name}.v1`,
        namespace: "default",
        labels: { owner: "helm", name, status: "deployed", version: "1" },
      },
      data: { release },
    });
    await expect(
      lookUpRelease({ ...request, release: name }, worldWith("kubeconfig")),
    ).rejects.toMatchObject({
      code: "RELEASE_UNREADABLE",
      message: expect.stringContaining(`Secret sh.helm.release.v1.${name}.v1`),
    });
  });
});

function twice(text: string): string {
  return Buffer.from(Buffer.from(text).toString("base64")).toString("base64");
}

function kubeconfigOf(user: object): string {
  const path = join(folder, `kubeconfig-${Object.keys(user).join("-")}`);
  const config = {
    "current-context": "prod",
    contexts: [{ name: "prod", context: { cluster: "c", user: "u" } }],
    clusters: [{ name: "c", cluster: { server: "https://kubernetes.test" } }],
    users: [{ name: "u", user }],
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

/** Helm with its own home, and both ways of looking up, which must agree. */
function bench(major: HelmMajor, driver: string, name: string) {
  const env = {
    PATH: process.env["PATH"],
    HOME: join(folder, name),
    KUBECONFIG: join(folder, "kubeconfig"),
    HELM_DRIVER: driver,
  };
  const runHelm = async (argv: readonly string[]): Promise<HelmOutput> => {
    const { code, stdout, stderr } = await run([helmPath(major), ...argv], { env });
    return { code: code ?? -1, stdout, stderr };
  };
  return {
    helm: async (...argv: string[]): Promise<void> => {
      const { code, stderr } = await runHelm(argv);
      if (code !== 0) throw new Error(stderr);
    },
    lookUp: async (): Promise<LookUp> => {
      const start = kube.requests.length;
      const found = await lookUpRelease(
        { release: name, connectionFlags: [], timeoutMs: 5000 },
        releaseWorld(env),
      );
      const isRecordAsked = found.kind === "live" && (found.release.record || found.release.newer);
      const expected = found.kind === "live" ? (isRecordAsked ? 3 : 2) : 1;
      expect(kube.requests.length - start).toBe(expected);
      const byHelm = await lookUpByHelm(name, [], runHelm);
      expect(withoutRunning(byHelm)).toEqual(withoutRunning(found));
      return found;
    },
  };
}

function toSetJson(values: object): string[] {
  return Object.entries(values).flatMap(([key, value]) => [
    "--set-json",
    `${key}=${JSON.stringify(value)}`,
  ]);
}

/** Helm does not know what the cluster's record says. */
function withoutRunning(found: LookUp): LookUp {
  return found.kind === "live"
    ? { kind: "live", release: { ...found.release, running: undefined } }
    : found;
}

function live(found: LookUp): LiveRelease {
  if (found.kind === "none") throw new Error("no live release");
  return found.release;
}
