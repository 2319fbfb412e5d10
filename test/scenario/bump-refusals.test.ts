// What `bump` refuses, with the real git, over a real SSH server.
import { readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  api,
  SHA,
  STAGING,
  STAGING_API,
  THREAD,
  useGitServer,
} from "../support/bump-repository.ts";
import type { Finished } from "../support/process.ts";

const { open, sshd } = useGitServer();

describe("what is refused changes nothing, on the server or in the clone", () => {
  it.each([
    [
      "an unknown environment",
      ["--env", "prod", "api=1.4.0"],
      'there is no environment "prod"',
      "staging, production",
    ],
    [
      "an unknown service",
      ["--env", "staging", "apo=1.4.0"],
      'there is no service "apo"',
      "api, web, worker, map",
    ],
    [
      "a values file that is not YAML",
      ["--env", "broken", "api=1.4.0"],
      "environments/broken.yaml:",
      "Correct the values file",
    ],
    [
      "a values file that is not there",
      ["--env", "gone", "api=1.4.0"],
      "there is no environments/gone.yaml",
      "environments.gone.values",
    ],
    [
      "a path that is a map",
      ["--env", "staging", "map=1.4.0"],
      "environments/staging.yaml:5: api.image is a map",
      "path",
    ],
    [
      "a place that is not there",
      ["--env", "staging", `web=2.0.1@${SHA}`],
      "nothing stands at web.image.revision",
      "--create",
    ],
    [
      "an older version",
      api("1.3.1"),
      "api is at 1.3.2: 1.3.1 is the older version",
      "--allow-downgrade",
    ],
    ["an empty tag", api(""), 'api: "" is not a tag of an image', "variable"],
    [
      "a branch in place of a revision",
      api("1.4.0@main"),
      'api: "main" is not a Git commit',
      "variable",
    ],
    [
      "a thread that is none",
      [...api("1.4.0"), "--thread", "nonsense"],
      'api: "nonsense" is not a thread',
      "variable",
    ],
    [
      "a thread for tags that nobody named",
      ["--env", "staging", "--latest", "--all", "--thread", THREAD],
      "--latest takes names of services",
      "bump --latest --all",
    ],
    ["a service named twice", [...api("1.4.0"), "api=1.4.1"], "api is named twice", "once"],
    ["no service", ["--env", "staging"], "no service is to be bumped", "--service api"],
    [
      "a tag without its service",
      ["--env", "staging", "--tag", "1"],
      "--service and --tag need each other",
      "api=1.4.0",
    ],
    [
      "two services by flags",
      ["--env", "staging", "--service", "api", "--service", "web", "--tag", "1"],
      "--service is given twice",
      "web=2.0.1",
    ],
    [
      "a template with a slip",
      [...api("1.4.0"), "--message", "{{enviroment}}"],
      '"enviroment" not defined',
      "{{environment}}",
    ],
    [
      "an author without address",
      [...api("1.4.0"), "--author", "Me"],
      '--author is "Me"',
      "<name@example.com>",
    ],
    [
      "a deadline that is none",
      [...api("1.4.0"), "--deadline", "soon"],
      '--deadline is "soon"',
      "1m30s",
    ],
  ])("%s", async (_, argv, problem, hint) => {
    const repository = await open();
    const clone = await repository.clone();
    const tip = repository.tip();
    for (const end of [await clone.bump(argv), await clone.bump([...argv, "--push"])]) {
      expect(end).toMatchObject({ code: 1, stdout: "" });
      expect(end.stderr).toContain(problem);
      expect(end.stderr).toMatch(/^helm notify: hint: /m);
      expect(end.stderr.split("hint: ")[1]).toContain(hint);
    }
    expect(repository.tip()).toBe(tip);
    await expectUntouched(clone, tip);
  });

  it("a dirty file", async () => {
    const repository = await open();
    const clone = await repository.clone();
    clone.write("environments/staging.yaml", `${STAGING}mine: 1\n`);
    for (const argv of [STAGING_API, [...STAGING_API, "--push"]]) {
      const end = await clone.bump(argv);
      expect(end).toMatchObject({ code: 1, stdout: "" });
      expect(end.stderr).toContain("environments/staging.yaml has changes that are not committed");
    }
    expect(repository.git(["rev-list", "--count", "main"])).toBe("1\n");
    expect(readFileSync(join(clone.folder, "environments/staging.yaml"), "utf8")).toContain(
      "mine: 1",
    );
  });

  it("a detached HEAD", async () => {
    const repository = await open();
    const clone = await repository.clone();
    await clone.git(["checkout", "--quiet", "--detach"]);
    for (const argv of [STAGING_API, [...STAGING_API, "--push"]]) {
      const end = await clone.bump(argv);
      expect(end).toMatchObject({ code: 1, stdout: "" });
      expect(end.stderr).toContain("HEAD is detached");
      expect(end.stderr).toContain("hint: Say --branch BRANCH");
    }
    await expectUntouched(clone, repository.tip());
  });

  it("a values file that is a link out of the repository", async () => {
    const repository = await open();
    const clone = await repository.clone();
    const outside = join(clone.folder, "../outside.yaml");
    writeFileSync(outside, STAGING);
    rmSync(join(clone.folder, "environments/staging.yaml"));
    symlinkSync(outside, join(clone.folder, "environments/staging.yaml"));
    await clone.git(["commit", "--quiet", "-am", "Link"]);
    const end = await clone.bump(STAGING_API);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("environments/staging.yaml is reached by a symbolic link");
    expect(readFileSync(outside, "utf8")).toBe(STAGING);
  });

  it("a repository without a config", async () => {
    const repository = await open({ "values.yaml": "a: 1\n" });
    const end = await repository.bump([...STAGING_API, "--repo", repository.url]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("there is no helm-notify.yaml in the repository");
  });

  it("a config that says something twice", async () => {
    const services = "services: {api: {}, web: {}, api: {policy: {semver: '*'}}}\n";
    const repository = await open({
      "staging.yaml": STAGING,
      "helm-notify.yaml": `environments: {staging: {values: staging.yaml}}\n${services}`,
    });
    const end = await repository.bump([...STAGING_API, "--repo", repository.url]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("helm-notify.yaml:2: api stands twice in one map");
  });

  it("a folder that is no repository", async () => {
    const repository = await open();
    const end = await repository.bump(STAGING_API);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("this folder is in no work tree of Git");
  });

  it("a commit that a hook refuses", async () => {
    const repository = await open();
    const clone = await repository.clone();
    writeFileSync(
      join(clone.folder, ".git/hooks/pre-commit"),
      "#!/bin/sh\necho not today >&2; exit 1\n",
      { mode: 0o755 },
    );
    for (const argv of [STAGING_API, [...STAGING_API, "--push"]]) {
      const end = await clone.bump(argv);
      expect(end).toMatchObject({ code: 1, stdout: "" });
      expect(end.stderr).toContain("the commit failed\nhelm notify:   not today\n");
    }
    await expectUntouched(clone, repository.tip());
  });

  it("a git that knows nobody, unless the author is named", async () => {
    const repository = await open();
    const clone = await repository.clone();
    const env = {
      HOME: "/nonexistent",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "user.useConfigOnly",
      GIT_CONFIG_VALUE_0: "true",
    };
    const end = await clone.bump(STAGING_API, { env });
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("git does not know who commits");
    await expectUntouched(clone, repository.tip());

    const author = ["--author", "Ann Example <ann@example.com>"];
    expect(await clone.bump([...STAGING_API, ...author], { env })).toMatchObject({ code: 0 });
    expect((await clone.git(["log", "-1", "--format=%an %ae %cn %ce"])).stdout).toBe(
      "Ann Example ann@example.com Ann Example ann@example.com\n",
    );
  });

  it.each([
    [
      "a host key that is not known",
      () => ({ HELM_NOTIFY_KNOWN_HOSTS: "/dev/null" }),
      "the host key of the Git server is not known",
      "--known-hosts",
    ],
    [
      "another host key",
      () => ({
        HELM_NOTIFY_KNOWN_HOSTS: sshd().knownHosts.replace(
          / \S+$/m,
          ` ${readFileSync(`${sshd().key}.pub`, "utf8").split(" ")[1]?.trim()}`,
        ),
      }),
      "or another one",
      "--known-hosts",
    ],
    [
      "a key that is not let in",
      () => ({ HELM_NOTIFY_SSH_KEY: sshd().strangersKey }),
      "did not accept the credentials",
      "--ssh-key",
    ],
  ])("%s", async (_, env, problem, hint) => {
    const repository = await open();
    const clone = await repository.clone();
    const tip = repository.tip();
    for (const argv of [
      [...STAGING_API, "--push"],
      [...STAGING_API, "--repo", repository.url],
    ]) {
      const end = await clone.bump(argv, { env: env() });
      expect(end).toMatchObject({ code: 1, stdout: "" });
      expect(end.stderr).toContain(problem);
      expect(end.stderr).toContain(hint);
    }
    await expectUntouched(clone, tip);
  });

  it("a protected branch", async () => {
    const repository = await open();
    const clone = await repository.clone();
    const tip = repository.tip();
    const hooks = join(
      sshd().folder,
      repository.git(["rev-parse", "--absolute-git-dir"]).trim().split("/").at(-1) ?? "",
      "hooks",
    );
    writeFileSync(join(hooks, "pre-receive"), "#!/bin/sh\necho 'main is protected' >&2; exit 1\n", {
      mode: 0o755,
    });
    for (const argv of [
      [...STAGING_API, "--push"],
      [...STAGING_API, "--repo", repository.url],
    ]) {
      const end = await clone.bump(argv);
      expect(end).toMatchObject({ code: 1, stdout: "" });
      expect(end.stderr).toContain("push to main: the Git server declined the push");
      expect(end.stderr).toContain("remote: main is protected");
      expect(end.stderr).toContain("hint: Give this key or token the right to push");
    }
    expect(repository.tip()).toBe(tip);
    await expectUntouched(clone, tip);
  });

  it("a server that is not there", async () => {
    const repository = await open();
    const url = repository.url.replace(/:\d+\//, ":1/");
    const end = await repository.bump([...STAGING_API, "--repo", url, "--deadline", "5s"]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("the Git server could not be reached");
    expect(end.stderr).toContain("Connection refused");
  });

  it("a password in the address", async () => {
    const repository = await open();
    const end = await repository.bump([
      ...STAGING_API,
      "--repo",
      "https://me:hunter2@git.example.com/x.git",
    ]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("HELM_NOTIFY_GIT_PASSWORD");
    expect(end.stderr).not.toContain("hunter2");
  });
});

async function expectUntouched(
  clone: { readonly git: (argv: readonly string[]) => Promise<Finished>; readonly folder: string },
  tip: string,
): Promise<void> {
  expect((await clone.git(["status", "--porcelain"])).stdout).toBe("");
  expect((await clone.git(["rev-parse", "HEAD"])).stdout.trim()).toBe(tip);
  expect((await clone.git(["worktree", "list"])).stdout.trim().split("\n")).toHaveLength(1);
  expect(
    readdirSync(join(clone.folder, "..")).filter((name) => name.startsWith("helm-notify-")),
  ).toEqual([]);
}
