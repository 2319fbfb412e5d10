// What is written to Helm's storage of a pending revision; that both Helms take it, test/scenario/recover.test.ts shows.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KubeApi } from "../../src/kube/kube-api.ts";
import { openApi } from "../../src/kube/open.ts";
import { markRevisionFailed, type StorageKind } from "../../src/release/storage.ts";
import { kubeWorld } from "../support/kube-world.ts";
import { type EmbeddedKube, startKube } from "../support/kube/embedded-kube.ts";

const folder = mkdtempSync(join(tmpdir(), "failed-mark-"));
let kube: EmbeddedKube;
let api: KubeApi;
beforeAll(async () => {
  kube = await startKube();
  kube.writeKubeconfig(join(folder, "kubeconfig"));
  const env = { KUBECONFIG: join(folder, "kubeconfig"), HELM_NAMESPACE: "default" };
  const opened = await openApi({}, 5000, kubeWorld(env));
  if (opened === undefined) throw new Error("no API");
  api = opened;
});
afterAll(async () => {
  api.close();
  await kube.stop();
  rmSync(folder, { recursive: true });
});

const STATUS = '"description":"Preparing upgrade","status":"pending-upgrade"';
// Numbers and escapes that JSON.parse and JSON.stringify would not give back.
const RELEASE = String.raw`{"name":"shop","info":{"last_deployed":"2026-11-21T10:00:00.123456789Z",${STATUS}},"config":{"id":12345678901234567890,"half":1.0,"1":"\u003cb\u003e"},"version":5}`;
const MARK = { revision: 5, description: 'Interrupted: "jane"' };

const nameOf = (release: string) => `sh.helm.release.v1.${release}.v5`;
const KINDS: readonly StorageKind[] = ["secrets", "configmaps"];

describe.each(KINDS)("a pending revision in %s", (kind) => {
  const isSecret = kind === "secrets";
  const stored = (release: string) => {
    const object = kube.get(kind, "default", nameOf(release));
    if (object === undefined) throw new Error("it is gone");
    return object as typeof object & { readonly data: { readonly release: string } };
  };
  const create = (release: string, status: string) => {
    const text = gzipSync(RELEASE).toString("base64");
    kube.create({
      apiVersion: "v1",
      kind: isSecret ? "Secret" : "ConfigMap",
      ...(isSecret && { type: "helm.sh/release.v1" }),
      metadata: {
        name: nameOf(release),
        namespace: "default",
        labels: { owner: "helm", name: release, status, version: "5", team: "a" },
        annotations: { kept: "yes" },
      },
      data: { release: isSecret ? Buffer.from(text).toString("base64") : text },
    });
  };
  const mark = (release: string, by = api) =>
    markRevisionFailed(by, kind, { release, ...MARK }, AbortSignal.timeout(5000));

  it("is marked as failed, and all else stays as it was", async () => {
    create("shop", "pending-upgrade");
    const before = stored("shop");

    expect(await mark("shop")).toBe(true);

    const after = stored("shop");
    expect(after).toEqual({
      ...before,
      metadata: {
        ...before.metadata,
        labels: {
          ...before.metadata.labels,
          status: "failed",
          modifiedAt: expect.stringMatching(/^\d{10}$/),
        },
        resourceVersion: expect.any(String),
      },
      data: { release: expect.any(String) },
    });
    const { release } = after.data;
    const text = isSecret ? Buffer.from(release, "base64").toString() : release;
    expect(gunzipSync(Buffer.from(text, "base64")).toString()).toBe(
      RELEASE.replace(STATUS, String.raw`"description":"Interrupted: \"jane\"","status":"failed"`),
    );
  });

  it("that has ended meanwhile is left alone", async () => {
    create("ended", "deployed");
    const before = stored("ended");
    expect(await mark("ended")).toBe(false);
    expect(stored("ended")).toEqual(before);
  });

  it("whose Helm ends in that very moment is left alone", async () => {
    create("raced", "pending-upgrade");
    const racing: KubeApi = {
      ...api,
      request: async (request) => {
        if (request.method === "PUT") {
          await api.request({
            method: "PATCH",
            path: request.path,
            contentType: "application/merge-patch+json",
            body: JSON.stringify({ metadata: { labels: { status: "deployed" } } }),
          });
        }
        return api.request(request);
      },
    };
    expect(await mark("raced", racing)).toBe(false);
    expect(stored("raced").metadata.labels).toMatchObject({ status: "deployed" });
  });
});
