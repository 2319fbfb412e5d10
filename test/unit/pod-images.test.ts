import { describe, expect, it } from "vitest";
import { listPodImages } from "../../src/kube/pod-images.ts";
import type { KubeApi } from "../../src/kube/kube-api.ts";

const running = { running: { startedAt: "2026-11-21T12:00:00Z" } };

function podOf(more: { metadata?: object; status?: object } = {}): object {
  return {
    metadata: { name: "api-1", labels: { "app.kubernetes.io/instance": "shop" }, ...more.metadata },
    spec: {
      initContainers: [{ name: "migrate", image: "acme/migrate:1" }],
      containers: [{ name: "api", image: "acme/api:1" }],
    },
    status: {
      phase: "Running",
      containerStatuses: [
        {
          name: "api",
          image: "sha256:123",
          imageID: "docker.io/acme/api@sha256:abc",
          state: running,
        },
      ],
      ...more.status,
    },
  };
}

/** Pages, one a request; `continue` as https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks has it. */
function apiOf(...pages: unknown[]): KubeApi {
  return {
    namespace: "a b",
    request: ({ path, query }) => {
      expect(path).toBe("/api/v1/namespaces/a%20b/pods");
      const at = Number(query?.["continue"] ?? 0);
      const next = at + 1 < pages.length ? String(at + 1) : "";
      const page = pages[at];
      return Promise.resolve(
        Array.isArray(page) ? { metadata: { continue: next }, items: page } : page,
      );
    },
    requestText: () => Promise.reject(new Error("no text was to be asked for")),
    close: () => {},
  };
}

const API = {
  reference: "acme/api:1",
  imageId: "docker.io/acme/api@sha256:abc",
  isRunning: true,
  instance: "shop",
};

describe("the images of pods", () => {
  it("are those their containers ask for, not what the node calls them", async () => {
    expect(await listPodImages(apiOf([podOf()]))).toEqual([API]);
  });

  it("come from all pages", async () => {
    expect(await listPodImages(apiOf([podOf()], [], [podOf()]))).toEqual([API, API]);
  });

  it.each([
    ["has ended well", { status: { phase: "Succeeded" } }],
    ["has failed", { status: { phase: "Failed" } }],
    ["is ending", { metadata: { deletionTimestamp: "2026-11-21T12:00:00Z" } }],
  ])("are not those of a pod that %s", async (_, more) => {
    expect(await listPodImages(apiOf([podOf(more)]))).toEqual([]);
  });

  it.each([
    [
      "waits",
      { containerStatuses: [{ name: "api", imageID: "", state: { waiting: { reason: "X" } } }] },
    ],
    ["has no status yet", { containerStatuses: null }],
  ])("do not run where the container %s", async (_, status) => {
    expect(await listPodImages(apiOf([podOf({ status })]))).toEqual([
      { ...API, imageId: "", isRunning: false },
    ]);
  });

  it("refuse an answer that is no list of pods", async () => {
    await expect(listPodImages(apiOf({ kind: "Status" }))).rejects.toMatchObject({
      code: "KUBE_NOT_AN_API",
    });
  });
});
