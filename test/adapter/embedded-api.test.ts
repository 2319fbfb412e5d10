// What the embedded API answers apart from Helm: rights, faults, pages, its log.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ask, messageOf, type Answer, type Ask } from "../support/kube/ask.ts";
import { startKube, type EmbeddedKube } from "../support/kube/embedded-kube.ts";
import { objectsAt, textAt, type Json, type JsonObject } from "../support/kube/json.ts";

let kube: EmbeddedKube;

beforeAll(async () => {
  kube = await startKube();
});

afterAll(() => kube.stop());

function createNamespace(name: string): void {
  kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
}

const RIGHTS = "/api/v1/namespaces/rights/configmaps";

function configMap(name: string, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data: { a: "b" } };
}

function apply(name: string, options: Ask = {}): Promise<Answer> {
  return ask(kube, `${RIGHTS}/${name}?fieldManager=test&force=true`, {
    method: "PATCH",
    body: configMap(name),
    headers: { "content-type": "application/apply-patch+yaml" },
    ...options,
  });
}

function createServiceAccount(name: string): void {
  const metadata = { name, namespace: "rights" };
  kube.create({ apiVersion: "v1", kind: "ServiceAccount", metadata });
}

async function statusFor(token: string): Promise<number> {
  return (await ask(kube, RIGHTS, { token })).status;
}

describe("rights", () => {
  let token: string;

  beforeAll(() => {
    createNamespace("rights");
    token = kube.mintToken("rights", "default");
    const role = (name: string, verbs: string[], resourceNames: string[]) => {
      const apiGroup = "rbac.authorization.k8s.io";
      kube.create({
        apiVersion: `${apiGroup}/v1`,
        kind: "Role",
        metadata: { name, namespace: "rights" },
        rules: [{ apiGroups: [""], resources: ["configmaps"], verbs, resourceNames }],
      });
      kube.create({
        apiVersion: `${apiGroup}/v1`,
        kind: "RoleBinding",
        metadata: { name, namespace: "rights" },
        roleRef: { apiGroup, kind: "Role", name },
        subjects: [{ kind: "ServiceAccount", name: "default", namespace: "rights" }],
      });
    };
    role("ledger", ["get", "create", "patch"], ["ledger"]);
    role("patch-only", ["patch"], ["patch-only"]);
  });

  it("an apply creates with a right that names the object, a POST does not", async () => {
    const posted = await ask(kube, RIGHTS, { method: "POST", token, body: configMap("ledger") });
    expect(messageOf(posted)).toBe(
      'configmaps is forbidden: User "system:serviceaccount:rights:default" cannot create resource "configmaps" in API group "" in the namespace "rights"',
    );
    expect((await apply("ledger", { token })).status).toBe(201);
    expect((await apply("ledger", { token })).status).toBe(200);
  });

  it("an apply of a missing object needs the right to create", async () => {
    const refused = await apply("patch-only", { token });
    expect(refused.status).toBe(403);
    expect(messageOf(refused)).toBe('configmaps "patch-only" is forbidden: ');
  });

  it("an apply with another resourceVersion is a conflict, of a missing object a create", async () => {
    const body = configMap("optimistic", { resourceVersion: "1" });
    expect((await apply("optimistic", { body })).status).toBe(201);
    const refused = await apply("optimistic", { body });
    expect(refused.status).toBe(409);
    expect(messageOf(refused)).toBe(
      'Operation cannot be fulfilled on configmaps "optimistic": the object has been modified; please apply your changes to the latest version and try again',
    );
  });

  it("an unknown token, and one with claims nobody signed, are refused", async () => {
    const [header, , signature] = token.split(".");
    const claims = JSON.stringify({ sub: "system:serviceaccount:rights:admin" });
    const forged = [header, Buffer.from(claims).toString("base64url"), signature].join(".");
    expect(await statusFor("unknown")).toBe(401);
    expect(await statusFor(forged)).toBe(401);
  });

  it("a token for another audience, and one of a deleted account, are refused", async () => {
    createServiceAccount("brief");
    const issue = async (spec: JsonObject) => {
      const path = "/api/v1/namespaces/rights/serviceaccounts/brief/token";
      const { text } = await ask(kube, path, { method: "POST", body: { spec } });
      return textAt(JSON.parse(text), "status", "token");
    };
    const good = await issue({});
    expect(await statusFor(good)).toBe(403);
    expect(await statusFor(await issue({ audiences: ["vault"] }))).toBe(401);
    kube.delete("serviceaccounts", "rights", "brief");
    createServiceAccount("brief");
    expect(await statusFor(good)).toBe(401);
  });

  it("an administrator may act as somebody else, nobody else may", async () => {
    const headers = { "impersonate-user": "bob" };
    expect(messageOf(await ask(kube, RIGHTS, { headers }))).toContain('User "bob" cannot list');
    expect(messageOf(await ask(kube, RIGHTS, { headers, token }))).toBe(
      'users "bob" is forbidden: User "system:serviceaccount:rights:default" cannot impersonate resource "users" in API group "" at the cluster scope',
    );
  });
});

describe("faults", () => {
  it("refuse, as often as asked", async () => {
    const path = "/api/v1/namespaces/default/configmaps/faulty";
    const remove = kube.addFault({
      verb: "get",
      resource: "configmaps",
      name: "faulty",
      times: 1,
      action: { status: 503, reason: "ServiceUnavailable", message: "try later" },
    });
    const refused = await ask(kube, path);
    expect(refused.status).toBe(503);
    expect(messageOf(refused)).toBe("try later");
    expect((await ask(kube, path)).status).toBe(404);
    remove();
  });

  it("close the connection, until removed", async () => {
    const path = "/api/v1/namespaces/default/secrets";
    const remove = kube.addFault({ resource: "secrets", action: "close" });
    const cut = expect.objectContaining({
      cause: expect.objectContaining({ code: "UND_ERR_SOCKET" }),
    });
    await expect(ask(kube, path)).rejects.toThrow(cut);
    remove();
    expect((await ask(kube, path)).status).toBe(200);
  });

  it("leave a request hanging until the server stops", async () => {
    const own = await startKube({ faults: [{ resource: "nodes", action: "hang" }] });
    const outcome = ask(own, "/api/v1/nodes").then(
      () => "answered",
      () => "cut off",
    );
    await expect.poll(() => own.requests.length).toBe(1);
    await own.stop();
    expect(await outcome).toBe("cut off");
  });
});

async function pageOfSecrets(query: string): Promise<{ names: string[]; next: string }> {
  const { text } = await ask(kube, `/api/v1/namespaces/pages/secrets?limit=2${query}`);
  const list: Json = JSON.parse(text);
  const names = objectsAt(list, "items").map((item) => textAt(item, "metadata", "name"));
  return { names, next: textAt(list, "metadata", "continue") };
}

it("lists come in pages", async () => {
  createNamespace("pages");
  for (const name of ["a", "b", "c"])
    kube.create({ apiVersion: "v1", kind: "Secret", metadata: { name, namespace: "pages" } });
  const first = await pageOfSecrets("");
  const second = await pageOfSecrets(`&continue=${first.next}`);
  expect(first.names).toEqual(["a", "b"]);
  expect(second).toEqual({ names: ["c"], next: "" });
});

/** Returns the version. */
function writeText(name: string, text: string): string {
  const metadata = { name, namespace: "past" };
  const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { text } };
  const isThere = kube.get("configmaps", "past", name) !== undefined;
  const written = isThere ? kube.update(object) : kube.create(object);
  return written.metadata.resourceVersion ?? "";
}

// What is expected here was recorded from kube-apiserver 1.34.
describe("a list as of an earlier version", () => {
  const path = "/api/v1/namespaces/past/configmaps";
  const exact = (name: string, version: string) =>
    `${path}?fieldSelector=metadata.name%3D${name}&resourceVersion=${version}&resourceVersionMatch=Exact`;

  async function textsAt(name: string, version: string, token?: string): Promise<string[]> {
    const { text } = await ask(kube, exact(name, version), token === undefined ? {} : { token });
    expect(textAt(JSON.parse(text), "metadata", "resourceVersion")).toBe(version);
    return objectsAt(JSON.parse(text), "items").map((item) => textAt(item, "data", "text"));
  }

  beforeAll(() => {
    createNamespace("past");
  });

  it("shows what was there, what was not yet, and what is deleted since", async () => {
    const before = writeText("other", "");
    const first = writeText("changing", "one");
    const between = writeText("other", "between");
    writeText("changing", "two");
    kube.delete("configmaps", "past", "changing");
    writeText("changing", "three");
    expect(await textsAt("changing", before)).toEqual([]);
    expect(await textsAt("changing", first)).toEqual(["one"]);
    expect(await textsAt("changing", between)).toEqual(["one"]);
    expect(await textsAt("other", first)).toEqual([""]);
    const { text } = await ask(kube, `${path}?fieldSelector=metadata.name%3Dchanging`);
    expect(text).toContain("three");
  });

  it("is refused after a compaction, for what was before it", async () => {
    const old = writeText("compacted", "one");
    const last = writeText("compacted", "two");
    kube.compact();
    writeText("compacted", "three");
    const refused = await ask(kube, exact("compacted", old));
    expect(refused.status).toBe(410);
    expect(JSON.parse(refused.text)).toMatchObject({ reason: "Expired", code: 410 });
    expect(messageOf(refused)).toBe("The resourceVersion for the provided list is too old.");
    expect(await textsAt("compacted", last)).toEqual(["two"]);
  });

  it.each([
    ["0", 422, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'],
    ["", 422, "resourceVersionMatch is forbidden unless resourceVersion is provided"],
    ["abc", 400, 'strconv.ParseUint: parsing "abc": invalid syntax'],
    ["99999999", 504, "Timeout: Too large resource version: 99999999, current: "],
  ])("refuses the version %j", async (version, status, why) => {
    const refused = await ask(kube, exact("any", version));
    expect(refused.status).toBe(status);
    expect(messageOf(refused)).toContain(why);
  });

  it("is allowed by a right that names the object only where the selector names it", async () => {
    const apiGroup = "rbac.authorization.k8s.io";
    const metadata = { name: "past", namespace: "past" };
    const rule = { apiGroups: [""], resources: ["configmaps"], resourceNames: ["changing"] };
    kube.create({
      apiVersion: `${apiGroup}/v1`,
      kind: "Role",
      metadata,
      rules: [{ ...rule, verbs: ["list"] }],
    });
    kube.create({
      apiVersion: `${apiGroup}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup, kind: "Role", name: "past" },
      subjects: [{ kind: "ServiceAccount", name: "default" }],
    });
    const token = kube.mintToken("past", "default");
    const version = writeText("changing", "four");
    expect(await textsAt("changing", version, token)).toEqual(["four"]);
    const statusOf = async (query: string) =>
      (await ask(kube, `${path}${query}`, { token })).status;
    expect(await statusOf("")).toBe(403);
    expect(await statusOf("?fieldSelector=metadata.name%3Dother")).toBe(403);
    expect(await statusOf("?fieldSelector=metadata.name!%3Dchanging")).toBe(403);
    expect(await statusOf("/changing")).toBe(403);
  });
});

it("a delete with another uid is a conflict, with the right one it deletes", async () => {
  const labels = { app: "w" };
  const metadata = { name: "w", namespace: "default" };
  const template = {
    metadata: { labels },
    spec: { containers: [{ name: "c", image: "busybox" }] },
  };
  const spec = { selector: { matchLabels: labels }, template };
  const { uid } = kube.create({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata,
    spec,
  }).metadata;
  const remove = (wanted: string | undefined) =>
    ask(kube, "/apis/apps/v1/namespaces/default/replicasets/w", {
      method: "DELETE",
      body: { preconditions: { uid: wanted }, propagationPolicy: "Background" },
    });
  const refused = await remove("x");
  expect(refused.status).toBe(409);
  expect(messageOf(refused)).toBe(
    `Operation cannot be fulfilled on ReplicaSet.apps "w": the UID in the precondition (x) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
  );
  expect((await remove(uid)).status).toBe(200);
  expect(kube.get("replicasets", "default", "w")).toBeUndefined();
});

it("every request is logged with its user and verb", async () => {
  await ask(kube, "/api/v1/namespaces/default/pods?limit=1");
  expect(kube.requests.at(-1)).toEqual({
    method: "GET",
    path: "/api/v1/namespaces/default/pods?limit=1",
    user: "admin",
    verb: "list",
  });
});
