import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeManifest } from "../../src/registry/manifest.ts";
import { openRegistry, type Registry } from "../../src/registry/registry.ts";
import { useRegistryClients } from "../support/registry/client.ts";
import {
  DOCKER,
  DOCKER_LIST,
  OCI_INDEX,
  pushImage,
  pushManifest,
} from "../support/registry/push.ts";
import { type RealRegistry, startRegistry } from "../support/registry/real-registry.ts";

const LABELS = { "org.opencontainers.image.revision": "0123abc" };
const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

const storage = mkdtempSync(join(tmpdir(), "registry-storage-"));
let open: RealRegistry;
beforeAll(async () => {
  open = await startRegistry({ storage, plain: true });
  const config = { created: "2026-01-02T03:04:05Z", config: { Labels: LABELS } };
  await pushImage(open.host, "acme/api", "1.4.0", config);
  await pushImage(open.host, "acme/api", "2.0.0", config);
}, 180_000);
afterAll(async () => {
  await open?.stop();
  rmSync(storage, { recursive: true, force: true });
});

const { home, client, double } = useRegistryClients();

const soon = () => AbortSignal.timeout(15_000);

const labelsOf = (registry: Registry, name: string, tag: string, digest?: string) =>
  registry.readLabels({ repository: `${open.host}/${name}`, tag, digest }, soon());

const on = (os: string, architecture: string) => ({ platform: { os, architecture } });

describe("labels", () => {
  it("are read from a registry that speaks no TLS, on this machine", async () => {
    expect(await labelsOf(client(), "acme/api", "1.4.0")).toEqual(LABELS);
  });

  it("are read of a Docker image, and by digest, which wins over the tag", async () => {
    const config = { config: { Labels: { by: "docker" } } };
    const { digest } = await pushImage(open.host, "acme/docker", "1", config, DOCKER);
    expect(await labelsOf(client(), "acme/docker", "1")).toEqual({ by: "docker" });
    expect(await labelsOf(client(), "acme/docker", "gone", digest)).toEqual({ by: "docker" });
  });

  it.each([
    ["no config", {}],
    ["config null", { config: null }],
    ["labels null", { config: { Labels: null } }],
  ])("are none where an image has %s", async (_, config) => {
    await pushImage(open.host, "acme/bare", "1", config);
    expect(await labelsOf(client(), "acme/bare", "1")).toEqual({});
  });

  it.each([
    ["OCI", OCI_INDEX, undefined],
    ["Docker", DOCKER_LIST, DOCKER],
  ])("of an index of %s are those of linux/amd64", async (style, mediaType, imageStyle) => {
    const name = `acme/index-${style.toLowerCase()}`;
    const push = (by: string) =>
      pushImage(open.host, name, undefined, { config: { Labels: { by } } }, imageStyle);
    const index = {
      schemaVersion: 2,
      mediaType,
      manifests: [
        { ...(await push("windows")), ...on("windows", "amd64") },
        { ...(await push("arm")), ...on("linux", "arm64") },
        { ...(await push("usual")), ...on("linux", "amd64") },
      ],
    };
    const { digest } = await pushManifest(open.host, name, "1", index);

    const registry = client();

    expect(await labelsOf(registry, name, "1")).toEqual({ by: "usual" });
    expect(await registry.readDigest(`${open.host}/${name}`, "1", soon())).toBe(digest);
  });

  it("of an index without linux/amd64 are those of its first image, not of an attestation", async () => {
    const push = (by: string) =>
      pushImage(open.host, "acme/arm", undefined, { config: { Labels: { by } } });
    const unknown = { platform: { os: "unknown", architecture: "unknown" } };
    const annotations = { "vnd.docker.reference.type": "attestation-manifest" };
    await pushManifest(open.host, "acme/arm", "1", {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [
        { ...(await push("attestation")), ...unknown, annotations },
        { ...(await push("arm")), platform: { os: "linux", architecture: "arm64" } },
      ],
    });

    expect(await labelsOf(client(), "acme/arm", "1")).toEqual({ by: "arm" });
  });

  it("that cannot be read are missing, with one warning for a registry", async () => {
    const registry = client();
    expect(await labelsOf(registry, "acme/api", "9")).toBeUndefined();
    expect(await labelsOf(registry, "acme/other", "1")).toBeUndefined();
    expect(registry.warnings).toEqual([
      `no labels of ${open.host}/acme/api: ${open.host} has no acme/api:9`,
    ]);
  });

  it("are not waited for beyond the signal", async () => {
    const { host } = await double(() => "hang");
    const registry = client();
    const signal = AbortSignal.timeout(100);
    const image = { repository: `${host}/acme/api`, tag: "1" };
    expect(await registry.readLabels(image, signal)).toBeUndefined();
    expect(registry.warnings).toEqual([expect.stringContaining("no answer")]);
  });

  it.each([
    ["a path", "127.0.0.1:1/../v2/x"],
    ["an address", "https://registry.test/acme/api"],
  ])("are not asked for by %s in place of a name", async (_, repository) => {
    const registry = client();
    expect(await registry.readLabels({ repository, tag: "1" }, soon())).toBeUndefined();
    expect(registry.warnings).toEqual([expect.stringContaining("is no repository")]);
  });
});

describe("the configuration of an image", () => {
  it("says when it was built", async () => {
    const found = await client().readConfiguration(`${open.host}/acme/api`, "1.4.0", soon());
    expect(found).toEqual({ created: "2026-01-02T03:04:05Z", labels: LABELS });
  });
});

describe("the digest of a tag", () => {
  it("may be of SHA-512, and is checked", async () => {
    const body = JSON.stringify({ config: { digest: sha256("{}") } });
    const digest = `sha512:${createHash("sha512").update(body).digest("hex")}`;
    const said = (text: string) =>
      double(() => ({ body, headers: { "docker-content-digest": text } }));
    const { host } = await said(digest);
    expect(await client().readDigest(`${host}/acme/api`, "1", soon())).toBe(digest);
    expect(await client().readDigest(`${host}/acme/api`, digest, soon())).toBe(digest);
    const other = await said(`sha512:${"0".repeat(128)}`);
    await expect(client().readDigest(`${other.host}/acme/api`, "1", soon())).rejects.toMatchObject({
      code: "REGISTRY_NOT_ONE",
    });
  });
});

describe("Docker Hub", () => {
  it("is asked at the host of its API", async () => {
    const urls: string[] = [];
    const { readDigest } = openRegistry({
      send: async ({ url }) => {
        urls.push(url);
        return { status: 404, headers: {}, body: Buffer.from("") };
      },
      env: {},
      homeDir: home(),
      warn: () => {},
    });
    await expect(readDigest("nginx", "1.29", soon())).rejects.toMatchObject({
      code: "REGISTRY_NOT_FOUND",
      message: "docker.io has no library/nginx:1.29",
    });
    expect(urls).toEqual(["https://registry-1.docker.io/v2/library/nginx/manifests/1.29"]);
  });
});

describe("a manifest", () => {
  it("that is an index too is neither: its readers would not agree", () => {
    const descriptor = { digest: sha256("x") };
    const both = { config: descriptor, manifests: [descriptor] };
    expect(decodeManifest(Buffer.from(JSON.stringify(both)))).toBeUndefined();
  });
});

describe("tags", () => {
  it("are listed", async () => {
    const tags = await client().listTags(`${open.host}/acme/api`, soon());
    // distribution 2.8 has no order.
    expect(tags.toSorted()).toEqual(["1.4.0", "2.0.0"]);
  });

  it("are listed to the last page, whatever host and path the next one is given with", async () => {
    // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
    const links: Readonly<Record<string, string>> = {
      "n=1000": '</v2/acme/api/tags/list?n=2&last=b>; rel="next"',
      "n=2&last=b": "<http://inside.test/v2/acme/api/tags/list?n=2&last=d>; rel=next",
    };
    const pages = [["a", "b"], ["c", "d"], ["e"]];
    const { host, seen } = await double(({ url }) => {
      const link = links[new URL(url, "http://x").search.slice(1)];
      const body = JSON.stringify({ name: "acme/api", tags: pages.shift() });
      return link === undefined ? { body } : { body, headers: { link } };
    });

    const tags = await client().listTags(`${host}/acme/api`, soon());

    expect(tags).toEqual(["a", "b", "c", "d", "e"]);
    expect(seen.at(-1)?.url).toBe("/v2/acme/api/tags/list?n=2&last=d");
  });

  it("are not read for ever", async () => {
    const headers = { link: '</v2/acme/api/tags/list?last=a>; rel="next"' };
    const { host } = await double(() => ({ body: '{"tags":["a"]}', headers }));
    await expect(client().listTags(`${host}/acme/api`, soon())).rejects.toMatchObject({
      code: "REGISTRY_NOT_ONE",
      message: expect.stringContaining("without end"),
    });
  });

  it("are none where all were deleted", async () => {
    // distribution 2.8 answers so.
    const { host } = await double(() => ({ body: '{"name":"acme/api","tags":null}' }));
    expect(await client().listTags(`${host}/acme/api`, soon())).toEqual([]);
  });
});

describe("a registry that is busy", () => {
  it.each([
    ["429 with seconds", 429, { "retry-after": "0" }],
    ["429 with a date", 429, { "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" }],
    ["503", 503, {}],
  ])("with %s is asked again", async (_, status, headers) => {
    let isFirst = true;
    const { host } = await double(() => {
      if (!isFirst) return { body: '{"tags":["1"]}' };
      isFirst = false;
      return { status, headers };
    });
    expect(await client().listTags(`${host}/acme/api`, soon())).toEqual(["1"]);
  });

  it("for longer than there is time is told at once", async () => {
    const { host, seen } = await double(() => ({
      status: 429,
      headers: { "retry-after": "3600" },
    }));
    await expect(client().listTags(`${host}/acme/api`, soon())).rejects.toMatchObject({
      code: "REGISTRY_BUSY",
      message: `${host} answered 429`,
    });
    expect(seen.filter(({ url }) => url !== "/v2/")).toHaveLength(1);
  });
});

describe("no registry", () => {
  const MANIFEST = JSON.stringify({ config: { digest: `sha256:${"0".repeat(64)}` } });

  it.each([
    ["a web page", { body: "<html>" }],
    ["another status", { status: 418 }],
    ["an index of nothing", { body: '{"manifests":[]}' }],
    ["401 that asks for nothing", { status: 401 }],
    ["redirects without end", { status: 307, headers: { location: "/v2/again" } }],
    [
      "other content than it says",
      { body: MANIFEST, headers: { "docker-content-digest": sha256("x") } },
    ],
  ])("answers with %s", async (_, answer) => {
    const { host } = await double(() => answer);
    await expect(client().readConfiguration(`${host}/acme/api`, "1", soon())).rejects.toMatchObject(
      { code: "REGISTRY_NOT_ONE" },
    );
  });

  it("is followed for more than five redirects", async () => {
    const { host, seen } = await double(() => ({ status: 307, headers: { location: "/again" } }));
    await client()
      .listTags(`${host}/acme/api`, soon())
      .catch(() => {});
    expect(seen.filter(({ url }) => url === "/again")).toHaveLength(5);
  });

  it("gives other content than was asked for by its digest", async () => {
    const { host } = await double(() => ({ body: MANIFEST }));
    await expect(
      client().readDigest(`${host}/acme/api`, sha256("other"), soon()),
    ).rejects.toMatchObject({ code: "REGISTRY_NOT_ONE" });
  });

  it("gives a configuration other than the manifest's", async () => {
    const { host } = await double(({ url }) => ({
      body: url.includes("/blobs/") ? '{"config":{"Labels":{"a":"forged"}}}' : MANIFEST,
    }));
    await expect(client().readConfiguration(`${host}/acme/api`, "1", soon())).rejects.toMatchObject(
      { code: "REGISTRY_NOT_ONE" },
    );
  });

  it("sends from https to http", async () => {
    const { url } = await double(() => ({ body: MANIFEST }));
    const { host, ca } = await double(() => ({ status: 307, headers: { location: `${url}/x` } }), {
      plain: false,
    });
    await expect(client({ ca }).readDigest(`${host}/acme/api`, "1", soon())).rejects.toMatchObject({
      code: "REGISTRY_NOT_ONE",
    });
  });

  it("is there", async () => {
    await expect(client().readDigest("127.0.0.1:1/acme/api", "1", soon())).rejects.toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("has a certificate that is trusted, which is not passed by over plain HTTP", async () => {
    const { host } = await double(() => ({}), { plain: false });
    await expect(client().readDigest(`${host}/acme/api`, "1", soon())).rejects.toMatchObject({
      code: "REGISTRY_UNREACHABLE",
      message: expect.stringContaining("no trusted TLS"),
    });
  });

  it.each(["", "a/b", "1.0 ", `sha256:${"0".repeat(63)}`, "../x"])(
    "is asked for %j, which is neither tag nor digest",
    async (reference) => {
      await expect(
        client().readDigest(`${open.host}/acme/api`, reference, soon()),
      ).rejects.toMatchObject({ code: "REGISTRY_BAD_NAME" });
    },
  );
});
