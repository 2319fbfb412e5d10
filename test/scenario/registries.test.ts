// `tags` and `bump`, as users have them, with registries of all kinds: each has the real one behind it.
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { HELM_NOTIFY } from "../support/bed.ts";
import { run } from "../support/process.ts";
import { type Intercept, paged, startFront } from "../support/registry/front.ts";
import { OCI_INDEX, pushImage, pushManifest } from "../support/registry/push.ts";
import { HTPASSWD, type RealRegistry, startRegistry } from "../support/registry/real-registry.ts";
import {
  REFRESH_TOKEN,
  startTokenService,
  type TokenService,
} from "../support/registry/token-service.ts";

const REVISION = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432";
const VERSIONS = ["1.0.9", "1.0.10", "1.1.0", "2.0.0", "latest"];

const storage = mkdtempSync(join(tmpdir(), "registries-"));
let open: RealRegistry;
let locked: RealRegistry;
let secure: RealRegistry;
let withToken: RealRegistry;
let tokens: TokenService;

beforeAll(async () => {
  tokens = await startTokenService();
  const path = join(storage, "htpasswd");
  writeFileSync(path, HTPASSWD);
  const bundle = join(storage, "signer.pem");
  writeFileSync(bundle, tokens.signer);
  const auth = { htpasswd: { realm: "test", path } };
  [open, locked, secure, withToken] = await Promise.all([
    startRegistry({ storage, plain: true }),
    startRegistry({ storage, plain: true, config: { auth } }),
    startRegistry({ storage, config: { auth } }),
    startRegistry({ storage, plain: true, config: { auth: tokens.auth(bundle) } }),
  ]);
  for (const tag of VERSIONS) await pushImage(open.host, "acme/api", tag, { tag });
}, 180_000);
afterAll(async () => {
  await Promise.all([open, locked, secure, withToken, tokens].map((one) => one?.stop()));
  rmSync(storage, { recursive: true, force: true });
});

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(storage, "home-"));
  mkdirSync(join(home, "bin"));
});

const PASSWORD = { username: "jane", password: "right" };

function logIn(config: object): void {
  mkdirSync(join(home, ".docker"), { recursive: true });
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify(config));
}

function program(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const PATH = [join(home, "bin"), process.env["PATH"]].join(delimiter);
  return run([HELM_NOTIFY, ...argv], {
    cwd: home,
    env: { PATH, HOME: home, TMPDIR: home, ...env },
  });
}

const tagsOf = (host: string, ...more: string[]) => program(["tags", `${host}/acme/api`, ...more]);

async function front(behind: string, intercept: Intercept): Promise<string> {
  const { host, stop } = await startFront(behind, intercept);
  onTestFinished(stop);
  return host;
}

const longTag = (index: number) => `1.${Math.floor(index / 100)}.${index % 100}-${"x".repeat(110)}`;

const ALL = { code: 0, signal: null, stdout: "latest\n2.0.0\n1.1.0\n1.0.10\n1.0.9\n", stderr: "" };

describe("all tags are listed", () => {
  it("that come by twos, from behind a proxy, with a password", async () => {
    const host = await front(
      locked.host,
      paged(2, (tags) => tags.toSorted()),
    );
    logIn({ auths: { [host]: PASSWORD } });
    expect(await tagsOf(host)).toEqual(ALL);
  });

  it("that come by the time they were pushed at", async () => {
    const host = await front(
      open.host,
      paged(2, () => ["2.0.0", "latest", "1.0.10", "1.1.0", "1.0.9"]),
    );
    expect(await tagsOf(host)).toEqual(ALL);
    expect(await tagsOf(host, "--policy", "semver:<2")).toMatchObject({ stdout: "1.1.0\n" });
  });

  it("of a registry with an authority of its own, by the file that OpenSSL would take", async () => {
    logIn({ auths: { [secure.host]: PASSWORD } });
    const ca = join(home, "ca.pem");
    writeFileSync(ca, secure.ca);
    const argv = ["tags", `${secure.host}/acme/api`];
    expect(await program(argv, { SSL_CERT_FILE: ca })).toEqual(ALL);
    const stranger = await program(argv);
    expect(stranger).toMatchObject({ code: 1, stdout: "" });
    expect(stranger.stderr).toContain("no trusted TLS connection");
  });

  it("that only a token opens, for a password and for an identity", async () => {
    logIn({ auths: { [withToken.host]: PASSWORD } });
    expect(await tagsOf(withToken.host)).toEqual(ALL);
    logIn({ auths: { [withToken.host]: { identitytoken: REFRESH_TOKEN } } });
    expect(await tagsOf(withToken.host)).toEqual(ALL);
    logIn({});
    const stranger = await tagsOf(withToken.host);
    expect(stranger).toMatchObject({ code: 1, stdout: "" });
    expect(stranger.stderr).toContain(`docker login ${withToken.host}`);
  });

  it("where the registry knows several ways to log in", async () => {
    const host = await front(locked.host, async (_, pass) => {
      const answer = await pass();
      if (answer.status !== 401) return answer;
      return { ...answer, headers: { "www-authenticate": ["Negotiate", 'Basic realm="a, b"'] } };
    });
    logIn({ auths: { [host]: PASSWORD } });
    expect(await tagsOf(host)).toEqual(ALL);
  });

  it.each(["credsStore", "credHelpers"])("with a password that %s keeps", async (way) => {
    const helper = join(home, "bin/docker-credential-vault");
    const known = `[ "$1" = get ] && [ "$(cat)" = "${locked.host}" ]`;
    const answer = JSON.stringify({ ServerURL: "", Username: "jane", Secret: "right" });
    writeFileSync(helper, `#!/bin/sh\n${known} || exit 9\necho '${answer}'\n`);
    chmodSync(helper, 0o755);
    logIn({ [way]: way === "credsStore" ? "vault" : { [locked.host]: "vault" } });
    expect(await tagsOf(locked.host)).toEqual(ALL);
    rmSync(helper);
    const without = await tagsOf(locked.host);
    expect(without).toMatchObject({ code: 1, stdout: "" });
    expect(without.stderr).toContain("docker-credential-vault gave no credentials");
  });

  it("of a registry that wants to be asked again later, unless that is too late", async () => {
    let busy = 2;
    const host = await front(open.host, async (url, pass) => {
      if (url.pathname === "/v2/" || busy-- <= 0) return pass();
      return { status: 429, headers: { "retry-after": "1" }, body: "" };
    });
    expect(await tagsOf(host)).toEqual(ALL);
    busy = Infinity;
    const late = await front(open.host, async (url, pass) =>
      url.pathname === "/v2/"
        ? pass()
        : { status: 429, headers: { "retry-after": "60" }, body: "" },
    );
    const end = await tagsOf(late);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain(`${late} answered 429`);
  });

  it("of which there are thousands, at once or by pages", async () => {
    await pushImage(open.host, "acme/many", longTag(0), {});
    // Files of the registry's storage: pushing them takes minutes.
    const folder = join(storage, "docker/registry/v2/repositories/acme/many/_manifests/tags");
    const [first = ""] = readdirSync(folder);
    for (let index = 1; index < 10_000; index++) {
      cpSync(join(folder, first, "current"), join(folder, longTag(index), "current"), {
        recursive: true,
      });
    }
    const pages = await front(
      open.host,
      paged(1000, (tags) => tags),
    );
    for (const host of [open.host, pages]) {
      const { code, stdout, stderr } = await program(["tags", `${host}/acme/many`]);
      expect({ code, stderr, count: stdout.trim().split("\n").length }).toEqual({
        code: 0,
        stderr: "",
        count: 10_000,
      });
      expect(stdout.slice(0, 8)).toBe("1.99.99-");
    }
  });
});

const git = (...argv: string[]) =>
  run(["git", ...argv], { cwd: home, env: { PATH: process.env["PATH"], HOME: home } });
const values = () => readFileSync(join(home, "staging.yaml"), "utf8");

async function openRepository(image: string, staging: string): Promise<void> {
  writeFileSync(
    join(home, ".gitconfig"),
    "[user]\n\tname = CI\n\temail = ci@example.com\n[init]\n\tdefaultBranch = main\n",
  );
  const policy = 'policy: {semver: "~1"}';
  writeFileSync(
    join(home, "helm-notify.yaml"),
    `environments: {staging: {values: staging.yaml}}\nservices: {api: {image: ${image}, ${policy}}}\n`,
  );
  writeFileSync(join(home, "staging.yaml"), staging);
  await git("init", "--quiet");
  await git("add", "helm-notify.yaml", "staging.yaml");
  await git("commit", "--quiet", "-m", "Begin");
}

describe("a bump", () => {
  const TAG = "api: {image: {tag: 1.0.9}}\n";
  const NOWHERE = `sha256:${"0".repeat(64)}`;

  it.each([
    ["a tag", "api=1.0.11", "acme/api:1.0.11"],
    ["a digest", `api=1.1.0@${NOWHERE}`, `acme/api@${NOWHERE}`],
  ])(
    "to %s that the registry does not have changes nothing, unless told",
    async (_, word, missing) => {
      await openRepository(`${locked.host}/acme/api`, 'api: {image: {tag: 1.0.9, digest: ""}}\n');
      logIn({ auths: { [locked.host]: PASSWORD } });
      const argv = ["bump", "--env", "staging", word];
      for (const options of [[], ["--dry-run"]]) {
        const end = await program([...argv, ...options]);
        expect(end).toMatchObject({ code: 1, stdout: "" });
        expect(end.stderr).toContain(`the registry has no ${locked.host}/${missing}\n`);
        expect(end.stderr).toContain("--no-verify-image asks no registry");
      }
      expect((await git("rev-list", "--count", "HEAD")).stdout).toBe("1\n");
      expect((await git("status", "--porcelain", "--untracked-files=no")).stdout).toBe("");
      expect(await program([...argv, "--no-verify-image"])).toMatchObject({ code: 0, stderr: "" });
    },
  );

  it("to a tag that the registry does not show to us says how not to ask", async () => {
    await openRepository(`${locked.host}/acme/api`, TAG);
    const end = await program(["bump", "--env", "staging", "api=1.1.0"]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("shows acme/api to nobody without credentials");
    expect(end.stderr).toContain("--no-verify-image asks no registry");
    expect(values()).toBe(TAG);
  });

  it("to the latest of an image for several platforms pins the index, and knows its revision", async () => {
    const labels = { "org.opencontainers.image.revision": REVISION };
    const image = await pushImage(open.host, "acme/multi", undefined, {
      config: { Labels: labels },
    });
    const { digest } = await pushManifest(open.host, "acme/multi", "1.2.0", {
      schemaVersion: 2,
      mediaType: OCI_INDEX,
      manifests: [{ ...image, platform: { os: "linux", architecture: "amd64" } }],
    });
    const before = `api: {image: {tag: 1.1.0, revision: 0a1b2c3, digest: "${NOWHERE}"}}\n`;
    await openRepository(`${open.host}/acme/multi`, before);
    const end = await program(["bump", "--env", "staging", "--latest", "api"]);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(values()).toBe(
      before.replace("1.1.0", "1.2.0").replace("0a1b2c3", REVISION).replace(NOWHERE, digest),
    );
  });
});
