// How a bump waits for its turn where others push first: the real git, a clock of the test's own.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { withCheckout } from "../../src/git/checkout.ts";

const NO_ACCESS = { sshKey: undefined, knownHosts: undefined, token: undefined, user: undefined };

/** A bare repository whose branch moves whenever somebody pushes to it. */
function openBusyRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), "busy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const git = (...argv: string[]) =>
    execFileSync("git", ["-c", "user.name=x", "-c", "user.email=x@x", ...argv], { cwd: folder });
  git("init", "--quiet", "--initial-branch=main", "maker");
  writeFileSync(join(folder, "maker/values.yaml"), "tag: 1\n");
  git("-C", "maker", "add", ".");
  git("-C", "maker", "commit", "--quiet", "--message=Begin");
  git("clone", "--quiet", "--bare", "maker", "busy.git");
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
  const env = {
    PATH: process.env["PATH"],
    GIT_AUTHOR_NAME: "CI",
    GIT_AUTHOR_EMAIL: "ci@example.com",
    GIT_COMMITTER_NAME: "CI",
    GIT_COMMITTER_EMAIL: "ci@example.com",
  };
  const request = { repo, branch: undefined, mayPush: true, author: undefined, access: NO_ACCESS };
  const world = {
    folder: tmpdir(),
    env,
    deadline,
    random: () => draws[pauses.length] ?? 0,
    say: () => {},
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
