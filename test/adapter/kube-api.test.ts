import { afterEach, describe, expect, it } from "vitest";
import { NotifyError } from "../../src/domain/errors.ts";
import { Secret } from "../../src/domain/secret.ts";
import {
  applyConfigMap,
  changeConfigMap,
  createConfigMap,
  deleteConfigMap,
  getConfigMap,
} from "../../src/kube/config-maps.ts";
import type { Connection } from "../../src/kube/connection.ts";
import { type KubeApi, openKube } from "../../src/kube/kube-api.ts";
import { readAccount } from "../../src/kube/self-review.ts";
import { type EmbeddedKube, startKube } from "../support/kube/embedded-kube.ts";
import { type AnswerRequest, startServer } from "../support/tls-server.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

function open(
  connection: Partial<Connection> & Pick<Connection, "server">,
  timeoutMs?: number,
): KubeApi {
  const api = openKube(
    { namespace: "shop", headers: {}, tls: {}, origin: `context "test"`, ...connection },
    timeoutMs,
  );
  cleanups.push(() => api.close());
  return api;
}

async function serve(answer: AnswerRequest, timeoutMs?: number) {
  const server = await startServer(answer);
  cleanups.push(server.stop);
  const api = open({ server: server.url, tls: { ca: server.ca } }, timeoutMs);
  return { ...server, api };
}

const status =
  (code: number, message?: string): AnswerRequest =>
  () => ({
    status: code,
    body: message === undefined ? "<html>no</html>" : JSON.stringify({ kind: "Status", message }),
  });

async function embedded(): Promise<{ kube: EmbeddedKube; api: KubeApi }> {
  const kube = await startKube();
  cleanups.push(() => kube.stop());
  const authorization = new Secret(`Bearer ${kube.adminToken}`);
  kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
  return {
    kube,
    api: open({ server: kube.url, tls: { ca: kube.ca }, headers: { authorization } }),
  };
}

describe("an answer that is a refusal", () => {
  it.each([
    [401, "Unauthorized", "KUBE_UNAUTHORIZED", "does not accept the credentials"],
    [
      403,
      'secrets is forbidden: User "jane"',
      "KUBE_FORBIDDEN",
      'secrets is forbidden: User "jane"',
    ],
    [404, 'configmaps "x" not found', "KUBE_NOT_FOUND", 'configmaps "x" not found'],
    [409, "the object has been modified", "KUBE_CONFLICT", "the object has been modified"],
    [500, "etcd is gone", "KUBE_FAILED", "answered 500: etcd is gone"],
    [502, undefined, "KUBE_FAILED", "answered 502"],
  ])("%i is told in the server's words", async (code, said, expected, message) => {
    const { api } = await serve(status(code, said));
    await expect(api.request({ path: "/api" })).rejects.toMatchObject({
      code: expected,
      message: expect.stringContaining(message),
      hint: expect.any(String),
    });
  });

  it("keeps a proxy's error page to itself", async () => {
    const { api } = await serve(status(502));
    await expect(api.request({ path: "/api" })).rejects.not.toMatchObject({
      message: expect.stringContaining("html"),
    });
  });

  it("names a server that is no Kubernetes API", async () => {
    const { api } = await serve(() => ({ body: "<html>hello</html>" }));
    await expect(api.request({ path: "/api" })).rejects.toMatchObject({ code: "KUBE_NOT_AN_API" });
  });
});

describe("a server that is not there", () => {
  it("is named together with where its address stands", async () => {
    const api = open({ server: "https://127.0.0.1:1", tls: { ca: "" } });
    await expect(api.request({ path: "/api" })).rejects.toMatchObject({
      code: "KUBE_UNREACHABLE",
      message: expect.stringMatching(/context "test".*127\.0\.0\.1:1.*ECONNREFUSED/),
    });
  });

  it("ends the wait where it does not answer", async () => {
    const { api } = await serve(() => "hang", 200);
    await expect(api.request({ path: "/api" })).rejects.toMatchObject({ code: "KUBE_TIMEOUT" });
  });

  it("ends the wait with the caller's signal", async () => {
    const { api } = await serve(() => "hang");
    const signal = AbortSignal.timeout(50);
    await expect(api.request({ path: "/api", signal })).rejects.toMatchObject({
      code: "KUBE_TIMEOUT",
    });
  });

  it("is not trusted with another authority", async () => {
    const { url } = await serve(() => ({}));
    const other = await serve(() => ({}));
    const api = open({
      server: url,
      tls: { ca: other.ca },
      headers: { authorization: new Secret("t") },
    });
    await expect(api.request({ path: "/api" })).rejects.toMatchObject({
      code: "KUBE_UNREACHABLE",
      hint: expect.stringContaining("certificate-authority-data"),
    });
    expect(other.seen).toEqual([]);
  });

  it("is not trusted without an authority of its own, but is when no certificate is asked for", async () => {
    const { url } = await serve(() => ({ body: '{"ok":true}' }));
    await expect(open({ server: url }).request({ path: "/api" })).rejects.toThrow(NotifyError);
    await expect(
      open({ server: url, tls: { isInsecure: true } }).request({ path: "/api" }),
    ).resolves.toEqual({ ok: true });
  });
});

describe("a server that asks to come again", () => {
  it.each([429, 503])("with %i and Retry-After is asked again", async (code) => {
    const { api, seen } = await serve(() =>
      seen.length < 3 ? { status: code, headers: { "retry-after": "0" } } : { body: '{"ok":true}' },
    );
    await expect(api.request({ path: "/api" })).resolves.toEqual({ ok: true });
    expect(seen).toHaveLength(3);
  });

  it("later than the deadline is not waited for", async () => {
    const { api, seen } = await serve(() => ({ status: 429, headers: { "retry-after": "60" } }));
    await expect(api.request({ path: "/api" })).rejects.toMatchObject({ code: "KUBE_FAILED" });
    expect(seen).toHaveLength(1);
  });
});

describe("a ConfigMap", () => {
  it("that is not there is undefined", async () => {
    const { api } = await embedded();
    expect(await getConfigMap(api, "ledger")).toBeUndefined();
  });

  it("is created by applying it, and read again", async () => {
    const { kube, api } = await embedded();

    const applied = await applyConfigMap(api, { name: "ledger", data: { key: "1" } });

    expect(await getConfigMap(api, "ledger")).toEqual(applied);
    expect(applied.data).toEqual({ key: "1" });
    expect(kube.get("configmaps", "shop", "ledger")?.metadata.labels).toEqual({
      "app.kubernetes.io/managed-by": "helm-notify",
    });
  });

  it("is replaced at the version that was read, and refused at an older one", async () => {
    const { api } = await embedded();
    const first = await applyConfigMap(api, { name: "ledger", data: { key: "1" } });

    const second = await applyConfigMap(api, {
      name: "ledger",
      data: { key: "2" },
      ...pick(first),
    });

    expect(second.data).toEqual({ key: "2" });
    await expect(
      applyConfigMap(api, { name: "ledger", data: { key: "3" }, ...pick(first) }),
    ).rejects.toMatchObject({ code: "KUBE_CONFLICT" });
  });

  it("of two who found none only one makes it", async () => {
    const { api } = await embedded();
    const both = ["1", "2"].map((key) => applyConfigMap(api, { name: "ledger", data: { key } }));
    const outcomes = await Promise.allSettled(both);
    expect(outcomes.filter((of) => of.status === "fulfilled")).toHaveLength(1);
    expect(outcomes.find((of) => of.status === "rejected")).toMatchObject({
      reason: { code: "KUBE_CONFLICT" },
    });
  });

  it("is made once: a second one of its name is refused", async () => {
    const { api } = await embedded();
    const made = await createConfigMap(api, { name: "turn", data: { key: "1" } });
    expect(await getConfigMap(api, "turn")).toEqual(made);
    await expect(createConfigMap(api, { name: "turn", data: {} })).rejects.toMatchObject({
      code: "KUBE_CONFLICT",
    });
  });

  it("is changed and deleted at the version that was read, and at no other", async () => {
    const { api } = await embedded();
    const { resourceVersion: old } = await createConfigMap(api, { name: "turn", data: { a: "1" } });
    await changeConfigMap(api, { name: "turn", data: { a: "2" } }, old);
    const changed = await getConfigMap(api, "turn");
    const { resourceVersion = "" } = changed ?? {};
    expect(changed?.data).toEqual({ a: "2" });
    const conflict = { code: "KUBE_CONFLICT" };
    const change = (version: string) => changeConfigMap(api, { name: "turn", data: {} }, version);
    await expect(change(old)).rejects.toMatchObject(conflict);
    await expect(deleteConfigMap(api, "turn", old)).rejects.toMatchObject(conflict);
    await deleteConfigMap(api, "turn", resourceVersion);
    expect(await getConfigMap(api, "turn")).toBeUndefined();
    await expect(change(resourceVersion)).rejects.toMatchObject(conflict);
    await expect(deleteConfigMap(api, "turn", resourceVersion)).rejects.toMatchObject(conflict);
  });

  it("without data is an empty one", async () => {
    const { kube, api } = await embedded();
    kube.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "bare", namespace: "shop" },
    });
    expect(await getConfigMap(api, "bare")).toMatchObject({ data: {} });
  });

  it("that may not be read is an error, not a missing one", async () => {
    const { kube } = await embedded();
    const authorization = new Secret(`Bearer ${kube.addUser("jane")}`);
    const api = open({ server: kube.url, tls: { ca: kube.ca }, headers: { authorization } });
    await expect(getConfigMap(api, "ledger")).rejects.toMatchObject({
      code: "KUBE_FORBIDDEN",
      message: expect.stringContaining('User "jane" cannot get resource "configmaps"'),
    });
  });
});

describe("who we are", () => {
  it("is what the server makes of our credentials, and of whom we act as", async () => {
    const { kube, api: admin } = await embedded();
    const connect = (headers: Connection["headers"]) =>
      open({ server: kube.url, tls: { ca: kube.ca }, headers });
    const jane = connect({ authorization: new Secret(`Bearer ${kube.addUser("jane")}`) });
    const asDeployer = connect({
      authorization: new Secret(`Bearer ${kube.adminToken}`),
      "impersonate-user": "system:serviceaccount:ci:deployer",
    });
    expect(await readAccount(jane)).toBe("jane");
    expect(await readAccount(asDeployer)).toBe("system:serviceaccount:ci:deployer");
    expect(await readAccount(admin)).toMatch(/admin/);
  });

  it.each([{}, { status: {} }, { status: { userInfo: { username: "" } } }])(
    "is nobody's to say where the answer is %j",
    async (answer) => {
      const { api } = await serve(() => ({ body: JSON.stringify(answer) }));
      expect(await readAccount(api)).toBeUndefined();
    },
  );

  it("is refused by a server that does not know the question", async () => {
    const { api } = await serve(status(404));
    await expect(readAccount(api)).rejects.toMatchObject({ code: "KUBE_NOT_FOUND" });
  });
});

function pick({ resourceVersion }: { readonly resourceVersion: string }) {
  return { resourceVersion };
}
