import { describe, expect, it } from "vitest";
import { declaredDrift, imagesOf, type PodImage, runningDrift } from "../../src/domain/drift.ts";
import type { ServiceRecord } from "../../src/domain/record.ts";
import { commit } from "../support/records.ts";

const IMAGE = "registry.example.com/shop/api";
const [A, B] = [`sha256:${"a".repeat(64)}`, `sha256:${"b".repeat(64)}`];

const service = (tag: string, more: Partial<ServiceRecord> = {}): ServiceRecord => ({
  image: IMAGE,
  tag,
  ...more,
});

const pod = (tag: string, more: Partial<PodImage> = {}): PodImage => ({
  reference: `${IMAGE}:${tag}`,
  imageId: "",
  isRunning: true,
  instance: "shop",
  ...more,
});

const pulled = (digest: string) => ({ imageId: `${IMAGE}@${digest}` });

describe("what Git declares and the cluster records", () => {
  it.each<[string, ServiceRecord | undefined, ServiceRecord | undefined, boolean]>([
    ["the same is no drift", service("1"), service("1"), false],
    ["another tag is drift", service("2"), service("1"), true],
    [
      "another revision of the same tag is drift",
      service("1", { revision: commit("a") }),
      service("1", { revision: commit("b") }),
      true,
    ],
    ["another digest is drift", service("1", { digest: A }), service("1", { digest: B }), true],
    [
      "a shortened commit is no drift",
      service("1", { revision: commit("a").slice(0, 7) }),
      service("1", { revision: commit("a") }),
      false,
    ],
    [
      "a revision only one of them knows is no drift",
      service("1"),
      service("1", { revision: commit("a") }),
      false,
    ],
    ["a tag that the file leaves to the chart is no drift", undefined, service("1"), false],
    ["a service that was never deployed is drift", service("1"), undefined, true],
  ])("%s", (_, declared, recorded, isDrift) => {
    const expected = isDrift ? [{ kind: "undeployed", declared, recorded }] : [];
    expect(declaredDrift(declared, recorded)).toEqual(expected);
  });
});

const tags = (pods: PodImage[], of: ServiceRecord | undefined = service("1")) =>
  imagesOf(of, "shop", pods).map(({ tag }) => tag);

describe("the images of a service", () => {
  it.each<[string, string, string]>([
    ["a Docker Hub image, however it is spelled", "acme/api", "docker.io/acme/api:1"],
    ["an official image", "docker.io/library/redis", "redis:1"],
    ["a registry with a port", "localhost:5000/api", "localhost:5000/api:1"],
  ])("are found by repository: %s", (_, image, reference) => {
    expect(tags([pod("1", { reference })], service("1", { image }))).toEqual(["1"]);
  });

  it("are each listed once, and others not at all", () => {
    const other = pod("1", { reference: "registry.example.com/shop/api-gateway:1" });
    expect(tags([pod("1"), pod("1"), pod("2"), other])).toEqual(["1", "2"]);
  });

  it("are those of the release where pods bear its name", () => {
    expect(
      tags([pod("1"), pod("2", { instance: "blog" }), pod("3", { instance: undefined })]),
    ).toEqual(["1"]);
  });

  it("are those of the whole namespace where none does", () => {
    expect(tags([pod("1", { instance: undefined }), pod("2", { instance: "x" })])).toEqual([
      "1",
      "2",
    ]);
  });

  it("are none where nobody knows the repository", () => {
    expect(tags([pod("1")], { tag: "1" })).toEqual([]);
    expect(imagesOf(undefined, "shop", [pod("1")])).toEqual([]);
  });

  it.each<[string, Partial<PodImage>, string | undefined, string | undefined]>([
    ["the node's digest", pulled(A), "1", A],
    [
      "the digest asked for, whatever the node calls it",
      { reference: `${IMAGE}:1@${A}`, ...pulled(B) },
      "1",
      A,
    ],
    ["no digest of an image that was loaded, not pulled", { imageId: A }, "1", undefined],
    ["no tag where a digest alone is asked for", { reference: `${IMAGE}@${A}` }, undefined, A],
    ["latest where neither is", { reference: IMAGE }, "latest", undefined],
  ])("have %s", (_, more, tag, digest) => {
    expect(imagesOf(service("1"), "shop", [pod("1", more)])).toEqual([
      { tag, digest, isRunning: true },
    ]);
  });
});

const drift = (own: ServiceRecord, pods: PodImage[], others: Record<string, ServiceRecord> = {}) =>
  runningDrift(own, { api: own, ...others }, imagesOf(own, "shop", pods));

describe("what the cluster records and pods run", () => {
  it.each<[string, ServiceRecord, PodImage[], object[]]>([
    ["the same is no drift", service("1"), [pod("1")], []],
    ["no pod at all is no drift", service("1"), [], []],
    [
      "another tag is drift",
      service("1"),
      [pod("2")],
      [{ kind: "runs-other", tags: ["2"], isBeside: false }],
    ],
    [
      "another tag beside the recorded one is drift",
      service("1"),
      [pod("1"), pod("2"), pod("3")],
      [{ kind: "runs-other", tags: ["2", "3"], isBeside: true }],
    ],
    [
      "another tag that does not run is none",
      service("1"),
      [pod("1"), pod("2", { isRunning: false })],
      [],
    ],
    [
      "another tag is drift although the recorded one waits",
      service("1"),
      [pod("1", { isRunning: false }), pod("2")],
      [{ kind: "runs-other", tags: ["2"], isBeside: false }],
    ],
    [
      "the tag that only waits is drift",
      service("1"),
      [pod("1", { isRunning: false })],
      [{ kind: "not-started" }],
    ],
    ["the recorded digest is no drift", service("1", { digest: A }), [pod("1", pulled(A))], []],
    [
      "another digest of the tag is drift",
      service("1", { digest: A }),
      [pod("1", pulled(B))],
      [{ kind: "moved-tag", digests: [B] }],
    ],
    [
      "two digests of one tag are drift, though none is recorded",
      service("1"),
      [pod("1", pulled(A)), pod("1", pulled(B))],
      [{ kind: "moved-tag", digests: [A, B] }],
    ],
    [
      "another digest where no tag is asked for is drift",
      service("1", { digest: A }),
      [pod("", { reference: `${IMAGE}@${B}` })],
      [{ kind: "runs-other", tags: [B], isBeside: false }],
    ],
    [
      "the recorded digest without its tag is no drift",
      service("1", { digest: A }),
      [pod("", { reference: `${IMAGE}@${A}` })],
      [],
    ],
  ])("%s", (_, own, pods, expected) => {
    expect(drift(own, pods)).toEqual(expected);
  });

  it("what runs for another service of the same repository is nobody's drift", () => {
    const worker = service("2");
    expect(drift(service("1"), [pod("1"), pod("2")], { worker })).toEqual([]);
    expect(drift(service("1"), [pod("2")], { worker })).toEqual([]);
  });
});
