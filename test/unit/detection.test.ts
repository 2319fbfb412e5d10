import { describe, expect, it } from "vitest";
import { detectServices } from "../../src/domain/detection.ts";
import { formatPath, type Values } from "../../src/domain/values.ts";

/** `name=path` */
function detect(values: Values): string[] {
  return detectServices(values, "shop").map(({ name, tag }) => `${name}=${formatPath(tag)}`);
}

const SHA = `sha256:${"0a".repeat(32)}`;

describe("image tags are found by their shape", () => {
  it.each<[string, Values, string[]]>([
    ["tag beside a repository", { image: { repository: "a/b", tag: "1" } }, ["shop=image.tag"]],
    ["an empty tag", { image: { repository: "a/b", tag: "" } }, ["shop=image.tag"]],
    ["a tag that is null", { image: { repository: "a/b", tag: null } }, ["shop=image.tag"]],
    ["a number as tag", { image: { tag: 1.35 } }, ["shop=image.tag"]],
    ["a component", { api: { image: { tag: "1" } } }, ["api=api.image.tag"]],
    ["a map that ends in Image", { mcImage: { tag: "1" } }, ["mc=mcImage.tag"]],
    ["maps of images", { images: { server: { tag: "1" } } }, ["server=images.server.tag"]],
    ["a shared tag", { images: { tag: "1" } }, ["shop=images.tag"]],
    ["a repository alone beside it", { git: { repository: "a/git", tag: "1" } }, ["git=git.tag"]],
    ["a string image beside it", { hub: { image: "a/hub", tag: "1" } }, ["hub=hub.tag"]],
    ["at the root", { tag: "1" }, ["shop=tag"]],
    ["in global", { global: { tag: "1" } }, ["global=global.tag"]],
    [
      "imageTag",
      { imageTag: "8.5", worker: { imageTag: "1" } },
      ["shop=imageTag", "worker=worker.imageTag"],
    ],
    [
      "a prefix before ImageTag",
      { workerImageTag: "1", web_image_tag: "2" },
      ["worker=workerImageTag", "web=web_image_tag"],
    ],
    ["imageTags", { imageTags: { operator: "1" } }, ["operator=imageTags.operator"]],
    ["a whole reference", { image: "a/b:1" }, ["shop=image"]],
    [
      "a short name and a number",
      { app: { image: "app:101" }, images: { db: "postgres:15", proxy: "a/proxy:15" } },
      ["app=app.image", "db=images.db", "proxy=images.proxy"],
    ],
    ["a reference by digest", { api: { image: `a/b@${SHA}` } }, ["api=api.image"]],
    [
      "a key that ends in Image",
      { global: { busyboxImage: "busybox:1.36" } },
      ["global.busybox=global.busyboxImage"],
    ],
    ["references in a map of images", { images: { etcd: "q/etcd:v3" } }, ["etcd=images.etcd"]],
    ["a reference at repository", { image: { repository: "a/b:1" } }, ["shop=image.repository"]],
    [
      "version in an image map",
      { api: { image: { name: "a", version: "1" } } },
      ["api=api.image.version"],
    ],
    [
      "version beside an untagged image",
      { server: { image: "a/b", version: "1" } },
      ["server=server.version"],
    ],
    [
      "an image with a tag, and not the version beside it",
      { api: { image: "a/b:1", version: "2" } },
      ["api=api.image"],
    ],
    ["any capitals", { API: { Image: { Repository: "a/b", Tag: "1" } } }, ["API=API.Image.Tag"]],
    [
      "a leading group",
      { services: { api: { image: { tag: "1" } } }, apps: { web: { image: { tag: "1" } } } },
      ["api=services.api.image.tag", "web=apps.web.image.tag"],
    ],
    [
      "a long path",
      { controller: { admissionWebhooks: { patch: { image: { tag: "1" } } } } },
      ["controller.admissionWebhooks.patch=controller.admissionWebhooks.patch.image.tag"],
    ],
    [
      "two of one name: both by their full paths",
      { image: { tag: "1" }, shop: { image: { tag: "2" } } },
      ["image.tag=image.tag", "shop.image.tag=shop.image.tag"],
    ],
  ])("%s", (_, values, expected) => {
    expect(detect(values)).toEqual(expected);
  });

  it.each<[string, Values]>([
    ["a tag of something else", { worker: { tag: "x" }, input: { systemd: { tag: "host.*" } } }],
    ["tagCardinality and the like", { tagCardinality: "low", doNotCheckTag: true, build_tag: "1" }],
    ["lists", { images: [{ repository: "a", tag: "1" }], initContainers: [{ image: "a:1" }] }],
    ["a switch", { image: { tag: true } }],
    ["a host and its port", { image: "localhost:5000", api: { image: "registry.test:443" } }],
    ["a registry of images", { image: { registry: "registry:5000" }, images: { mirror: "m:80" } }],
    ["an image without a tag", { image: "a/b", api: { image: "registry:5000/b" } }],
    ["a version without an image", { version: "1", api: { version: "2" } }],
    ["login data", { auth: "test:testpwd" }],
    ["a subchart's copy of global", { db: { global: { tag: "1", image: { tag: "1" } } } }],
    [
      "a holder of YAML anchors",
      {
        _defaults: { image: { repository: "a", tag: "1" } },
        _imageTag: "1",
        "x-b": { image: "b:1" },
      },
    ],
    [
      "the library chart's own image",
      { "helm-notify": { image: { repository: "hook", tag: "1" } } },
    ],
  ])("%s is no place", (_, values) => {
    expect(detect(values)).toEqual([]);
  });

  it("a tag beside a version or a whole reference is the only place of its map", () => {
    expect(detect({ image: { repository: "a/b:1", tag: "2", version: "3" } })).toEqual([
      "shop=image.tag",
    ]);
  });

  it("revision, digest, thread and repository stand beside the tag, there or not", () => {
    const [api, hub, job] = detectServices(
      { api: { image: { tag: "1" } }, hub: { image: "a/hub", tag: "1" }, job: { image: "a/b:1" } },
      "shop",
    );
    expect(api).toMatchObject({
      revision: ["api", "image", "revision"],
      digest: ["api", "image", "digest"],
      thread: ["api", "image", "thread"],
      image: ["api", "image", "repository"],
      carry: true,
    });
    expect(hub).toMatchObject({ image: ["hub", "image"], revision: ["hub", "revision"] });
    expect(job).toMatchObject({ tag: ["job", "image"], revision: ["job", "revision"] });
    expect(job).not.toHaveProperty("image");
  });
});
