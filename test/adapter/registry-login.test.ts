// Whom a registry shows its images to: the real one, with passwords and with tokens.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseChallenge } from "../../src/registry/challenge.ts";
import { findCredentials } from "../../src/registry/credentials.ts";
import type { Registry } from "../../src/registry/registry.ts";
import { type ClientOptions, useRegistryClients } from "../support/registry/client.ts";
import { pushImage } from "../support/registry/push.ts";
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
import { type RecordingServer, startServer } from "../support/tls-server.ts";

const LABELS = { "org.opencontainers.image.revision": "0123abc" };
const PASSWORD = { username: "jane", password: "right" };
const basic = (text: string) => Buffer.from(text).toString("base64");

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

beforeEach(() => {
  tokens.seen.length = 0;
  blobs.seen.length = 0;
});

const registries = useRegistryClients();
const { home, double } = registries;
const client = (options?: ClientOptions) => registries.client({ ca: locked.ca, ...options });

const soon = () => AbortSignal.timeout(15_000);

function writeConfig(content: object, path = ".docker/config.json"): void {
  const file = join(home(), path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(content));
}

const readLocked = (registry: Registry) =>
  registry.readConfiguration(`${locked.host}/acme/api`, "1.4.0", soon());

const readWithToken = (registry: Registry, name = "acme/api", tag = "1.4.0") =>
  registry.readConfiguration(`${withToken.host}/${name}`, tag, soon());

/** https://github.com/docker/docker-credential-helpers#development: `get`, and the server on stdin. */
function writeHelper(name: string, answer: string, server = locked.host): void {
  mkdirSync(join(home(), "bin"), { recursive: true });
  const path = join(home(), `bin/docker-credential-${name}`);
  const known = `[ "$1" = get ] && [ "$(cat)" = "${server}" ]`;
  writeFileSync(path, `#!/bin/sh\n${known} || exit 9\n${answer}\n`);
  chmodSync(path, 0o755);
}

const IDENTITY = `echo '{"Username":"<token>","Secret":"t"}'`;

const withHelper = () =>
  client({ env: { PATH: [join(home(), "bin"), process.env["PATH"]].join(delimiter) } });

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
    ["DOCKER_CONFIG", "d/config.json", () => ({ DOCKER_CONFIG: join(home(), "d") })],
    ["REGISTRY_AUTH_FILE", "a.json", () => ({ REGISTRY_AUTH_FILE: join(home(), "a.json") })],
    [
      "XDG_RUNTIME_DIR",
      "run/containers/auth.json",
      () => ({ XDG_RUNTIME_DIR: join(home(), "run") }),
    ],
    ["the home", ".config/containers/auth.json", () => ({})],
  ])("is read with the file that %s leads to", async (_, path, env) => {
    writeConfig({ auths: { [locked.host]: PASSWORD } }, path);
    expect(await readLocked(client({ env: env() }))).toMatchObject({ labels: LABELS });
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
      message: expect.stringContaining(join(home(), ".docker/config.json")),
    });
  });

  it("is not read with a file that is not JSON, whose text is not printed", async () => {
    mkdirSync(join(home(), ".docker"));
    writeFileSync(join(home(), ".docker/config.json"), "s3cret");
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
        client({ ca }).readDigest(`${host}/acme/api`, "1", soon()),
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
  it.each(["https://index.docker.io/v1/", "docker.io", "registry-1.docker.io"])(
    "has its credentials under %s",
    async (key) => {
      writeConfig({ auths: { [key]: PASSWORD } });
      const place = { registry: "docker.io", name: "acme/api" };
      expect(await findCredentials(place, { env: {}, homeDir: home() }, soon())).toMatchObject({
        kind: "password",
        username: "jane",
      });
    },
  );

  it("has its credentials in a helper under its old address", async () => {
    // https://docs.docker.com/reference/cli/docker/login/#credential-helper-protocol
    writeHelper("hub", IDENTITY, "https://index.docker.io/v1/");
    writeConfig({ credsStore: "hub" });
    const env = { PATH: [join(home(), "bin"), process.env["PATH"]].join(delimiter) };
    const place = { registry: "docker.io", name: "acme/api" };
    expect(await findCredentials(place, { env, homeDir: home() }, soon())).toMatchObject({
      kind: "identity",
    });
  });
});
