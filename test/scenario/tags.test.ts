// `tags` and `bump --latest` in a deployment repository: the real registry, the real git.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { LEDGER_KEY, ledgerName } from "../../src/domain/ledger.ts";
import { HELM_NOTIFY } from "../support/bed.ts";
import { type EmbeddedKube, startKube } from "../support/kube/embedded-kube.ts";
import { run } from "../support/process.ts";
import { pushImage, tagImage } from "../support/registry/push.ts";
import { HTPASSWD, type RealRegistry, startRegistry } from "../support/registry/real-registry.ts";

const REVISION = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432";
const VALUES = "environments/staging.yaml";

const storage = mkdtempSync(join(tmpdir(), "tags-storage-"));
let open: RealRegistry;
let registry: RealRegistry;
let kube: EmbeddedKube;
const digests = new Map<string, string>();

beforeAll(async () => {
  kube = await startKube();
  kube.writeKubeconfig(join(storage, "kubeconfig"));
  const path = join(storage, "htpasswd");
  writeFileSync(path, HTPASSWD);
  [open, registry] = await Promise.all([
    startRegistry({ storage, plain: true }),
    startRegistry({
      storage,
      plain: true,
      config: { auth: { htpasswd: { realm: "test", path } } },
    }),
  ]);
  const config = { config: { Labels: { "org.opencontainers.image.revision": REVISION } } };
  for (const tag of ["1.4.0", "1.4.1", "1.4.2", "1.5.0"]) {
    digests.set(tag, (await pushImage(open.host, "acme/api", tag, { ...config, tag })).digest);
  }
  await pushImage(open.host, "acme/web", "main-100-9f8e7d6", {});
  await tagImage(open.host, "acme/web", "main-100-9f8e7d6", "main-99-1a2b3c4");
}, 180_000);

afterAll(async () => {
  await Promise.all([open, registry, kube].map((started) => started?.stop()));
  rmSync(storage, { recursive: true, force: true });
});

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "tags-home-")).toLowerCase();
  mkdirSync(home, { recursive: true });
  folder = join(home, "deploy");
  mkdirSync(join(folder, "environments"), { recursive: true });
  mkdirSync(join(home, ".docker"));
  const auths = { [registry.host]: { username: "jane", password: "right" } };
  writeFileSync(join(home, ".docker/config.json"), JSON.stringify({ auths }));
  git("init", "--quiet", "--initial-branch=main");
  write("helm-notify.yaml", [
    "environments:",
    `  staging: {values: ${VALUES}, release: ${basename(home)}, namespace: default}`,
    `  production: {values: ${VALUES}}`,
    "services:",
    "  api:",
    `    image: ${registry.host}/acme/api`,
    '    policy: {semver: "~1.4"}',
    '    environments: {production: {policy: {semver: ">=1.4 <2"}}}',
    "  web:",
    `    image: ${registry.host}/acme/web`,
    "    policy: {regex: '^main-(?<n>\\d+)-', extract: $n, numerical: asc}",
    `  other: {image: ${registry.host}/acme/other}`,
  ]);
  deploy("1.4.0", "main-99-1a2b3c4");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function git(...argv: string[]): string {
  const env = { PATH: process.env["PATH"], HOME: home };
  const who = ["-c", "user.name=Jane", "-c", "user.email=jane@example.com"];
  return execFileSync("git", [...who, ...argv], { cwd: folder, env, encoding: "utf8" });
}

function write(path: string, lines: readonly string[]): void {
  writeFileSync(join(folder, path), `${lines.join("\n")}\n`);
}

/** Commits these tags. */
function deploy(api: string, web: string, more: readonly string[] = []): void {
  write(VALUES, [
    "api: # the API",
    "  image:",
    `    tag: ${api}`,
    ...more,
    "web: {image: {tag: " + web + "}}",
  ]);
  git("add", ".");
  git("commit", "--quiet", "--message", `api ${api}, web ${web}`);
}

/** Another image for a service. */
function replaceImage(from: string, to: string): void {
  const file = join(folder, "helm-notify.yaml");
  writeFileSync(file, readFileSync(file, "utf8").replace(`/${from}`, `/${to}`));
}

function program(argv: readonly string[]) {
  const who = { GIT_AUTHOR_NAME: "CI", GIT_AUTHOR_EMAIL: "ci@example.com" };
  const committer = { GIT_COMMITTER_NAME: "CI", GIT_COMMITTER_EMAIL: "ci@example.com" };
  const KUBECONFIG = join(storage, "kubeconfig");
  return run([HELM_NOTIFY, ...argv], {
    cwd: folder,
    env: { PATH: process.env["PATH"], HOME: home, TMPDIR: home, KUBECONFIG, ...who, ...committer },
  });
}

const values = () => readFileSync(join(folder, VALUES), "utf8");
const commits = () => Number(git("rev-list", "--count", "HEAD"));

const record = (api: string) => ({
  v: 1,
  environment: "staging",
  chart: { name: "shop", version: "1.0.0" },
  services: { api: { tag: api } },
});

const bumpLatest = (...services: string[]) =>
  program([
    "bump",
    "--env",
    "staging",
    "--latest",
    ...(services.length > 0 ? services : ["--all"]),
  ]);

/** Puts a ledger into the cluster in which api was rolled back from that tag. */
function rollBackFrom(tag: string): void {
  const rollback = {
    id: "1",
    action: "rollback",
    startedAt: "2026-01-01T00:00:00Z",
    phase: "ended",
    outcome: { kind: "rolled-out" },
    from: record(tag),
    to: record("1.4.0"),
  };
  kube.create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: ledgerName(basename(home)), namespace: "default" },
    data: { [LEDGER_KEY]: JSON.stringify({ v: 1, run: rollback, runs: [] }) },
  });
}

describe("tags", () => {
  it("prints the tag a policy takes, for scripts", async () => {
    const image = `${registry.host}/acme/api`;
    rmSync(join(folder, ".git"), { recursive: true });
    expect(await program(["tags", image, "--policy", "semver:~1.4"])).toEqual({
      code: 0,
      signal: null,
      stdout: "1.4.2\n",
      stderr: "",
    });
  });

  it("prints what every service of an environment would get, by its own policy", async () => {
    const staging = await program(["tags", "--env", "staging"]);
    expect(staging).toMatchObject({ code: 0, stderr: "" });
    expect(staging.stdout.split("\n").map((line) => line.split(/ {2,}/).slice(0, 3))).toEqual([
      ["SERVICE", "CURRENT", "LATEST"],
      ["api", "1.4.0", "1.4.2"],
      ["web", "main-99-1a2b3c4", "main-100-9f8e7d6"],
      [""],
    ]);
    const production = await program(["tags", "--env", "production", "--service", "api"]);
    expect(production.stdout).toMatch(/^api +1\.4\.0 +1\.5\.0 +semver >=1\.4 <2 /m);
  });

  it("explains what is held back", async () => {
    const argv = ["tags", "--env", "staging", "--service", "api", "--explain"];
    rollBackFrom("1.4.2");
    const { stdout } = await program(argv);
    expect(stdout).toContain("api, semver ~1.4: 1.4.0 of 4 tags");
    expect(stdout).toMatch(/was rolled back +1 +1\.4\.2\n/);
    expect(stdout).toMatch(/not after 1\.4\.2, which was rolled back +1 +1\.4\.1\n/);
    expect(stdout).toMatch(/not in ~1\.4 +1 +1\.5\.0\n/);
  });

  it("explains a choice of nothing, and ends with 1", async () => {
    const image = `${registry.host}/acme/api`;
    const { code, stdout, stderr } = await program([
      "tags",
      image,
      "--policy",
      "semver:~3",
      "--explain",
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/not in ~3 +4 +1\.5\.0, 1\.4\.2, 1\.4\.1, 1\.4\.0\n/);
    expect(stderr).toContain(
      `helm notify: ${image} has no tag for semver ~3: of 4, 1.5.0 comes nearest (not in ~3)`,
    );
  });

  it.each<[string, string[], string]>([
    ["nothing", [], "either an image or an environment is needed"],
    [
      "an image and an environment",
      ["acme/api", "--env", "staging"],
      "either an image or an environment",
    ],
    ["a service without environment", ["acme/api", "--service", "api"], "--service needs --env"],
    [
      "a policy with an environment",
      ["--env", "staging", "--policy", "newest"],
      "--policy goes with an image",
    ],
    ["an explanation of no choice", ["acme/api", "--explain"], "--explain needs a policy"],
    ["a policy that is none", ["acme/api", "--policy", "semver:newest"], "semver is not a range"],
    ["an unknown environment", ["--env", "prod"], 'there is no environment "prod"'],
    ["an unknown service", ["--env", "staging", "--service", "db"], 'there is no service "db"'],
    [
      "a service without policy",
      ["--env", "staging", "--service", "other"],
      "other has no policy for staging",
    ],
    ["a name that is no image", ["https://registry.test/x"], "is no repository of images"],
  ])("refuses %s", async (_, argv, message) => {
    const { code, stdout, stderr } = await program(["tags", ...argv]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain("bug");
  });
});

describe("a bump to the latest tags", () => {
  it("writes those that are newer in one commit, and then nothing more", async () => {
    const first = await bumpLatest();
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(values()).toBe(
      "api: # the API\n  image:\n    tag: 1.4.2\nweb: {image: {tag: main-100-9f8e7d6}}\n",
    );
    expect(git("log", "-1", "--format=%s")).toBe("feat(staging): update api, web\n");

    const second = await bumpLatest();
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout).toContain("nothing to change");
    expect(commits()).toBe(2);
  });

  it("takes the image's revision and digest along where the values have them", async () => {
    const old = `sha256:${"0".repeat(64)}`;
    deploy("1.4.0", "main-100-9f8e7d6", ["    revision: 0a1b2c3", `    digest: ${old}`]);
    expect(await bumpLatest("api")).toMatchObject({ code: 0 });
    expect(values()).toContain(
      `    tag: 1.4.2\n    revision: ${REVISION}\n    digest: ${digests.get("1.4.2")}\n`,
    );
  });

  it("fills an empty revision, and leaves an image unpinned that was", async () => {
    deploy("1.4.0", "main-100-9f8e7d6", ['    revision: ""', '    digest: ""']);
    expect(await bumpLatest("api")).toMatchObject({ code: 0 });
    expect(values()).toContain(`    tag: 1.4.2\n    revision: "${REVISION}"\n    digest: ""\n`);
  });

  it("does not undo a rollback of Helm, and goes on when there is a newer tag", async () => {
    rollBackFrom("1.4.2");
    await pushImage(open.host, "acme/next", "1.4.2", {});
    replaceImage("acme/api", "acme/next");
    expect(await bumpLatest("api")).toMatchObject({ code: 0 });
    expect(commits()).toBe(1);

    await tagImage(open.host, "acme/next", "1.4.2", "1.4.3");
    expect(await bumpLatest("api")).toMatchObject({ code: 0 });
    expect(values()).toContain("tag: 1.4.3\n");
  });

  it("does not undo a commit that went back", async () => {
    deploy("1.4.2", "main-100-9f8e7d6");
    deploy("1.4.0", "main-99-1a2b3c4");
    const { code, stdout } = await bumpLatest();
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining("nothing") });
    expect(commits()).toBe(3);
  });

  it("does not go back from a tag that its policy no longer takes", async () => {
    deploy("2.0.0", "main-100-9f8e7d6");
    expect(await bumpLatest()).toMatchObject({ code: 0 });
    expect(commits()).toBe(2);
  });

  it("changes nothing where one of the images named cannot be read", async () => {
    replaceImage("acme/web", "acme/gone");
    const { code, stderr } = await bumpLatest("api", "web");
    expect(code).toBe(1);
    expect(stderr).toContain(`${registry.host} has no acme/gone`);
    expect(values()).toContain("tag: 1.4.0\n");
  });

  it.each([
    ["an image that cannot be read", "acme/gone", "has no acme/gone"],
    ["an image without a tag to take", "acme/api", "has no tag for regex"],
  ])("does not let %s hold up the others of --all", async (_, image, reason) => {
    replaceImage("acme/web", image);
    const { code, stderr } = await bumpLatest();
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`warning: web is left as it is: .*${reason}`));
    expect(stderr).toContain("helm notify: left as they are: web\n");
    expect(git("log", "-1", "--format=%s")).toBe("feat(staging): update api to 1.4.2\n");
    expect(values()).toContain("tag: 1.4.2\n");
  });
});
