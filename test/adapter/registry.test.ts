import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createHttp } from "../../src/io/http.ts";
import { parseChallenge } from "../../src/registry/challenge.ts";
import { findCredentials } from "../../src/registry/credentials.ts";
import { decodeManifest } from "../../src/registry/manifest.ts";
import { openRegistry, type Registry } from "../../src/registry/registry.ts";
import {
  DOCKER,
  DOCKER_LIST,
  OCI_INDEX,
  pushImage,
  pushManifest,
} from "../support/registry/push.ts";
import {
  HTPASSWD,
  type RealRegistry,
  registryProgram,
  startRegistry,
} from "../support/registry/real-registry.ts";
import {
  REFRESH_TOKEN,
  startTokenService,
  type TokenService,
} from "../support/registry/token-service.ts";
import { type AnswerRequest, type RecordingServer, startServer } from "../support/tls-server.ts";

const LABELS = { "org.opencontainers.image.revision": "0123abc" };
const PASSWORD = { username: "jane", password: "right" };
const basic = (text: string) => Buffer.from(text).toString("base64");
const sha256 = (text: string) => `sha256:${createHash("sha256").update(text).digest("hex")}`;

const storage = mkdtempSync(join(tmpdir(), "registry-storage-"));
let open: RealRegistry;
let locked: RealRegistry;
let withToken: RealRegistry;
let tokens: TokenService;
/** Where the blobs of `withToken` are. */
let blobs: RecordingServer;

// The package is fetched once.
beforeAll(async () => {
  registryProgram();
  tokens = await startTokenService();
  blobs = await startServer(({ url }) => ({ body: readFileSync(join(storage, url), "utf8") }), {
    plain: true,
  });
  const htpasswd = join(storage, "htpasswd");
  writeFileSync(htpasswd, HTPASSWD);
  const bundle = join(storage, "signer.pem");
  writeFileSync(bundle, tokens.signer);
  [open, locked, withToken] = await Promise.all([
    startRegistry({ storage, plain: true }),
    startRegistry({
      storage,
      config: { auth: { htpasswd: { realm: "test", path: htpasswd } } },
    }),
    startRegistry({
      storage,
      plain: true,
      config: {
        auth: tokens.auth(bundle),
        middleware: { storage: [{ name: "redirect", options: { baseurl: blobs.url } }] },
      },
    }),
  ]);
  const config = { created: "2026-01-02T03:04:05Z", config: { Labels: LABELS } };
  await Promise.all([
    pushImage(open.host, "acme/api", "1.4.0", config),
    pushImage(open.host, "acme/api", "2.0.0", config),
    pushImage(open.host, "public/web", "1", config),
  ]);
}, 180_000);

afterAll(async () => {
  await Promise.all(
    [open, locked, withToken, tokens, blobs].map(async (started) => started?.stop()),
  );
  rmSync(storage, { recursive: true, force: true });
});

let home: string;
const cleanups: (() => unknown)[] = [];
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "registry-home-"));
  tokens.seen.length = 0;
  blobs.seen.length = 0;
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  rmSync(home, { recursive: true, force: true });
});

interface Client extends Registry {
  readonly warnings: readonly string[];
}

function client(env: Readonly<Record<string, string>> = {}, ca = locked.ca): Client {
  const http = createHttp({ tls: { ca } });
  cleanups.push(() => http.close());
  const warnings: string[] = [];
  const registry = openRegistry({
    send: http.send,
    env: { PATH: process.env["PATH"], ...env },
    homeDir: home,
    warn: (line) => warnings.push(line),
  });
  return { ...registry, warnings };
}

async function double(answer: AnswerRequest, options = { plain: true }) {
  const server = await startServer((seen) => (seen.url === "/v2/" ? {} : answer(seen)), options);
  cleanups.push(server.stop);
  return { ...server, host: `127.0.0.1:${server.port}` };
}

const soon = () => AbortSignal.timeout(15_000);

function writeConfig(content: object, path = ".docker/config.json"): void {
  const file = join(home, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(content));
}

const labelsOf = (registry: Registry, name: string, tag: string, digest?: string) =>
  registry.readLabels({ repository: `${open.host}/${name}`, tag, digest }, soon());

const readLocked = (registry: Registry) =>
  registry.readConfiguration(`${locked.host}/acme/api`, "1.4.0", soon());

const readWithToken = (registry: Registry, name = "acme/api", tag = "1.4.0") =>
  registry.readConfiguration(`${withToken.host}/${name}`, tag, soon());

/** https://github.com/docker/docker-credential-helpers#development: `get`, and the server on stdin. */
function writeHelper(name: string, answer: string, server = locked.host): void {
  mkdirSync(join(home, "bin"), { recursive: true });
  const path = join(home, `bin/docker-credential-${name}`);
  const known = `[ "$1" = get ] && [ "$(cat)" = "${server}" ]`;
  writeFileSync(path, `#!/bin/sh\n${known} || exit 9\n${answer}\n`);
  chmodSync(path, 0o755);
}

const IDENTITY = `echo '{"Username":"<token>","Secret":"t"}'`;

const withHelper = () => client({ PATH: [join(home, "bin"), process.env["PATH"]].join(delimiter) });

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

describe("a registry with passwords", () => {
  it.each([
    ["pair", () => ({ [locked.host]: { auth: basic("jane:right") } })],
    ["pair that ends in NUL", () => ({ [locked.host]: { auth: basic("jane:right\0") } })],
    ["name and password", () => ({ [locked.host]: PASSWORD })],
    ["entry under its address", () => ({ [`https://${locked.host}/v2/`]: PASSWORD })],
    [
      "entry for the repository, before those for its folder and registry",
      () => ({
        [locked.host]: { auth: basic("jane:wrong") },
        [`${locked.host}/acme`]: { auth: basic("jane:wrong") },
        [`${locked.host}/acme/api`]: { auth: basic("jane:right") },
      }),
    ],
  ])("is read with a %s in Docker's config.json", async (_, auths) => {
    writeConfig({ auths: auths(), HttpHeaders: {} });
    expect(await readLocked(client())).toMatchObject({ labels: LABELS });
  });

  it.each([
    ["DOCKER_CONFIG", "d/config.json", () => ({ DOCKER_CONFIG: join(home, "d") })],
    ["REGISTRY_AUTH_FILE", "a.json", () => ({ REGISTRY_AUTH_FILE: join(home, "a.json") })],
    ["XDG_RUNTIME_DIR", "run/containers/auth.json", () => ({ XDG_RUNTIME_DIR: join(home, "run") })],
    ["the home", ".config/containers/auth.json", () => ({})],
  ])("is read with the file that %s leads to", async (_, path, env) => {
    writeConfig({ auths: { [locked.host]: PASSWORD } }, path);
    expect(await readLocked(client(env()))).toMatchObject({ labels: LABELS });
  });

  it("is read with credentials of a second file where the first has none for it", async () => {
    writeConfig({ auths: { "elsewhere.test": PASSWORD, [locked.host]: {} } });
    writeConfig({ auths: { [locked.host]: PASSWORD } }, ".config/containers/auth.json");
    expect(await readLocked(client())).toMatchObject({ labels: LABELS });
  });

  it("is asked for by name where nobody is logged in", async () => {
    await expect(readLocked(client())).rejects.toMatchObject({
      code: "REGISTRY_UNAUTHORIZED",
      message: `${locked.host} shows acme/api to nobody without credentials`,
      hint: `Log in: docker login ${locked.host}`,
    });
  });

  it("that takes them no more is told with the file they are from", async () => {
    writeConfig({ auths: { [locked.host]: { auth: basic("jane:wrong") } } });
    await expect(readLocked(client())).rejects.toMatchObject({
      code: "REGISTRY_UNAUTHORIZED",
      message: expect.stringContaining(join(home, ".docker/config.json")),
    });
  });

  it("is not read with a file that is not JSON, whose text is not printed", async () => {
    mkdirSync(join(home, ".docker"));
    writeFileSync(join(home, ".docker/config.json"), "s3cret");
    const error: unknown = await readLocked(client()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "REGISTRY_CREDENTIALS" });
    expect(String(error)).not.toContain("s3cret");
  });
});

describe("a credential helper", () => {
  const ANSWER = `echo '{"ServerURL":"","Username":"jane","Secret":"right"}'`;
  const NOT_FOUND = "echo credentials not found in native keychain; exit 1";

  it("of the registry gives the password, before the store of all", async () => {
    writeHelper("one", ANSWER);
    writeHelper("all", "exit 3");
    writeConfig({ credHelpers: { [locked.host]: "one" }, credsStore: "all" });
    expect(await readLocked(withHelper())).toMatchObject({ labels: LABELS });
  });

  it("for all registries gives the password", async () => {
    writeHelper("all", ANSWER);
    writeConfig({ credsStore: "all", auths: { [locked.host]: {} } });
    expect(await readLocked(withHelper())).toMatchObject({ labels: LABELS });
  });

  it("that knows none leaves it to the file", async () => {
    writeHelper("all", NOT_FOUND);
    writeConfig({ credsStore: "all", auths: { [locked.host]: PASSWORD } });
    expect(await readLocked(withHelper())).toMatchObject({ labels: LABELS });
  });

  it.each([
    ["is not there", undefined, "ENOENT"],
    ["fails", "echo s3cret; echo s3cret >&2; exit 3", "exit status 3"],
    ["talks nonsense", "echo s3cret", "no credentials in JSON"],
  ])("that %s is told by name, without what it printed", async (_, answer, reason) => {
    if (answer !== undefined) writeHelper("all", answer);
    writeConfig({ credsStore: "all" });
    const error: unknown = await readLocked(withHelper()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "REGISTRY_CREDENTIALS",
      message: `docker-credential-all gave no credentials for ${locked.host}: ${reason}`,
    });
    expect(String(error)).not.toContain("s3cret");
  });

  it("that does not end is ended with the signal", async () => {
    writeHelper("all", "exec sleep 60");
    writeConfig({ credsStore: "all" });
    const image = `${locked.host}/acme/api`;
    const reading = withHelper().readConfiguration(image, "1.4.0", AbortSignal.timeout(300));
    await expect(reading).rejects.toMatchObject({
      message: expect.stringContaining("no answer in time"),
    });
  }, 5000);
});

describe("a registry with tokens", () => {
  it("is read by somebody with a password, one token for all of a repository", async () => {
    writeConfig({ auths: { [withToken.host]: PASSWORD } });
    const registry = client();
    await Promise.all([readWithToken(registry), readWithToken(registry, "acme/api", "2.0.0")]);
    await registry.listTags(`${withToken.host}/acme/api`, soon());
    expect(tokens.seen).toHaveLength(1);
  });

  it("is read by nobody in particular, where that is public", async () => {
    expect(await readWithToken(client(), "public/web", "1")).toMatchObject({ labels: LABELS });
    expect(tokens.seen[0]?.headers.authorization).toBeUndefined();
  });

  it("is read with an identity token, which is shown to its token service only", async () => {
    writeConfig({ auths: { [withToken.host]: { identitytoken: REFRESH_TOKEN } } });
    expect(await readWithToken(client())).toMatchObject({ labels: LABELS });
    expect(tokens.seen).toMatchObject([{ method: "POST" }]);
  });

  it("sends for blobs to a storage, which does not see the token", async () => {
    writeConfig({ auths: { [withToken.host]: PASSWORD } });
    await readWithToken(client());
    expect(blobs.seen).toMatchObject([{ url: expect.stringContaining("/blobs/sha256/") }]);
    expect(blobs.seen[0]?.headers.authorization).toBeUndefined();
  });

  it("that refused a token is asked for one again", async () => {
    let isFirst = true;
    const { host } = await double(({ url, headers }) => {
      if (headers.authorization === "Bearer t") return { body: '{"tags":["1"]}' };
      if (!url.startsWith("/token")) {
        const challenge = `Bearer realm="http://${headers.host}/token"`;
        return { status: 401, headers: { "www-authenticate": challenge } };
      }
      if (!isFirst) return { body: '{"token":"t"}' };
      isFirst = false;
      return { status: 403 };
    });
    const registry = client();
    await expect(registry.listTags(`${host}/acme/api`, soon())).rejects.toMatchObject({
      code: "REGISTRY_UNAUTHORIZED",
    });
    expect(await registry.listTags(`${host}/acme/api`, soon())).toEqual(["1"]);
  });

  it("that refuses somebody is told as one that wants other credentials", async () => {
    // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes (`DENIED`)
    const { host } = await double(() => ({ status: 403, body: '{"errors":[{"code":"DENIED"}]}' }));
    await expect(client().listTags(`${host}/acme/api`, soon())).rejects.toMatchObject({
      code: "REGISTRY_UNAUTHORIZED",
    });
  });

  it("may send to another place of its own, which sees the token", async () => {
    const { host } = await double(({ url, headers }) => {
      if (headers.authorization !== "Bearer t") {
        return { status: 401, headers: { "www-authenticate": 'Bearer realm="http://x.test"' } };
      }
      if (url.startsWith("/v2/")) return { status: 307, headers: { location: "/moved" } };
      return { body: '{"tags":["1"]}' };
    });
    writeConfig({ auths: { [host]: { registrytoken: "t" } } });
    expect(await client().listTags(`${host}/acme/api`, soon())).toEqual(["1"]);
  });

  it.each([
    ["nobody in particular", {}, "nobody without credentials"],
    ["a wrong password", { auth: basic("jane:wrong") }, "config.json"],
    ["a wrong identity token", { identitytoken: "wrong" }, "config.json"],
    ["a wrong token", { registrytoken: "wrong" }, "config.json"],
  ])("is not read by %s", async (_, entry, reason) => {
    writeConfig({ auths: { [withToken.host]: entry } });
    await expect(readWithToken(client())).rejects.toMatchObject({
      code: "REGISTRY_UNAUTHORIZED",
      message: expect.stringContaining(reason),
    });
  });

  it("is asked for a new token when the old one is over", async () => {
    let valid = 0;
    // https://distribution.github.io/distribution/spec/auth/token/#how-to-authenticate: one that is over is answered as none is.
    const { host } = await double(({ url, headers }) => {
      if (url.startsWith("/token")) return { body: `{"token":"t${++valid}"}` };
      if (headers.authorization === `Bearer t${valid}`) return { body: '{"tags":["1"]}' };
      const challenge = `Bearer realm="http://${headers.host}/token",service="x"`;
      return { status: 401, headers: { "www-authenticate": challenge } };
    });
    const registry = client();
    await registry.listTags(`${host}/acme/api`, soon());
    // Nobody else has this one.
    valid++;
    expect(await registry.listTags(`${host}/acme/api`, soon())).toEqual(["1"]);
  });

  it.each(["http://127.0.0.1:1/token", "file:///etc/passwd", "nonsense"])(
    "whose token service is at %s gets no password",
    async (realm) => {
      const headers = { "www-authenticate": `Bearer realm="${realm}",service="x"` };
      const { host, ca, seen } = await double(() => ({ status: 401, headers }), { plain: false });
      writeConfig({ auths: { [host]: PASSWORD } });
      await expect(
        client({}, ca).readDigest(`${host}/acme/api`, "1", soon()),
      ).rejects.toMatchObject({ code: "REGISTRY_NOT_ONE" });
      expect(seen.every((request) => request.headers.authorization === undefined)).toBe(true);
    },
  );
});

describe("a challenge", () => {
  const bearer = {
    kind: "bearer",
    realm: "https://t.test/x",
    service: "a, b",
    scope: "r:x:pull,push",
  };

  it.each([
    ['Basic realm="x"', { kind: "basic" }],
    ["basic realm=x", { kind: "basic" }],
    ['Bearer realm="https://t.test/x",service="a, b",scope="r:x:pull,push"', bearer],
    [
      'Basic realm="y", Bearer realm="https://t.test/x", scope="r:x:pull,push" , service="a, b"',
      bearer,
    ],
    [
      'Bearer realm="https://t.test/x",service="a, b",scope="r:x:pull,push", Basic realm="y"',
      bearer,
    ],
    ['Bearer Realm="a\\"b"', { kind: "bearer", realm: 'a"b' }],
    ["Negotiate, Basic realm=x", { kind: "basic" }],
    ["Bearer service=x", undefined],
    ['Digest realm="x"', undefined],
    ["", undefined],
  ])("%s is understood", (header, expected) => {
    expect(parseChallenge(header)).toEqual(expected);
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
      homeDir: home,
      warn: () => {},
    });
    await expect(readDigest("nginx", "1.29", soon())).rejects.toMatchObject({
      code: "REGISTRY_NOT_FOUND",
      message: "docker.io has no library/nginx:1.29",
    });
    expect(urls).toEqual(["https://registry-1.docker.io/v2/library/nginx/manifests/1.29"]);
  });

  it.each(["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])(
    "has its credentials under %s",
    async (key) => {
      writeConfig({ auths: { [key]: PASSWORD } });
      const place = { registry: "docker.io", name: "acme/api" };
      expect(await findCredentials(place, { env: {}, homeDir: home }, soon())).toMatchObject({
        kind: "password",
        username: "jane",
      });
    },
  );

  it("has its credentials in a helper under its old address", async () => {
    // https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol
    writeHelper("hub", IDENTITY, "https://index.docker.io/v1/");
    writeConfig({ credsStore: "hub" });
    const env = { PATH: [join(home, "bin"), process.env["PATH"]].join(delimiter) };
    const place = { registry: "docker.io", name: "acme/api" };
    expect(await findCredentials(place, { env, homeDir: home }, soon())).toMatchObject({
      kind: "identity",
    });
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
    await expect(client({}, ca).readDigest(`${host}/acme/api`, "1", soon())).rejects.toMatchObject({
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
