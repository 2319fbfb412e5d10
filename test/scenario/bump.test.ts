// `bump` with the real git, over a real SSH server, into a bare repository.
import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
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
import { startGitHttp } from "../support/git-http-server.ts";

const { open, sshd } = useGitServer();

describe("a bump over SSH", () => {
  it("changes the tag and revision, says so in the commit, and pushes it", async () => {
    const repository = await open();
    const end = await repository.bump([
      ...STAGING_API,
      "--source-ref",
      "main",
      "--repo",
      repository.url,
    ]);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(end.stdout).toMatch(
      /^pushed [0-9a-f]{10} to main: feat\(staging\): update api to 1\.4\.0\n$/,
    );
    expect(repository.fileOnServer("environments/staging.yaml")).toBe(
      STAGING.replace('"1.3.2"', '"1.4.0"').replace("0a1b2c3", SHA),
    );
    expect(repository.git(["log", "-1", "--format=%an <%ae>%n%B", "main"])).toBe(
      `CI <ci@example.com>
feat(staging): update api to 1.4.0

acme/api@${SHA} (main)

Image-Tag: api=1.4.0
Source-Revision: api=${SHA}
Source-Ref: api=main

`,
    );
    expect(
      repository.git(["log", "-1", "--format=%(trailers:key=Image-Tag,valueonly)", "main"]),
    ).toBe("api=1.4.0\n\n");
    expect(repository.git(["diff", "--name-only", "main~1", "main"])).toBe(
      "environments/staging.yaml\n",
    );
  });

  it("puts several services into one commit, and none where nothing is left to change", async () => {
    const repository = await open();
    const argv = ["--env", "staging", `api=1.4.0@${SHA}`, "web=2.0.1", "--repo", repository.url];
    const first = await repository.bump(argv);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(/feat\(staging\): update api, web\n$/);
    const tip = repository.tip();
    expect(repository.git(["rev-list", "--count", "main"])).toBe("2\n");

    const second = await repository.bump(argv);
    expect(second).toMatchObject({
      code: 0,
      stdout: "nothing to change in environments/staging.yaml: it has api 1.4.0, web 2.0.1\n",
      stderr: "",
    });
    expect(repository.tip()).toBe(tip);

    const third = await repository.bump([...argv.slice(0, 3), "web=2.0.2", ...argv.slice(4)]);
    expect(third.stdout).toMatch(/feat\(staging\): update web to 2\.0\.2\n$/);
  });

  it("writes the thread beside each tag that changes, where none has a place yet", async () => {
    const repository = await open();
    const argv = ["--env", "staging", `api=1.4.0@${SHA}`, "web=2.0.1", "--repo", repository.url];
    expect((await repository.bump([...argv, "--thread", THREAD])).stderr).toBe("");
    const text = repository.fileOnServer("environments/staging.yaml");
    expect(text).toContain(`    revision: ${SHA}\n    thread: ${THREAD}\n`);
    expect(text).toContain(`web: {image: {tag: 2.0.1, thread: ${THREAD}}}\n`);

    const again = await repository.bump([...argv, "--thread", THREAD.replace("1", "2")]);
    expect(again.stdout).toMatch(/^nothing to change/);
    await repository.bump(["--env", "staging", "web=2.0.2", "--thread", "", ...argv.slice(4)]);
    expect(repository.fileOnServer("environments/staging.yaml")).toBe(
      text.replace(`2.0.1, thread: ${THREAD}`, '2.0.2, thread: ""'),
    );
  });

  it("only shows the diff when asked to", async () => {
    const repository = await open();
    const tip = repository.tip();
    const end = await repository.bump([...STAGING_API, "--repo", repository.url, "--dry-run"]);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(end.stdout).toContain(
      "--- a/environments/staging.yaml\n+++ b/environments/staging.yaml\n",
    );
    expect(end.stdout).toContain('-    tag: "1.3.2"   # bumped by CI\n');
    expect(end.stdout).toContain('+    tag: "1.4.0"   # bumped by CI\n');
    expect(repository.tip()).toBe(tip);
  });

  it("takes the key and the known hosts as text, as CI variables hold them", async () => {
    const repository = await open();
    const end = await repository.bump(["--env", "staging", "web=2.0.1", "--repo", repository.url], {
      env: {
        HELM_NOTIFY_SSH_KEY: readFileSync(sshd().key, "utf8").trim().replaceAll("\n", "\r\n"),
        HELM_NOTIFY_KNOWN_HOSTS: sshd().knownHosts,
      },
    });
    expect(end).toMatchObject({ code: 0, stderr: "" });
  });

  it("takes the key and the known hosts as files, wherever the user stands, and whoever may read them", async () => {
    const repository = await open();
    const clone = await repository.clone();
    // As GitLab's runner writes its variables of type file.
    copyFileSync(sshd().key, join(clone.folder, "key"));
    chmodSync(join(clone.folder, "key"), 0o666);
    clone.write("hosts", sshd().knownHosts);
    const env = { HELM_NOTIFY_SSH_KEY: undefined, HELM_NOTIFY_KNOWN_HOSTS: undefined };
    const access = ["--ssh-key", "key", "--known-hosts", "./hosts"];
    for (const argv of [
      ["web=2.0.1", "--repo", repository.url],
      ["web=2.0.2", "--push"],
    ]) {
      const end = await clone.bump(["--env", "staging", ...argv, ...access], { env });
      expect(end).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it("goes to another branch than the default one", async () => {
    const repository = await open();
    const tip = repository.tip();
    repository.git(["branch", "next", "main"]);
    const argv = [...STAGING_API, "--repo", repository.url, "--branch", "next"];
    expect(await repository.bump(argv)).toMatchObject({ code: 0, stderr: "" });
    expect(repository.tip()).toBe(tip);
    expect(repository.git(["log", "-1", "--format=%s", "next"])).toContain("update api to 1.4.0");
  });

  it("is worded by a template, with the trailers below", async () => {
    const repository = await open();
    const message =
      "deploy: {{#each services}}{{name}} {{from}} -> {{tag}}{{/each}} # {{environment}}";
    await repository.bump([
      "--env",
      "staging",
      "web=2.0.1",
      "--repo",
      repository.url,
      "--message",
      message,
    ]);
    expect(repository.git(["log", "-1", "--format=%B", "main"])).toBe(
      "deploy: web 2.0.0 -> 2.0.1 # staging\n\nImage-Tag: web=2.0.1\n\n",
    );
  });

  it("empties a revision that belonged to the old tag", async () => {
    const repository = await open();
    await repository.bump(["--env", "staging", "api=1.4.0", "--repo", repository.url]);
    expect(repository.fileOnServer("environments/staging.yaml")).toBe(
      STAGING.replace('"1.3.2"', '"1.4.0"').replace("0a1b2c3", '""'),
    );
  });
});

describe("a bump in a work tree", () => {
  it("commits the one file, and leaves what else is going on there", async () => {
    const repository = await open();
    const clone = await repository.clone();
    clone.write("notes.txt", "staged");
    await clone.git(["add", "notes.txt"]);
    clone.write("environments/production.yaml", "mine: 1\n");
    const end = await clone.bump(STAGING_API);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    expect(end.stdout).toMatch(/^committed [0-9a-f]{10} to main: feat\(staging\)/);
    expect((await clone.git(["show", "--name-only", "--format="])).stdout).toBe(
      "environments/staging.yaml\n",
    );
    expect((await clone.git(["status", "--short"])).stdout).toBe(
      " M environments/production.yaml\nA  notes.txt\n",
    );
    expect(repository.git(["rev-list", "--count", "main"])).toBe("1\n");
  });

  it("pushes onto the newest state of the branch, and follows it", async () => {
    const repository = await open();
    const clone = await repository.clone();
    await repository.bump(["--env", "staging", "web=2.0.1", "--repo", repository.url]);
    clone.write("environments/production.yaml", "mine: 1\n");
    expect(await clone.bump([...STAGING_API, "--push"])).toMatchObject({ code: 0, stderr: "" });
    expect((await clone.git(["rev-parse", "HEAD"])).stdout.trim()).toBe(repository.tip());
    expect(repository.fileOnServer("environments/staging.yaml")).toContain("2.0.1");
    expect((await clone.git(["status", "--short"])).stdout).toBe(
      " M environments/production.yaml\n",
    );
    expect((await clone.git(["worktree", "list"])).stdout.trim().split("\n")).toHaveLength(1);
  });

  it("pushes from a detached HEAD to a branch that is named, as GitLab's jobs have it", async () => {
    const repository = await open();
    const clone = await repository.clone();
    await clone.git(["checkout", "--quiet", "--detach"]);
    const before = (await clone.git(["rev-parse", "HEAD"])).stdout;
    expect(await clone.bump([...STAGING_API, "--push", "--branch", "main"])).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(repository.git(["rev-list", "--count", "main"])).toBe("2\n");
    expect((await clone.git(["rev-parse", "HEAD"])).stdout).toBe(before);
  });

  it("does not push commits of the user's own along", async () => {
    const repository = await open();
    const clone = await repository.clone();
    await clone.git(["commit", "--quiet", "--allow-empty", "-m", "Not yet"]);
    const end = await clone.bump([...STAGING_API, "--push"]);
    expect(end).toMatchObject({ code: 0 });
    expect(end.stderr).toContain("this work tree stays as it is");
    expect(repository.git(["log", "--format=%s", "main"])).not.toContain("Not yet");
    expect((await clone.git(["log", "-1", "--format=%s"])).stdout).toBe("Not yet\n");
  });

  it("signs, and runs the hooks, as git is configured to", async () => {
    const repository = await open();
    const clone = await repository.clone();
    await clone.git(["config", "gpg.format", "ssh"]);
    await clone.git(["config", "user.signingKey", sshd().key]);
    await clone.git(["config", "commit.gpgSign", "true"]);
    writeFileSync(
      join(clone.folder, ".git/hooks/commit-msg"),
      '#!/bin/sh\necho "Hooked: yes" >> "$1"\n',
      { mode: 0o755 },
    );
    expect(await clone.bump([...STAGING_API, "--push"])).toMatchObject({ code: 0, stderr: "" });
    const commit = repository.git(["cat-file", "commit", "main"]);
    expect(commit).toContain("-----BEGIN SSH SIGNATURE-----");
    expect(commit).toContain("Hooked: yes");
  });
});

describe("a bump over HTTPS", () => {
  it("gives the token to that server, and to nobody else", async () => {
    const repository = await open();
    const server = await startGitHttp(sshd().folder, "x-access-token:t0ken");
    try {
      const path = new URL(repository.url).pathname.slice(sshd().folder.length + 1);
      const url = server.url(path);
      const argv = [...STAGING_API, "--repo", url];
      const without = await repository.bump(argv);
      expect(without).toMatchObject({ code: 1, stdout: "" });
      expect(without.stderr).toContain("did not accept the credentials");
      expect(server.seen).toEqual([]);

      const wrong = await repository.bump(argv, { env: { HELM_NOTIFY_GIT_PASSWORD: "hunter2" } });
      expect(wrong).toMatchObject({ code: 1, stdout: "" });
      expect(wrong.stderr).toContain("did not accept the credentials");
      expect(wrong.stderr).not.toContain("hunter2");

      const right = await repository.bump(argv, { env: { HELM_NOTIFY_GIT_PASSWORD: "t0ken" } });
      expect(right).toMatchObject({ code: 0, stderr: "" });
      expect(repository.git(["rev-list", "--count", "main"])).toBe("2\n");

      const other = createServer((request, response) => {
        response.writeHead(302, { location: `${server.url("")}${request.url?.slice(1)}` }).end();
      });
      await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
      const redirected = `http://127.0.0.1:${(other.address() as AddressInfo).port}/${path}`;
      const asked = server.seen.length;
      const away = await repository.bump([...api("1.5.0"), "--repo", redirected], {
        env: { HELM_NOTIFY_GIT_PASSWORD: "t0ken" },
      });
      other.close();
      expect(away).toMatchObject({ code: 1, stdout: "" });
      expect(server.seen.slice(asked)).toEqual([]);
    } finally {
      await server.stop();
    }
  });
});

it("a token for HTTPS wins over what the clone of a CI job brings along", async () => {
  const repository = await open();
  const server = await startGitHttp(sshd().folder, "x-access-token:t0ken");
  try {
    const clone = await repository.clone();
    const address = server.url(new URL(repository.url).pathname.slice(sshd().folder.length + 1));
    const push = (tag: string) =>
      clone.bump([...api(tag), "--push"], { env: { HELM_NOTIFY_GIT_PASSWORD: "t0ken" } });

    // As GitLab's runner has it.
    const withToken = address.replace("://", "://gitlab-ci-token:may-only-read@");
    await clone.git(["remote", "set-url", "origin", withToken]);
    expect(await push("1.4.0")).toMatchObject({ code: 0, stderr: "" });

    // As actions/checkout does it.
    await clone.git(["remote", "set-url", "origin", address]);
    const header = `AUTHORIZATION: basic ${Buffer.from("x-access-token:may-only-read").toString("base64")}`;
    await clone.git(["config", `http.${new URL(address).origin}/.extraheader`, header]);
    expect(await push("1.4.1")).toMatchObject({ code: 0, stderr: "" });

    expect(new Set(server.seen)).toEqual(new Set(["x-access-token:t0ken"]));
    expect(repository.git(["rev-list", "--count", "main"])).toBe("3\n");
  } finally {
    await server.stop();
  }
});

describe("tags without an order of their own", () => {
  it("do not go back to one that stood there before, unless told", async () => {
    const repository = await open();
    const to = (tag: string) => ["--env", "staging", `worker=${tag}`, "--repo", repository.url];
    expect(await repository.bump(to("main-0000002"))).toMatchObject({ code: 0, stderr: "" });
    const late = await repository.bump(to("main-0000001"));
    expect(late).toMatchObject({ code: 1, stdout: "" });
    expect(late.stderr).toContain("worker is at main-0000002: main-0000001 stood there before");
    const told = await repository.bump([...to("main-0000001"), "--allow-downgrade"]);
    expect(told).toMatchObject({ code: 0, stderr: "" });
    // Forward again: 2 came after 1, however often 1 stands there.
    expect(await repository.bump(to("main-0000002"))).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("tags with an order", () => {
  it("do not go back to one that is late, though it never stood there", async () => {
    const policy = "{regex: '^main-(?<build>\\d+)-', extract: $build, numerical: asc}";
    const repository = await open({
      "helm-notify.yaml": `environments: {staging: {values: staging.yaml}}\nservices: {api: {policy: ${policy}}, web: {}}\n`,
      "staging.yaml": "api: {image: {tag: main-41-4f1c2b9}}\nweb: {image: {tag: 41}}\n",
    });
    const to = (word: string) => ["--env", "staging", word, "--repo", repository.url];
    for (const [word, reason] of [
      ["api=main-40-9f8e7d6", "comes before it by regex ^main-"],
      ["web=40", "web is at 41: 40 is the older version"],
    ] as const) {
      const late = await repository.bump(to(word));
      expect(late).toMatchObject({ code: 1, stdout: "" });
      expect(late.stderr).toContain(reason);
      expect(late.stderr).toContain("--allow-downgrade");
    }
    for (const word of ["api=main-41-9f8e7d6", "api=main-100-0a1b2c3", "api=hotfix", "web=42"]) {
      expect(await repository.bump(to(word))).toMatchObject({ code: 0, stderr: "" });
    }
  });
});

it("services that share a place get one tag, not two", async () => {
  const repository = await open({
    "helm-notify.yaml":
      "environments: {staging: {values: staging.yaml}}\nservices: {api: {tag: image.tag}, worker: {tag: image.tag}}\n",
    "staging.yaml": "image: {tag: 1.3.2}\n",
  });
  const to = (...words: string[]) => ["--env", "staging", ...words, "--repo", repository.url];
  const both = await repository.bump(to("api=1.4.0", "worker=1.5.0"));
  expect(both).toMatchObject({ code: 1, stdout: "" });
  expect(both.stderr).toContain("image.tag would be both 1.4.0 and 1.5.0");
  expect(await repository.bump(to("api=1.4.0", "worker=1.4.0"))).toMatchObject({ code: 0 });
  expect(repository.fileOnServer("staging.yaml")).toBe("image: {tag: 1.4.0}\n");
});

describe("twenty jobs at once", () => {
  it("make twenty commits: none is lost, none is empty", { timeout: 180_000 }, async () => {
    const names = Array.from({ length: 10 }, (_, index) => `service${index}`);
    const repository = await open({
      "helm-notify.yaml": [
        "environments: {staging: {values: staging.yaml}}",
        "services:",
        ...names.map((name) => `  ${name}: {}`),
      ].join("\n"),
      "staging.yaml": `${names.map((name) => `${name}: {image: {tag: 1.0.0}}`).join("\n")}\n`,
    });
    // Ten different services by version; ten times the same one, whose tags have no order.
    const jobs = names.flatMap((name, index) => [
      `${name}=1.1.${index}`,
      `service0=build-${index}`,
    ]);
    const ends = await Promise.all(
      jobs
        .filter((job) => !job.startsWith("service0=1"))
        .concat("service1=build-last")
        .map((job) =>
          repository.bump(["--env", "staging", job, "--repo", repository.url], {
            timeoutMs: 170_000,
          }),
        ),
    );
    for (const end of ends) expect(end).toMatchObject({ code: 0, stderr: "" });
    const commits = repository.git(["rev-list", "main~20..main"]).trim().split("\n");
    expect(commits).toHaveLength(20);
    expect(repository.git(["rev-list", "--count", "main"])).toBe("21\n");
    for (const commit of commits) {
      expect(repository.git(["diff", "--numstat", `${commit}~1`, commit])).toBe(
        "1\t1\tstaging.yaml\n",
      );
    }
    const trailers = repository.git([
      "log",
      "--format=%(trailers:key=Image-Tag,valueonly,separator=)",
      "main~20..main",
    ]);
    expect(new Set(trailers.split("\n").filter(Boolean)).size).toBe(20);
  });
});
