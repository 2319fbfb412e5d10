// Opens a deployment repository to bump in it. What is to be pushed is made in a private copy (a shallow clone, or a work
// tree of its own beside the user's): it can be renewed when others push first, and the user's files are not touched
// before the push has come through.
import { rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { withoutPasswords } from "../domain/credentials-in-url.ts";
import { NotifyError } from "../domain/errors.ts";
import type { Checkout } from "../flow/ports.ts";
import { removedOnSignal, withTempFolder, writePrivate } from "../io/temp-folder.ts";
import { checkRemote, type GitAccess, gitEnvironment } from "./access.ts";
import { gitError, toGitFailure } from "./failure.ts";
import { createGit, type RunGit } from "./git.ts";
import { type LockWorld, withLock } from "./lock.ts";
import {
  checkClean,
  commitFile,
  currentBranch,
  type Git,
  must,
  overwrite,
  pushHead,
  readHead,
  readHistory,
  readRepositoryFile,
  refuseLeftOut,
} from "./working-copy.ts";

export interface CheckoutRequest {
  /** Address of a repository; else the one of the current folder. */
  readonly repo: string | undefined;
  readonly branch: string | undefined;
  /** Whether commits are to be pushed. */
  readonly mayPush: boolean;
  readonly author: string | undefined;
  readonly access: GitAccess;
}

export interface CheckoutWorld extends LockWorld {
  /** The folder the user stands in. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly random: () => number;
  /** Done first where a signal ends the process; returns the end of that. */
  readonly beforeEnd: (action: () => Promise<void>) => () => void;
}

/** Where a private copy comes from. */
interface Origin {
  readonly folder: string;
  readonly remote: string;
  readonly branch: string;
  /** The branch it begins at: another where it is new. */
  readonly from: string;
}

// There are none in a private copy, where `submodule.recurse` of the user's would look for them.
const NO_SUBMODULES = "--no-recurse-submodules";
// The user's sparse checkout is of no use there, and may leave out what is to be written.
const WITH_ALL_FILES = ["-c", "core.sparseCheckout=false"];
const CLEANUP_MS = 10_000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 3_000;
// Some ten seconds: a server that drops some of many is reached by then, a misspelt one need not be waited for.
const MOST_BREAKS = 8;

/** Opens the repository, and takes away what was made for it when `use` settles. */
export async function withCheckout<T>(
  request: CheckoutRequest,
  world: CheckoutWorld,
  use: (checkout: Checkout) => Promise<T>,
): Promise<T> {
  return withTempFolder(async (temp) => {
    if (request.repo !== undefined) return useClone(request, request.repo, temp, world, use);
    const git = at(createGit(world.env), world.folder, world.deadline.signal);
    const top = await topLevel(git);
    return request.mayPush
      ? useWorktree(request, top, temp, world, use)
      : useInPlace(request, top, temp, world, use);
  });
}

async function useInPlace<T>(
  { branch, author }: CheckoutRequest,
  folder: string,
  temp: string,
  world: CheckoutWorld,
  use: (checkout: Checkout) => Promise<T>,
): Promise<T> {
  const { env, say } = world;
  const stop = new AbortController();
  const signal = AbortSignal.any([world.deadline.signal, stop.signal]);
  const deadline = { ...world.deadline, signal };
  const git = at(createGit(env), folder, signal);
  let isWarned = false;
  const current = await currentBranch(git);
  if (branch !== undefined && branch !== current) {
    throw new NotifyError("OTHER_BRANCH", `this work tree is on ${current ?? "no branch"}`, {
      hint: `Add --push to commit to ${branch} on the remote, or git switch ${branch}.`,
    });
  }
  return use({
    branch: current,
    ...reading(git, folder, temp),
    readFile: async (path) => {
      const text = await readRepositoryFile(folder, path);
      if (text === undefined) await refuseLeftOut(git, path);
      return text;
    },
    readHistory: async function* (path, words) {
      if (!isWarned && (await isShallow(git))) {
        say("warning: this clone lacks its history: a tag may have stood there before");
        say("hint: Run git fetch --unshallow, or leave it to --push.");
        isWarned = true;
      }
      yield* readHistory(git, path, words);
    },
    exclusively: async (doing) => {
      const { stdout } = await must(git, ["rev-parse", "--git-path", "helm-notify.lock"]);
      const file = resolve(folder, stdout.trimEnd());
      const done = withLock(file, { ...world, deadline }, doing);
      const forget = world.beforeEnd(async () => {
        stop.abort();
        await Promise.allSettled([done]);
      });
      return done.finally(forget);
    },
    checkClean: (path) => checkClean(git, path),
    commit: async (path, text, message) => {
      if (current === undefined) throw detached();
      await checkClean(git, path);
      return commitOrPutBack(path, text, message);
    },
    push: () => Promise.reject(new Error("nothing is pushed from the user's work tree")),
    renew: () => Promise.reject(new Error("nothing is renewed in the user's work tree")),
  });

  async function commitOrPutBack(path: string, text: string, message: string): Promise<string> {
    const [head, before = ""] = [await readHead(git), await readRepositoryFile(folder, path)];
    try {
      return await commitFile(git, folder, path, text, message, author);
    } catch (error) {
      // It is committed all the same where git was ended in what comes after.
      const isCommitted = (await readHead(cleaningGit(env, folder))) !== head;
      if (!isCommitted) await putBack(path, before);
      throw error;
    }
  }

  /** What could not be written at all need not be. */
  async function putBack(path: string, text: string): Promise<void> {
    await overwrite(join(folder, path), text).catch(() => {});
    if ((await readRepositoryFile(folder, path)) === text) return;
    say(`warning: ${path} could not be put back: git restore does it`);
  }
}

async function useClone<T>(
  request: CheckoutRequest,
  repo: string,
  temp: string,
  world: CheckoutWorld,
  use: (checkout: Checkout) => Promise<T>,
): Promise<T> {
  const { deadline, env } = world;
  checkRemote(repo);
  const folder = join(temp, "checkout");
  const plain = at(createGit(env), temp, deadline.signal);
  const run = reachingGit(request, repo, temp, world, await hasOwnSsh(plain, env));
  const flags = ["--quiet", "--origin=origin", "--depth=1", "--single-branch", "--no-tags"];
  const clone = (...named: string[]) =>
    patiently(world, `clone of ${withoutPasswords(repo)}`, async () => {
      // What a broken attempt may have left.
      await rm(folder, { recursive: true, force: true });
      const argv = ["clone", ...flags, ...named, "--", repo, folder];
      return run(argv, { cwd: world.folder, signal: deadline.signal });
    });
  if (request.branch === undefined) await clone();
  else await clone("--branch", request.branch).catch(whereNew(request, () => clone()));
  const git = at(run, folder, deadline.signal);
  const from = await currentBranch(git);
  if (from === undefined) throw detached();
  const branch = request.branch ?? from;
  return use(privateCopy(git, { folder, remote: "origin", branch, from }, request, temp, world));
}

async function useWorktree<T>(
  request: CheckoutRequest,
  top: string,
  temp: string,
  world: CheckoutWorld,
  use: (checkout: Checkout) => Promise<T>,
): Promise<T> {
  const { signal } = world.deadline;
  const plain = at(createGit(world.env), top, signal);
  const current = await currentBranch(plain);
  const branch = request.branch ?? current;
  if (branch === undefined) throw detached();
  const remote =
    (await setting(plain, `branch.${branch}.remote`)) ??
    (await setting(plain, `branch.${current}.remote`)) ??
    "origin";
  const url = await plain(["remote", "get-url", "--push", remote]);
  if (url.code !== 0) {
    throw new NotifyError("NO_REMOTE", `there is no remote "${remote}" to push to`, {
      hint: "Add it with git remote add, or name a repository with --repo.",
    });
  }
  const isSshTheirs = await hasOwnSsh(plain, world.env);
  const run = reachingGit(request, url.stdout.trim(), temp, world, isSshTheirs);
  const folder = join(temp, "checkout");
  const users = at(run, top, signal);
  const git = at(run, folder, signal);
  const work = async () => {
    // Fetched here, for here is a FETCH_HEAD of our own: into the user's an editor may fetch another branch at any time.
    const beginAt = async (name: string) => {
      await renewCopy(git, remote, name, world);
      return name;
    };
    const from = await beginAt(branch).catch(
      whereNew(request, async () => beginAt(await defaultBranch(git, remote, world))),
    );
    const copy = privateCopy(git, { folder, remote, branch, from }, request, temp, world);
    return use({
      ...copy,
      commit: async (path, text, message) => {
        // It would not be brought up to date afterwards.
        if (branch === current) await checkClean(users, path);
        return copy.commit(path, text, message);
      },
      push: async () => {
        const end = await copy.push();
        if (end === "pushed" && branch === current) await followPush(git, users, world);
        return end;
      },
    });
  };
  await must(users, ["worktree", "add", "--quiet", "--no-checkout", "--detach", folder]);
  try {
    // What Git keeps of it in the user's repository.
    const { stdout: record } = await must(git, ["rev-parse", "--absolute-git-dir"]);
    return await removedOnSignal(record.trim(), work);
  } finally {
    await cleaningGit(world.env, top)(["worktree", "remove", "--force", folder]);
  }
}

/** Does something else where the branch that was named is not on the server yet. */
function whereNew<T>({ branch }: CheckoutRequest, begin: () => Promise<T>) {
  return async (error: unknown): Promise<T> => {
    const isNew = error instanceof NotifyError && error.code === "GIT_NO_BRANCH";
    if (branch === undefined || !isNew) throw error;
    return begin();
  };
}

/** Brings the user's branch to what was pushed, unless they have commits of their own. */
async function followPush(git: Git, users: Git, { say }: CheckoutWorld): Promise<void> {
  const { code } = await users(["merge", "--quiet", "--ff-only", await readHead(git)]);
  if (code !== 0)
    say("this work tree stays as it is: it has changes of its own; git pull brings the commit");
}

function privateCopy(
  git: Git,
  origin: Origin,
  { author }: CheckoutRequest,
  temp: string,
  world: CheckoutWorld,
): Checkout {
  const { folder, remote, branch, from } = origin;
  if (branch !== from) world.say(`${branch} is new: from ${from}`);
  let attempts = 0;
  return {
    branch,
    ...reading(git, folder, temp),
    readHistory: async function* (path, words) {
      if (await isShallow(git)) await fetchBranch(git, remote, from, world, ["--unshallow"]);
      yield* readHistory(git, path, words);
    },
    exclusively: (doing) => doing(),
    checkClean: () => Promise.resolve(),
    commit: (path, text, message) =>
      withReason(commitFile(git, folder, path, text, message, author)),
    push: () => withReason(pushHead(git, remote, branch)),
    renew: async () => {
      attempts++;
      await pause(attempts, world);
      await withReason(renewCopy(git, remote, branch, world));
    },
  };

  /** After some attempts the deadline is not a matter of a slow connection. */
  async function withReason<T>(doing: Promise<T>): Promise<T> {
    try {
      return await doing;
    } catch (error) {
      throw attempts > 0 && world.deadline.signal.aborted ? neverFirst(branch, attempts) : error;
    }
  }
}

async function renewCopy(
  git: Git,
  remote: string,
  branch: string,
  world: CheckoutWorld,
): Promise<void> {
  await fetchBranch(git, remote, branch, world);
  const argv = [...WITH_ALL_FILES, "reset", "--quiet", "--hard", NO_SUBMODULES, "FETCH_HEAD"];
  await must(git, argv, "git reset");
}

function reading(git: Git, folder: string, temp: string): Pick<Checkout, "readFile" | "diff"> {
  return {
    readFile: (path) => readRepositoryFile(folder, path),
    diff: async (path, text) => {
      const before = (await readRepositoryFile(folder, path)) ?? "";
      for (const [side, content] of [
        ["a", before],
        ["b", text],
      ] as const) {
        writePrivate(join(temp, "diff", side), path, content);
      }
      const names = [`a/${path}`, `b/${path}`];
      const config = ["-C", join(temp, "diff"), "-c", "core.quotePath=false"];
      const diff = ["diff", "--no-index", "--no-prefix", "--no-ext-diff", "--no-color"];
      return (await git([...config, ...diff, "--", ...names])).stdout;
    },
  };
}

function reachingGit(
  { access }: CheckoutRequest,
  remote: string,
  temp: string,
  { env, folder }: CheckoutWorld,
  isSshTheirs: boolean,
): RunGit {
  const added = gitEnvironment(access, { remote, env, isSshTheirs, temp, folder });
  return createGit({ ...env, ...added });
}

async function fetchBranch(
  git: Git,
  remote: string,
  branch: string,
  world: CheckoutWorld,
  flags: readonly string[] = [],
): Promise<void> {
  const always = ["fetch", "--quiet", "--no-tags", NO_SUBMODULES];
  const argv = [...always, ...flags, remote, `refs/heads/${branch}`];
  await patiently(world, `fetch of ${branch}`, () => git(argv));
}

async function defaultBranch(git: Git, remote: string, world: CheckoutWorld): Promise<string> {
  const argv = ["ls-remote", "--symref", remote, "HEAD"];
  const { stdout } = await patiently(world, `look at ${remote}`, () => git(argv));
  const [, name] = /^ref: refs\/heads\/(\S+)\tHEAD$/m.exec(stdout) ?? [];
  if (name !== undefined) return name;
  throw new NotifyError("NO_DEFAULT_BRANCH", `${remote} does not say what its default branch is`, {
    hint: "Name a branch that is there with --branch.",
  });
}

/** Tries again where the connection broke: servers drop some of many that come at once. */
async function patiently(
  world: CheckoutWorld,
  doing: string,
  action: () => ReturnType<Git>,
): ReturnType<Git> {
  for (let attempt = 1; ; attempt++) {
    const end = await action();
    if (end.code === 0) return end;
    const failure = toGitFailure(doing, end.stderr);
    if (failure.kind === "refused") throw failure.error;
    await pause(attempt, world);
    const isEnough = attempt === MOST_BREAKS || world.deadline.signal.aborted;
    if (isEnough && failure.kind === "broken") throw failure.error;
  }
}

/** Any time up to a limit that doubles: who was late together would else be late together again. */
async function pause(attempt: number, { deadline, random }: CheckoutWorld): Promise<void> {
  await deadline.sleep(random() * Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempt));
}

async function topLevel(git: Git): Promise<string> {
  const { code, stdout, stderr } = await git(["rev-parse", "--show-toplevel"]);
  if (code === 0) return stdout.replace(/\n$/, "");
  if (!/not a git repository|must be run in a work tree/.test(stderr)) {
    throw gitError("GIT_FAILED", "git does not work in this folder", stderr);
  }
  throw new NotifyError("NOT_A_REPOSITORY", "this folder is in no work tree of Git", {
    hint: "Change to the deployment repository, or name it with --repo.",
  });
}

async function isShallow(git: Git): Promise<boolean> {
  const { stdout } = await must(git, ["rev-parse", "--is-shallow-repository"]);
  return stdout.trim() === "true";
}

/** Whether the user told git how to start ssh. */
async function hasOwnSsh(git: Git, env: CheckoutWorld["env"]): Promise<boolean> {
  const said = env["GIT_SSH_COMMAND"] ?? env["GIT_SSH"] ?? (await setting(git, "core.sshCommand"));
  return said !== undefined;
}

async function setting(git: Git, name: string): Promise<string | undefined> {
  const { code, stdout } = await git(["config", "--get", name]);
  return code === 0 ? stdout.trim() : undefined;
}

function at(run: RunGit, cwd: string, signal: AbortSignal): Git {
  return (argv, input) => run(argv, { cwd, signal, ...(input === undefined ? {} : { input }) });
}

/** For what is to be done when the deadline is over, too. */
function cleaningGit(env: CheckoutWorld["env"], cwd: string): Git {
  return at(createGit(env), cwd, AbortSignal.timeout(CLEANUP_MS));
}

function detached(): NotifyError {
  return new NotifyError("DETACHED_HEAD", "HEAD is detached: a commit would be on no branch", {
    hint: "Say --branch BRANCH with --push, or git switch to a branch first.",
  });
}

function neverFirst(branch: string, attempts: number): NotifyError {
  const problem = `others pushed to ${branch} first, or the connection broke, ${attempts} times`;
  return new NotifyError("GIT_OVERTAKEN", problem, {
    hint: "Run it again, with more time: --deadline 10m.",
  });
}
