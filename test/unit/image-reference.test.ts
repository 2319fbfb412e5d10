import { describe, expect, it } from "vitest";
import {
  locateRepository,
  parseImageReference,
  parseTagValue,
} from "../../src/domain/image-reference.ts";

const DIGEST = `sha256:${"0a".repeat(32)}`;

describe("an image reference", () => {
  it.each([
    ["nginx", { repository: "nginx" }],
    ["nginx:1.29", { repository: "nginx", tag: "1.29" }],
    ["acme/api:1.4.0", { repository: "acme/api", tag: "1.4.0" }],
    ["registry:5000/api", { repository: "registry:5000/api" }],
    ["registry:5000/acme/api:1.4.0", { repository: "registry:5000/acme/api", tag: "1.4.0" }],
    [`acme/api@${DIGEST}`, { repository: "acme/api", digest: DIGEST }],
    [
      `registry:5000/name:tag@${DIGEST}`,
      { repository: "registry:5000/name", tag: "tag", digest: DIGEST },
    ],
  ])("%s is taken apart", (text, parts) => {
    expect(parseImageReference(text)).toEqual(parts);
  });

  it.each([
    "",
    "a b:1",
    "https://acme/api",
    "acme/api:",
    ":1",
    "{{ .x }}:1",
    "acme/api@sha256:short",
  ])("%j is none", (text) => expect(parseImageReference(text)).toBeUndefined());
});

describe("a repository", () => {
  it.each([
    ["nginx", "docker.io", "library/nginx"],
    ["acme/api", "docker.io", "acme/api"],
    ["docker.io/nginx", "docker.io", "library/nginx"],
    ["index.docker.io/acme/api", "docker.io", "acme/api"],
    ["registry.test/api", "registry.test", "api"],
    ["registry.test:5000/acme/team/api", "registry.test:5000", "acme/team/api"],
    ["localhost/api", "localhost", "api"],
    ["registry:5000/api", "registry:5000", "api"],
    // Docker: no name of a folder has upper case.
    ["Registry/api", "Registry", "api"],
    ["acme/a.b_c__d--e", "docker.io", "acme/a.b_c__d--e"],
  ])("%s is kept at %s as %s", (repository, registry, name) => {
    expect(locateRepository(repository)).toEqual({ registry, name });
  });

  it.each([
    "",
    "NGINX",
    "acme/API",
    "registry.test/",
    "registry.test/../api",
    "registry.test//api",
    "registry.test/api/",
    "registry.test/api?x",
    "registry.test/api:1",
    "me:secret@registry.test/api",
    "https://registry.test/api",
    "registry.test:port/api",
    "-registry.test/api",
  ])("%j is none", (repository) => expect(locateRepository(repository)).toBeUndefined());
});

describe("the value at a service's tag", () => {
  it.each([
    ["a tag", "1.4.0", "tag", { tag: "1.4.0" }],
    ["a number", 1.1, "tag", { tag: "1.1" }],
    ["a long number", 20_240_101, "tag", { tag: "20240101" }],
    ["a tag with its digest", `1.4.0@${DIGEST}`, "tag", { tag: "1.4.0", digest: DIGEST }],
    ["what only looks like a digest", "1.4.0@next", "tag", { tag: "1.4.0@next" }],
    ["a reference at any key", "acme/api:1.4.0", "tag", { repository: "acme/api", tag: "1.4.0" }],
    ["a name alone at an image key", "nginx", "image", { repository: "nginx" }],
    [
      "a name with a digest at an image key",
      `nginx@${DIGEST}`,
      "mcImage",
      { repository: "nginx", digest: DIGEST },
    ],
    ["what is no reference", "{{ .x }}:1", "image", { tag: "{{ .x }}:1" }],
    ["nothing", null, "tag", {}],
    ["an empty text", "", "tag", {}],
    ["a map", { a: 1 }, "tag", {}],
  ])("%s", (_, value, key, parts) => {
    expect(parseTagValue(value, key)).toEqual(parts);
  });
});
