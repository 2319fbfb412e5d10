// How a bump waits for its turn where others push first, and ends in time: the real git, a clock of the test's own.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createDeadline } from "../../src/io/deadline.ts";
import { withCheckout } from "../../src/git/checkout.ts";

const NO_ACCESS = { sshKey: undefined, knownHosts: undefined, token: undefined, user: undefined };

const ENV = {
  PATH: process.env["PATH"],
  GIT_AUTHOR_NAME: "CI",
  GIT_AUTHOR_EMAIL: "ci@example.com",
  GIT_COMMITTER_NAME: "CI",
  GIT_COMMITTER_EMAIL: "ci@example.com",
};

const git = (cwd: string, ...argv: string[]) =>
  execFileSync("git", argv, { cwd, env: ENV, encoding: "utf8" });

function begin(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "values.yaml"), "tag: 1\n");
  git(folder, "init", "--quiet", "--initial-branch=main");
  git(folder, "add", ".");
  git(folder, "commit", "--quiet", "--message=Begin");
}

/** A bare repository whose branch moves whenever somebody pushes to it. */
function openBusyRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), "busy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  begin(join(folder, "maker"));
  git(folder, "clone", "--quiet", "--bare", "maker", "busy.git");
  const other = "git -c user.name=x -c user.email=x@x commit-tree -p main -m Faster main^{tree}";
  writeFileSync(
    join(folder, "busy.git/hooks/pre-receive"),
    `#!/bin/sh\nunset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY\ngit update-ref refs/heads/main $(${other})\n`,
    { mode: 0o755 },
  );
  return join(folder, "busy.git");
}

it("a refused push is done again after a pause of any length up to a limit that doubles, to 3 s", async () => {
  const repo = openBusyRepository();
  const stop = new AbortController();
  const pauses: number[] = [];
  const draws = [0, 0.5, 0.999, 0.5, 1, 1];
  const deadline = {
    signal: stop.signal,
    remainingMs: () => 1000,
    sooner: () => deadline,
    sleep: async (ms: number) => {
      pauses.push(Math.round(ms));
      if (pauses.length === draws.length) stop.abort();
    },
  };
  const request = { repo, branch: undefined, mayPush: true, author: undefined, access: NO_ACCESS };
  const world = {
    folder: tmpdir(),
    env: ENV,
    deadline,
    random: () => draws[pauses.length] ?? 0,
    say: () => {},
    pid: process.pid,
    isRunning: () => true,
    beforeEnd: () => () => {},
  };
  const pushing = withCheckout(request, world, async (checkout) => {
    for (;;) {
      await checkout.commit("values.yaml", "tag: 2\n", "Update");
      if ((await checkout.push()) === "pushed") return;
      await checkout.renew();
    }
  });
  await expect(pushing).rejects.toMatchObject({
    code: "GIT_OVERTAKEN",
    message: "others pushed to main first, or the connection broke, 6 times",
  });
  expect(pauses).toEqual([0, 400, 1598, 1500, 3000, 3000]);
});

it("a commit that was made before the deadline is not undone after it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slow-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  begin(folder);
  const hook = join(folder, ".git/hooks/post-commit");
  writeFileSync(hook, "#!/bin/sh\n: > .git/committed\nexec sleep 100\n", { mode: 0o755 });
  const stop = new AbortController();
  const deadline = { ...createDeadline(100_000), signal: stop.signal };
  const request = {
    repo: undefined,
    branch: undefined,
    mayPush: false,
    author: undefined,
    access: NO_ACCESS,
  };
  const world = {
    folder,
    env: ENV,
    deadline,
    random: () => 0,
    say: () => {},
    pid: process.pid,
    isRunning: () => true,
    beforeEnd: () => () => {},
  };
  const refused = withCheckout(request, world, ({ commit }) =>
    commit("values.yaml", "tag: 2\n", "Update"),
  ).catch((error: unknown) => error);
  await expect.poll(() => existsSync(join(folder, ".git/committed"))).toBe(true);
  stop.abort();
  expect(await refused).toMatchObject({ code: "GIT_TOO_SLOW" });
  expect(git(folder, "log", "-1", "--format=%s")).toBe("Update\n");
  expect(git(folder, "status", "--porcelain")).toBe("");
});
