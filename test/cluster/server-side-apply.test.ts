// The hook's rights and its ledger's optimistic lock at the real API server; the embedded one has to say the same.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { createHttp } from "../../src/io/http.ts";
import { type EmbeddedKube, startKube } from "../support/kube/embedded-kube.ts";
import { openNamespace } from "./namespace.ts";

const folder = mkdtempSync(join(tmpdir(), "helm-notify-apply-"));
const embedded = join(folder, "kubeconfig");
let kube: EmbeddedKube;
beforeAll(async () => {
  kube = await startKube();
  kube.writeKubeconfig(embedded);
});
afterAll(async () => {
  await kube.stop();
  rmSync(folder, { recursive: true });
});

describe.each([
  ["real", inject("cluster").kubeconfig],
  ["embedded", embedded],
])("at the %s API server", (_, kubeconfig) => {
  it("rights on one name allow to apply it, and nothing else", async () => {
    const hook = await openHook(kubeconfig);
    try {
      expect(await hook.post("ledger")).toEqual({
        status: 403,
        reason: "Forbidden",
        message: `configmaps is forbidden: User "system:serviceaccount:${hook.namespace}:hook" cannot create resource "configmaps" in API group "" in the namespace "${hook.namespace}"`,
      });
      expect(await hook.apply("other")).toEqual({
        status: 403,
        reason: "Forbidden",
        message: `configmaps "other" is forbidden: User "system:serviceaccount:${hook.namespace}:hook" cannot patch resource "configmaps" in API group "" in the namespace "${hook.namespace}"`,
      });
      expect(await hook.apply("ledger")).toMatchObject({ status: 201 });
    } finally {
      await hook.close();
    }
  });

  it("a version locks what exists, and does not hinder what is created", async () => {
    const hook = await openHook(kubeconfig);
    try {
      const created = await hook.apply("ledger", "12345");
      expect(created).toMatchObject({ status: 201 });
      expect(await hook.apply("ledger", created.resourceVersion)).toMatchObject({ status: 200 });
      expect(await hook.apply("ledger", created.resourceVersion)).toEqual({
        status: 409,
        reason: "Conflict",
        message:
          'Operation cannot be fulfilled on configmaps "ledger": the object has been modified; please apply your changes to the latest version and try again',
      });
    } finally {
      await hook.close();
    }
  });
});

interface Answer {
  readonly status: number;
  readonly resourceVersion?: string;
  readonly reason?: string;
  readonly message?: string;
}

/** An account with the hook's rights on a ConfigMap named `ledger`. */
async function openHook(kubeconfig: string) {
  const namespace = await openNamespace(kubeconfig);
  const { kubectl, name } = namespace;
  await kubectl(["create", "serviceaccount", "hook"]);
  const rights = ["--verb=create,patch", "--resource=configmaps", "--resource-name=ledger"];
  await kubectl(["create", "role", "hook", ...rights]);
  await kubectl(["create", "rolebinding", "hook", "--role=hook", `--serviceaccount=${name}:hook`]);
  const token = (await kubectl(["create", "token", "hook"])).stdout.trim();

  const { cluster } = JSON.parse(readFileSync(kubeconfig, "utf8")).clusters[0];
  const ca = Buffer.from(cluster["certificate-authority-data"], "base64").toString();
  const http = createHttp({ tls: { ca } });
  const send = async (
    method: "PATCH" | "POST",
    path: string,
    type: string,
    metadata: object,
  ): Promise<Answer> => {
    // Each apply changes something: what changes nothing keeps its version.
    const data = { at: String(performance.now()) };
    const response = await http.send({
      method,
      url: `${cluster.server}/api/v1/namespaces/${name}/configmaps${path}`,
      headers: { authorization: `Bearer ${token}`, "content-type": type },
      body: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata, data }),
    });
    const { status } = response;
    const answer = JSON.parse(response.body.toString());
    if (status < 300) return { status, resourceVersion: answer.metadata.resourceVersion };
    return { status, reason: answer.reason, message: answer.message };
  };
  const apply = (object: string, resourceVersion?: string, query = "") =>
    send(
      "PATCH",
      `/${object}?fieldManager=helm-notify&force=true${query}`,
      "application/apply-patch+yaml",
      { name: object, resourceVersion },
    );
  // Rights take effect a moment after they are written.
  await expect.poll(() => apply("ledger", "", "&dryRun=All")).toMatchObject({ status: 201 });
  return {
    namespace: name,
    post: (object: string) => send("POST", "", "application/json", { name: object }),
    apply,
    close: async () => {
      http.close();
      await namespace.close();
    },
  };
}
