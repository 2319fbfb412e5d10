// `promote` from file to file: what it brings, by a Git host, and whether it is there, by the real registry.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { HELM_NOTIFY } from "../support/bed.ts";
import { type GitHostDouble, startGitHost, TOKEN } from "../support/git-hosts/double.ts";
import { giteaModel } from "../support/git-hosts/gitea.ts";
import { githubModel } from "../support/git-hosts/github.ts";
import { createHistory, type History } from "../support/git-hosts/history.ts";
import { run } from "../support/process.ts";
import { pushImage } from "../support/registry/push.ts";
import { type RealRegistry, startRegistry } from "../support/registry/real-registry.ts";

const storage = mkdtempSync(join(tmpdir(), "promote-"));
let history: History;
let host: GitHostDouble;
let registry: RealRegistry;
let digest: string;

beforeAll(async () => {
  history = createHistory([
    { name: "first", parents: [], message: "Begin" },
    { name: "second", parents: ["first"], message: "Sort the cart" },
    { name: "third", parents: ["second"], message: "Empty the cart", author: "Grace Hopper" },
  ]);
  host = await startGitHost(giteaModel("https://git.test"), history);
  registry = await startRegistry({ storage, plain: true });
  ({ digest } = await pushImage(registry.host, "acme/api", "main-b", {}));
  await pushImage(registry.host, "acme/api", "main-a", { older: true });
}, 120_000);
afterAll(async () => {
  await Promise.all([host, registry].map((one) => one?.stop()));
  history.remove();
  rmSync(storage, { recursive: true, force: true });
});

let folder: string;
beforeEach(async () => {
  folder = mkdtempSync(join(storage, "deploy-"));
  writeConfig(`gitea+${host.url}/acme/api`);
  write("staging.yaml", values("main-b", history.hashOf("third"), digest, "2.1.0"));
  write("production.yaml", values("main-a", history.hashOf("first"), "", "2.0.0"));
  write("sandbox.yaml", values("main-c", history.hashOf("third"), "", "2.0.0"));
  for (const argv of [
    ["init", "--quiet", "--initial-branch=main"],
    ["add", "."],
    ["commit", "--quiet", "-m", "Begin"],
  ]) {
    await git(...argv);
  }
});

const write = (name: string, text: string) => writeFileSync(join(folder, name), text);

function writeConfig(source: string): void {
  const environments = ["staging", "production", "sandbox"].map(
    (name) => `  ${name}: {values: ${name}.yaml}\n`,
  );
  write(
    "helm-notify.yaml",
    `environments:\n${environments.join("")}services:\n  api: {image: ${registry.host}/acme/api, source: "${source}"}\n  web: {}\n`,
  );
}

function values(tag: string, revision: string, pinned: string, web: string): string {
  return `api: {image: {tag: ${tag}, revision: ${revision}, digest: "${pinned}"}}\nweb: {image: {tag: ${web}}}\n`;
}

const read = (name: string) => readFileSync(join(folder, `${name}.yaml`), "utf8");
const who = ["-c", "user.name=CI", "-c", "user.email=ci@example.com"];
const git = (...argv: string[]) =>
  run(["git", ...who, ...argv], { cwd: folder, env: { PATH: process.env["PATH"], HOME: folder } });

const promote = (...argv: string[]) => promoteBy(host, ...argv);

function promoteBy({ url }: GitHostDouble, ...argv: string[]) {
  return run([HELM_NOTIFY, "promote", "--source", "file", ...argv], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"],
      HOME: folder,
      TMPDIR: folder,
      GIT_AUTHOR_NAME: "CI",
      GIT_AUTHOR_EMAIL: "ci@example.com",
      GIT_COMMITTER_NAME: "CI",
      GIT_COMMITTER_EMAIL: "ci@example.com",
      HELM_NOTIFY_GIT_TOKEN: `${new URL(url).host}=${TOKEN}`,
    },
  });
}

it("shows services and commits, and brings tag, revision and digest", async () => {
  const end = await promote("--from", "staging", "--to", "production", "--yes");
  const [first, third] = ["first", "third"].map((name) => history.hashOf(name).slice(0, 7));
  expect(end.code).toBe(0);
  expect(end.stderr.trim().split("\n")).toEqual([
    "helm notify: staging → production: 2 to change",
    "helm notify: SERVICE  TAG              REVISION",
    `helm notify: api      main-a → main-b  ${first} → ${third}`,
    "helm notify: web      2.0.0 → 2.1.0    -",
    "helm notify: api gets 2 commits:",
    `helm notify:   ${third} Empty the cart (Grace Hopper)`,
    `helm notify:   ${history.hashOf("second").slice(0, 7)} Sort the cart (Ada Lovelace)`,
  ]);
  expect(end.stdout).toMatch(
    /^committed [0-9a-f]{10} to main: feat\(production\): update api, web\n$/,
  );
  expect(read("production")).toBe(read("staging"));
});

it("shows the commits of a comparison that brings large changes along", async () => {
  const large = githubModel("https://git.test", "/api/v3", { patch: "+".repeat(2 * 1024 * 1024) });
  const github = await startGitHost(large, history);
  try {
    writeConfig(`github+${github.url}/acme/api`);
    const argv = ["--from", "staging", "--to", "production", "--service", "api", "--yes"];
    const end = await promoteBy(github, ...argv);
    expect(end.stderr).toContain("api gets 2 commits:");
    expect(end.stderr).not.toContain("warning");
  } finally {
    await github.stop();
  }
});

it("goes from any environment to any other, and takes the chosen services only", async () => {
  const argv = ["--from", "production", "--to", "sandbox", "--service", "web", "--yes"];
  const nothing = await promote(...argv);
  expect(nothing).toMatchObject({
    code: 0,
    stdout: "nothing to change in sandbox.yaml: it has web 2.0.0\n",
  });
  const staging = await promote(
    "--from",
    "staging",
    "--to",
    "sandbox",
    "--service",
    "web",
    "--yes",
  );
  expect(staging.code).toBe(0);
  expect(read("sandbox")).toBe(values("main-c", history.hashOf("third"), "", "2.1.0"));
});

it("does not take commits back, though the tags do not say so, unless told", async () => {
  const argv = ["--from", "production", "--to", "staging", "--service", "api", "--yes"];
  const before = read("staging");
  const end = await promote(...argv);
  expect(end).toMatchObject({ code: 1, stdout: "" });
  expect(end.stderr).toContain("api loses 2 commits");
  expect(end.stderr).toContain("api is at main-b: main-a is older");
  expect(read("staging")).toBe(before);
  expect(await promote(...argv, "--allow-downgrade")).toMatchObject({ code: 0 });
  expect(read("staging")).toContain("tag: main-a,");
});

it("brings no tag that the registry does not have", async () => {
  const argv = ["--from", "sandbox", "--to", "production", "--service", "api", "--yes"];
  const before = read("production");
  const end = await promote(...argv);
  expect(end).toMatchObject({ code: 1, stdout: "" });
  expect(end.stderr).toContain(`the registry has no ${registry.host}/acme/api:main-c`);
  expect(read("production")).toBe(before);
  expect((await git("rev-list", "--count", "HEAD")).stdout).toBe("1\n");
});
