// `bump` in deployment repositories as they are found elsewhere, and with a git that is set up in its own way.
import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { useGitServer } from "../support/bump-repository.ts";
import type { DeploymentRepository, RepositoryOptions } from "../support/deployment-repository.ts";

const STAGING = `# Staging.
api:
  image: { tag: "1.3.2" }   # bumped by CI
web: {image: {tag: 2.0.0}}
worker: {image: {tag: main-2}}
`;
const config = (values: string) =>
  `environments: {staging: {values: ${JSON.stringify(values)}}}\nservices: {api: {}, web: {}, worker: {}}\n`;
const FILES = { "helm-notify.yaml": config("staging.yaml"), "staging.yaml": STAGING };

const { open, sshd } = useGitServer(FILES);

/** A folder or file of the bare repository. */
function placeOnServer(repository: DeploymentRepository, path: string): string {
  return join(sshd().folder, basename(new URL(repository.url).pathname), path);
}

const to = (...bumps: string[]) => ["--env", "staging", ...bumps];

describe("is bumped from a clone and from its address", () => {
  const crlf = `\ufeff${STAGING.replaceAll("\n", "\r\n")}`;
  const odd = "Umgebungen für alle/[eu] *.yaml";

  it.each<[string, string, string, Readonly<Record<string, string>>, RepositoryOptions]>([
    ["a repository of SHA-256", "staging.yaml", STAGING, {}, { objectFormat: "sha256" }],
    ["one whose default branch is trunk", "staging.yaml", STAGING, {}, { branch: "trunk" }],
    ["a file in folders with spaces and umlauts", odd, STAGING, {}, {}],
    ["a file of CRLF with a byte order mark", "staging.yaml", crlf, {}, {}],
    [
      "one with attributes for line ends",
      "staging.yaml",
      STAGING,
      { ".gitattributes": "*.yaml text eol=crlf\n" },
      {},
    ],
  ])("%s", async (_, path, text, more, options) => {
    const repository = await open(
      { ...more, "helm-notify.yaml": config(path), [path]: text },
      options,
    );
    const clone = await repository.clone(["-c", "core.autocrlf=true"]);
    for (const end of [
      await repository.bump([...to("api=1.4.0"), "--repo", repository.url]),
      await clone.bump([...to("web=2.0.1"), "--push"]),
      await clone.bump(to("api=1.4.1")),
      await clone.bump([...to("api=1.4.2"), "--push"]),
    ]) {
      expect(end).toMatchObject({ code: 0 });
    }
    expect(repository.fileOnServer(path)).toBe(
      text.replace("1.3.2", "1.4.2").replace("2.0.0", "2.0.1"),
    );
    expect((await clone.git(["status", "--porcelain"])).stdout).toBe("");
  });

  it("a file beside others that its name would match as a pattern", async () => {
    const files = {
      "helm-notify.yaml": config("[eu].yaml"),
      "[eu].yaml": STAGING,
      "e.yaml": "mine: 0\n",
    };
    const repository = await open(files);
    const clone = await repository.clone();
    clone.write("e.yaml", "mine: 1\n");
    expect(await clone.bump(to("api=1.4.0"))).toMatchObject({ code: 0, stderr: "" });
    expect((await clone.git(["status", "--porcelain"])).stdout).toBe(" M e.yaml\n");
  });

  it("one with submodules, whatever is set for them", async () => {
    const [library, repository] = [await open(), await open()];
    const maker = await repository.clone();
    await maker.git(["submodule", "--quiet", "add", library.url, "lib"]);
    await maker.git(["commit", "--quiet", "-m", "Use lib"]);
    await maker.git(["push", "--quiet"]);
    const clone = await repository.clone([
      "-c",
      "submodule.recurse=true",
      "-c",
      "push.recurseSubmodules=check",
      "--recurse-submodules",
    ]);
    expect(await clone.bump([...to("api=1.4.0"), "--push"])).toMatchObject({ code: 0, stderr: "" });
    expect(await clone.bump(to("api=1.4.1"))).toMatchObject({ code: 0, stderr: "" });
    expect((await clone.git(["status", "--porcelain"])).stdout).toBe("");
    expect((await clone.git(["worktree", "list"])).stdout.trim().split("\n")).toHaveLength(1);
  });

  it("one that the job has cloned without its history, which decides nevertheless", async () => {
    const repository = await open();
    const before = [...to("worker=main-3"), "--repo", repository.url];
    expect(await repository.bump(before)).toMatchObject({ code: 0 });
    const clone = await repository.clone(["--depth=1"]);
    const back = await clone.bump([...to("worker=main-2"), "--push"]);
    expect(back).toMatchObject({ code: 1, stdout: "" });
    expect(back.stderr).toContain("worker is at main-3: main-2 stood there before");
    expect(await clone.bump([...to("worker=main-4"), "--push"])).toMatchObject({ code: 0 });
  });

  it("one without its history that is not to be pushed, with a warning where that matters", async () => {
    const repository = await open();
    const clone = await repository.clone(["--depth=1"]);
    expect(await clone.bump(to("api=1.4.0"))).toMatchObject({ code: 0, stderr: "" });
    const end = await clone.bump(to("worker=main-1"));
    expect(end.code).toBe(0);
    expect(end.stderr).toContain("warning: this clone lacks its history");
    expect(end.stderr).toContain("git fetch --unshallow");
  });
});

describe("the user's git", () => {
  it("signs the commits of a private clone too", async () => {
    const repository = await open();
    const clone = await repository.clone();
    const keys = join(clone.folder, "../allowed_signers");
    writeFileSync(keys, `ci@example.com ${readFileSync(`${sshd().key}.pub`, "utf8")}`);
    appendFileSync(
      join(clone.folder, "../.gitconfig"),
      `[gpg]\n\tformat = ssh\n[gpg "ssh"]\n\tallowedSignersFile = ${keys}\n[commit]\n\tgpgSign = true\n[user]\n\tsigningKey = ${sshd().key}\n`,
    );
    const end = await repository.bump([...to("api=1.4.0"), "--repo", repository.url]);
    expect(end).toMatchObject({ code: 0, stderr: "" });
    await clone.git(["pull", "--quiet"]);
    expect((await clone.git(["log", "-1", "--format=%G? %GS"])).stdout).toBe("G ci@example.com\n");

    await clone.git(["config", "user.signingKey", "/nonexistent"]);
    const tip = repository.tip();
    for (const options of [[], ["--push"]]) {
      const unsigned = await clone.bump([...to("api=1.4.1"), ...options]);
      expect(unsigned).toMatchObject({ code: 1, stdout: "" });
      expect(unsigned.stderr).toContain("the commit failed");
    }
    expect(repository.tip()).toBe(tip);
    expect((await clone.git(["status", "--porcelain"])).stdout).toBe("");
  });

  it.each(["GIT_SSH", "core.sshCommand"])("starts ssh as %s says", async (way) => {
    const repository = await open();
    const clone = await repository.clone();
    const program = join(clone.folder, "../ssh");
    const hosts = join(clone.folder, "../known_hosts");
    const ours = `exec ssh -i ${sshd().key} -o IdentitiesOnly=yes -o UserKnownHostsFile=${hosts}`;
    writeFileSync(program, `#!/bin/sh\n${ours} "$@"\n`, { mode: 0o755 });
    const nothing = { HELM_NOTIFY_SSH_KEY: undefined, HELM_NOTIFY_KNOWN_HOSTS: undefined };
    const env = { ...nothing, GIT_SSH: way === "GIT_SSH" ? program : undefined };
    if (way !== "GIT_SSH") {
      appendFileSync(join(clone.folder, "../.gitconfig"), `[core]\n\tsshCommand = ${program}\n`);
    }
    for (const argv of [
      [...to("api=1.4.0"), "--push"],
      [...to("api=1.4.1"), "--repo", repository.url],
    ]) {
      expect(await clone.bump(argv, { env })).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it("may push tags along, but not those of the user", async () => {
    const repository = await open();
    const clone = await repository.clone(["-c", "push.followTags=true"]);
    await clone.git(["tag", "-a", "mine", "-m", "mine"]);
    expect(await clone.bump([...to("api=1.4.0"), "--push"])).toMatchObject({ code: 0, stderr: "" });
    expect(repository.git(["tag"])).toBe("");
  });

  it.each([
    ["--cone", "docs"],
    ["--no-cone", "/docs", "/helm-notify.yaml"],
  ])("may leave files out of the work tree (%s)", async (...patterns) => {
    const values = "environments/eu/staging.yaml";
    const files = { "helm-notify.yaml": config(values), [values]: STAGING, "docs/a.md": "a\n" };
    const clone = await (await open(files)).clone();
    await clone.git(["sparse-checkout", "set", ...patterns]);
    const [hidden, message] = [join(clone.folder, values), "is left out by the sparse checkout"];
    expect(existsSync(hidden)).toBe(false);
    expect(await clone.bump([...to("api=1.4.0"), "--push"])).toMatchObject({ code: 0, stderr: "" });
    expect(existsSync(hidden)).toBe(false);
    const refused = await clone.bump(to("api=1.4.1"));
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toBe(
      `helm notify: ${values} ${message}\nhelm notify: hint: Run git sparse-checkout add environments/eu, or leave it to --push.\n`,
    );
    await clone.git(["sparse-checkout", "add", "environments/eu"]);
    expect(await clone.bump(to("api=1.4.1"))).toMatchObject({ code: 0, stderr: "" });
    expect((await clone.git(["status", "--porcelain"])).stdout).toBe("");
  });

  it("may call the remote of a clone otherwise", async () => {
    const repository = await open();
    const clone = await repository.clone();
    const home = join(clone.folder, "../.gitconfig");
    appendFileSync(home, "[clone]\n\tdefaultRemoteName = upstream\n");
    const others = await repository.clone();
    for (const end of [
      await clone.bump([...to("worker=main-3"), "--repo", repository.url]),
      await others.bump([...to("worker=main-4"), "--push"]),
    ]) {
      expect(end).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it("may fetch something else meanwhile", async () => {
    const repository = await open();
    const clone = await repository.clone();
    const head = join(clone.folder, ".git/FETCH_HEAD");
    writeFileSync(head, "an editor's\n");
    expect(await clone.bump([...to("api=1.4.0"), "--push"])).toMatchObject({ code: 0, stderr: "" });
    expect(readFileSync(head, "utf8")).toBe("an editor's\n");
  });

  it("may run us in a hook of another repository", async () => {
    const repository = await open();
    const clone = await repository.clone();
    const env = { GIT_DIR: ".", GIT_INDEX_FILE: "/nonexistent/index" };
    const argv = [...to("api=1.4.0"), "--repo", repository.url];
    const options = { cwd: join(clone.folder, ".git"), env };
    expect(await clone.bump(argv, options)).toMatchObject({ code: 0, stderr: "" });
  });

  it("that does not trust the owner of the folder says so itself", async () => {
    const clone = await (await open()).clone();
    const end = await clone.bump(to("api=1.4.0"), {
      env: { GIT_TEST_ASSUME_DIFFERENT_OWNER: "1" },
    });
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("detected dubious ownership");
    expect(end.stderr).toContain("safe.directory");
    expect(end.stderr).not.toContain("no work tree");
  });

  it("that lacks a filter is told of, not waited for", async () => {
    const repository = await open({ ...FILES, ".gitattributes": "*.yaml filter=lfs\n" });
    const clone = await repository.clone();
    appendFileSync(
      join(clone.folder, "../.gitconfig"),
      '[filter "lfs"]\n\tprocess = no-such-git-lfs\n\trequired = true\n',
    );
    const end = await repository.bump([...to("api=1.4.0"), "--repo", repository.url]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("the files could not be written");
    expect(end.stderr).toContain("no-such-git-lfs");
  });
});

describe("an SSH key in base64, as it fits into one line of a variable", () => {
  it("is a key, as a file of it is", async () => {
    const repository = await open();
    const clone = await repository.clone();
    const key = readFileSync(sshd().key, "base64");
    const file = join(clone.folder, "../key");
    writeFileSync(file, key.replaceAll(/.{76}/g, "$&\n"), { mode: 0o644 });
    for (const [bump, HELM_NOTIFY_SSH_KEY] of [
      ["api=1.4.0", key],
      ["api=1.4.1", file],
    ] as const) {
      const end = await clone.bump([...to(bump), "--push"], { env: { HELM_NOTIFY_SSH_KEY } });
      expect(end).toMatchObject({ code: 0, stderr: "" });
    }
  });

  it("is not repeated where it is damaged", async () => {
    const clone = await (await open()).clone();
    const env = { HELM_NOTIFY_SSH_KEY: readFileSync(sshd().key, "base64").slice(1) };
    const end = await clone.bump([...to("api=1.4.0"), "--push"], { env });
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain(
      "HELM_NOTIFY_SSH_KEY is neither a private key nor the path of one\nhelm notify: hint: Give the key",
    );
    expect(end.stderr).not.toContain(env.HELM_NOTIFY_SSH_KEY.slice(0, 20));
  });
});

describe("a file that is not the repository's own is refused", () => {
  it.each<[string, string, string, (folder: string) => void]>([
    [
      "one behind a linked folder",
      "link/staging.yaml",
      "link/staging.yaml is reached by a symbolic link",
      (folder) => {
        mkdirSync(join(folder, "real"));
        renameSync(join(folder, "staging.yaml"), join(folder, "real/staging.yaml"));
        symlinkSync("real", join(folder, "link"));
      },
    ],
    [
      "one that Git ignores",
      "ignored.yaml",
      "ignored.yaml is not in the repository",
      (folder) => {
        writeFileSync(join(folder, ".gitignore"), "ignored.yaml\n");
        writeFileSync(join(folder, "ignored.yaml"), STAGING);
      },
    ],
  ])("%s", async (_, path, message, prepare) => {
    const clone = await (await open({ ...FILES, "helm-notify.yaml": config(path) })).clone();
    prepare(clone.folder);
    await clone.git(["add", "."]);
    await clone.git(["commit", "--quiet", "-m", "Odd"]);
    const end = await clone.bump(to("api=1.4.0"));
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain(message);
    expect((await clone.git(["status", "--porcelain"])).stdout).toBe("");
  });

  it("one of a submodule", async () => {
    const [library, repository] = [
      await open(),
      await open({ "helm-notify.yaml": config("lib/staging.yaml") }),
    ];
    const clone = await repository.clone();
    await clone.git(["submodule", "--quiet", "add", library.url, "lib"]);
    await clone.git(["commit", "--quiet", "-m", "Use lib"]);
    const end = await clone.bump(to("api=1.4.0"));
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("lib/staging.yaml is not in the repository");
    expect((await clone.git(["status", "--porcelain"])).stdout).toBe("");
  });
});

it.each<[NodeJS.Signals, string[]]>([
  ["SIGINT", ["--push"]],
  ["SIGTERM", ["--push"]],
  ["SIGINT", []],
  ["SIGTERM", []],
])("a bump that %s ends leaves nothing in the clone (%s)", async (signal, way) => {
  const clone = await (await open()).clone();
  const head = await clone.git(["rev-parse", "HEAD"]);
  // Of the hook's parent, git, the parent are we.
  const lines = [
    "us=$(awk '{print $4}' /proc/$PPID/stat)",
    `kill -s ${signal.slice(3)} "$us"`,
    'tail --pid="$us" --sleep-interval=0.1 --follow /dev/null',
    // The user's git is ended: it would else commit now.
    `exit ${way.length}`,
  ];
  const hook = join(clone.folder, ".git/hooks/pre-commit");
  writeFileSync(hook, ["#!/bin/sh", ...lines, ""].join("\n"), { mode: 0o755 });
  const end = await clone.bump([...to("api=1.4.0"), ...way]);
  expect(end).toMatchObject({ signal, stdout: "" });
  expect(await clone.git(["rev-parse", "HEAD"])).toEqual(head);
  expect((await clone.git(["worktree", "list"])).stdout.trim().split("\n")).toHaveLength(1);
  expect((await clone.git(["status", "--porcelain"])).stdout).toBe("");
  const left = readdirSync(join(clone.folder, "..")).filter((name) => name.startsWith("helm-"));
  expect(left).toEqual([]);
});

it("twenty bumps at once in one work tree make twenty commits, each what it says", async () => {
  const clone = await (await open()).clone();
  const tags = Array.from({ length: 20 }, (_, index) => `1.4.${index}`);
  const ends = await Promise.all(
    tags.map((tag) => clone.bump([...to(`api=${tag}`), "--allow-downgrade"])),
  );
  for (const { code } of ends) expect(code).toBe(0);
  const log = ["log", "--format=%h %(trailers:key=Image-Tag,valueonly,separator=)", "-20"];
  const commits = (await clone.git(log)).stdout.trim().split("\n");
  expect(new Set(commits.map((line) => line.split("api=")[1]))).toEqual(new Set(tags));
  for (const line of commits) {
    const [commit = "", tag = ""] = line.split(" api=");
    const { stdout } = await clone.git(["show", `${commit}:staging.yaml`]);
    expect(stdout).toBe(STAGING.replace("1.3.2", tag));
  }
  expect((await clone.git(["status", "--porcelain"])).stdout).toBe("");
  expect(existsSync(join(clone.folder, ".git/helm-notify.lock"))).toBe(false);
});

describe("what cannot be written is told, and stays as it was", () => {
  const isRoot = process.getuid?.() === 0;
  // A root who has to keep to the modes of files.
  const asUser = isRoot ? ["setpriv", "--bounding-set=-dac_override"] : [];
  const onFullDisk = ["bash", "-c", 'trap "" XFSZ; ulimit -f 1; exec "$@"', "bash"];

  it.each<[string, readonly string[], number, string, string, readonly string[]]>([
    ["a file", asUser, 0o444, "staging.yaml", "cannot write <CLONE>/staging.yaml (EACCES)", []],
    ["a repository", asUser, 0o555, ".git", "cannot write <CLONE>/.git/helm-notify.lock (EAC", []],
    ["a disk", onFullDisk, 0o644, "staging.yaml", "cannot write <CLONE>/staging.yaml (EFBIG)", []],
    [
      "a TMPDIR",
      onFullDisk,
      0o644,
      "staging.yaml",
      "cannot write to <HOME> (EFBIG)",
      ["--dry-run"],
    ],
  ])("%s", async (_, via, mode, path, message, options) => {
    const text = `${STAGING}# ${"x".repeat(2000)}\n`;
    const clone = await (await open({ ...FILES, "staging.yaml": text })).clone();
    chmodSync(join(clone.folder, path), mode);
    const end = await clone.bump([...to("api=1.4.0"), ...options], { via });
    chmodSync(join(clone.folder, path), 0o755);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    const places = { "<CLONE>": clone.folder, "<HOME>": join(clone.folder, "..") };
    const told = Object.entries(places).reduce(
      (line, [name, at]) => line.replace(name, at),
      message,
    );
    expect(end.stderr).toContain(told);
    expect(end.stderr).toContain("hint: ");
    expect(readFileSync(join(clone.folder, "staging.yaml"), "utf8")).toBe(text);
  });

  it("but a file keeps its mode and its other names", async () => {
    const clone = await (await open()).clone();
    const file = join(clone.folder, "staging.yaml");
    const other = join(clone.folder, "../other.yaml");
    chmodSync(file, 0o600);
    linkSync(file, other);
    clone.write("staging.yaml", `${STAGING}# longer\n`);
    await clone.git(["commit", "--quiet", "--all", "--message=Longer"]);
    expect(await clone.bump(to("api=1.4"))).toMatchObject({ code: 0 });
    expect(readFileSync(other, "utf8")).toBe(`${STAGING.replace("1.3.2", "1.4")}# longer\n`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

it("a tag that stands in the file and is not committed is not taken for done", async () => {
  const clone = await (await open()).clone();
  clone.write("staging.yaml", STAGING.replace("2.0.0", "2.0.1"));
  const end = await clone.bump(to("web=2.0.1"));
  expect(end).toMatchObject({ code: 1, stdout: "" });
  expect(end.stderr).toContain("staging.yaml has changes that are not committed");
  const shown = await clone.bump([...to("web=2.0.1"), "--dry-run"]);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
});

describe.each(["--repo", "--push"])("a branch that the server does not have yet (%s)", (way) => {
  const begin = async () => {
    const repository = await open();
    const clone = await repository.clone();
    expect(await clone.bump([...to("worker=main-3"), "--push"])).toMatchObject({ code: 0 });
    const options = [...(way === "--repo" ? [way, repository.url] : [way]), "--branch", "bump/api"];
    const subjects = () => repository.git(["log", "--format=%s", "bump/api"]).trim().split("\n");
    return { repository, clone, options, subjects };
  };

  it("begins at the default branch, and goes on from there", async () => {
    const { repository, clone, options, subjects } = await begin();
    const tip = repository.tip();
    await clone.git(["switch", "--quiet", "--create", "mine"]);
    const late = await clone.bump([...to("worker=main-2"), ...options]);
    expect(late).toMatchObject({ code: 1, stdout: "" });
    expect(late.stderr).toContain("worker is at main-3: main-2 stood there before");
    const first = await clone.bump([...to("api=1.4.0"), ...options]);
    expect(first).toMatchObject({ code: 0, stderr: "helm notify: bump/api is new: from main\n" });
    expect(first.stdout).toContain(" to bump/api: feat(staging)");
    expect(await clone.bump([...to("api=1.4.1"), ...options])).toMatchObject({
      code: 0,
      stderr: "",
    });
    expect(subjects()).toEqual([
      "feat(staging): update api to 1.4.1",
      "feat(staging): update api to 1.4.0",
      "feat(staging): update worker to main-3",
      "Begin",
    ]);
    expect(repository.tip()).toBe(tip);
  });

  it("is gone on from where another was faster", async () => {
    const { repository, clone, options, subjects } = await begin();
    const other = "git -c user.name=x -c user.email=x@x commit-tree -p main -m Faster main^{tree}";
    const lines = [
      "[ ! -e faster ] || exit 0; : > faster",
      "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY",
      `git update-ref refs/heads/bump/api $(${other})`,
    ];
    const hook = ["#!/bin/sh", ...lines, ""].join("\n");
    writeFileSync(placeOnServer(repository, "hooks/pre-receive"), hook, { mode: 0o755 });
    expect(await clone.bump([...to("api=1.4.0"), ...options])).toMatchObject({ code: 0 });
    expect(subjects().slice(0, 2)).toEqual(["feat(staging): update api to 1.4.0", "Faster"]);
  });

  it("is told where its name is in the way of another", async () => {
    const { repository, clone, options } = await begin();
    repository.git(["branch", "bump", "main"]);
    const end = await clone.bump([...to("api=1.4.0"), ...options]);
    expect(end).toMatchObject({ code: 1, stdout: "" });
    expect(end.stderr).toContain("push to bump/api: the Git server declined the push");
    expect(end.stderr).toContain("'refs/heads/bump' exists");
  });
});

it("the branch that is checked out is not begun on the server, for the user has", async () => {
  const clone = await (await open()).clone();
  await clone.git(["switch", "--quiet", "--create", "mine"]);
  const end = await clone.bump([...to("api=1.4.0"), "--push"]);
  expect(end).toMatchObject({ code: 1, stdout: "" });
  expect(end.stderr).toContain("fetch of mine: there is no such branch");
  expect(end.stderr).toContain("hint: Push it first, or name another with --branch.");
});

describe("a branch that others are always faster on", () => {
  it("is given up at the deadline, with nothing pushed and nothing left", async () => {
    const repository = await open();
    const clone = await repository.clone();
    const other = "git -c user.name=x -c user.email=x@x commit-tree -p main -m Faster main^{tree}";
    writeFileSync(
      placeOnServer(repository, "hooks/pre-receive"),
      `#!/bin/sh\nunset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY\ngit update-ref refs/heads/main $(${other})\n`,
      { mode: 0o755 },
    );
    const tip = (await clone.git(["rev-parse", "HEAD"])).stdout;
    for (const way of [["--push"], ["--repo", repository.url]]) {
      const end = await clone.bump([...to("api=1.4.0"), ...way, "--deadline", "3s"]);
      expect(end).toMatchObject({ code: 1, stdout: "" });
      expect(end.stderr).toMatch(/others pushed to main first, or the connection broke, \d+ times/);
      expect(end.stderr).toContain("--deadline 10m");
    }
    expect(repository.git(["log", "--format=%s", "main"]).trim().split("\n")).toEqual(
      expect.arrayContaining(["Faster", "Begin"]),
    );
    expect(repository.git(["log", "--format=%s", "main"])).not.toContain("feat(");
    expect((await clone.git(["rev-parse", "HEAD"])).stdout).toBe(tip);
    expect((await clone.git(["worktree", "list"])).stdout.trim().split("\n")).toHaveLength(1);
    expect(existsSync(join(clone.folder, ".git/worktrees"))).toBe(false);
  });
});

describe("an empty variable of a CI", () => {
  it.each(["--repo", "--branch", "--ssh-key", "--known-hosts", "--message", "--author"])(
    "for %s is told by name",
    async (option) => {
      const clone = await (await open()).clone();
      const end = await clone.bump([...to("api=1.4.0"), option, ""]);
      expect(end).toMatchObject({ code: 1, stdout: "" });
      expect(end.stderr).toContain(`${option} is empty`);
    },
  );
});
