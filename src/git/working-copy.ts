// A folder with a repository's files in it: what is read, committed and pushed there. Whose folder it is, and what is
// left of it, is checkout.ts's affair.
import { lstat, open, readFile, realpath } from "node:fs/promises";
import { dirname, join, posix } from "node:path";
import { NotifyError } from "../domain/errors.ts";
import { errorCode } from "../io/network-error.ts";
import { cannotWrite, gitError, toGitFailure } from "./failure.ts";
import type { GitEnd, RunGit } from "./git.ts";

const IGNORED_MS = 10_000;

/** Runs git in the folder. */
export type Git = (argv: readonly string[], input?: string) => Promise<GitEnd>;

/** Its text; `undefined` where there is no such file. Refuses links and what is no UTF-8: an edit would not be bytewise. */
export async function readRepositoryFile(
  folder: string,
  path: string,
): Promise<string | undefined> {
  const file = join(folder, path);
  try {
    const [root, parent] = await Promise.all([realpath(folder), realpath(dirname(file))]);
    if (parent !== join(root, dirname(path)) || (await lstat(file)).isSymbolicLink()) {
      throw new NotifyError("LINKED_FILE", `${path} is reached by a symbolic link`, {
        hint: "Name the file itself in helm-notify.yaml.",
      });
    }
    const bytes = await readFile(file);
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof NotifyError) throw error;
    const code = errorCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    const problem = code.startsWith("ERR_ENCODING") ? "it is not UTF-8 text" : code;
    throw new NotifyError("UNREADABLE_FILE", `${path} cannot be read: ${problem}`, {
      hint: "Correct the file.",
      cause: error,
    });
  }
}

/** Whether .gitignore leaves out a file that is not committed yet. Without Git, or outside of a repository, nothing does. */
export async function isIgnored(git: RunGit, folder: string, path: string): Promise<boolean> {
  const signal = AbortSignal.timeout(IGNORED_MS);
  try {
    const { code } = await git(["check-ignore", "--quiet", path], { cwd: folder, signal });
    return code === 0;
  } catch (error) {
    if (error instanceof NotifyError) return false;
    throw error;
  }
}

/** The name of the branch, unless HEAD is detached. */
export async function currentBranch(git: Git): Promise<string | undefined> {
  const { code, stdout } = await git(["symbolic-ref", "--quiet", "--short", "HEAD"]);
  return code === 0 ? stdout.trim() : undefined;
}

export async function* readHistory(
  git: Git,
  path: string,
  words: readonly string[],
): AsyncIterable<string> {
  const pattern = words.map((word) => word.replaceAll(/[.+*?()[\]{}|^$\\]/g, "\\$&")).join("|");
  const { stdout } = await must(git, [
    "log",
    "--reverse",
    "--format=%H",
    "--no-show-signature",
    `-G${pattern}`,
    "--",
    literal(path),
  ]);
  for (const commit of stdout.split("\n").filter(Boolean)) {
    const shown = await git(["show", `${commit}:${path}`]);
    if (shown.code === 0) yield shown.stdout;
  }
}

/** Refuses a file that is in the repository, and not in the work tree by the user's own choice. */
export async function refuseLeftOut(git: Git, path: string): Promise<void> {
  const { stdout } = await must(git, ["ls-files", "-t", "--", literal(path)]);
  if (!stdout.startsWith("S ")) return;
  throw new NotifyError("LEFT_OUT_FILE", `${path} is left out by the sparse checkout`, {
    hint: `Run git sparse-checkout add ${posix.dirname(path)}, or leave it to --push.`,
  });
}

/** Refuses a file that the user has changed, and one that is not the repository's: new, ignored, or a submodule's. */
export async function checkClean(git: Git, path: string): Promise<void> {
  const known = await must(git, ["ls-files", "--", literal(path)]);
  if (known.stdout === "") {
    throw new NotifyError("UNKNOWN_FILE", `${path} is not in the repository`, {
      hint: `Commit ${path} first, or name another file in helm-notify.yaml.`,
    });
  }
  const { stdout } = await must(git, [
    // Others may commit meanwhile.
    "--no-optional-locks",
    "status",
    "--porcelain",
    "--",
    literal(path),
  ]);
  if (stdout === "") return;
  throw new NotifyError("DIRTY_FILE", `${path} has changes that are not committed`, {
    hint: `Commit ${path} first, or put it back with git restore.`,
  });
}

/** Else git takes `*`, `?` and `[` in it for a pattern. */
function literal(path: string): string {
  return `:(literal)${path}`;
}

/** Writes and commits one file, with the user's hooks, identity and signing. */
export async function commitFile(
  git: Git,
  folder: string,
  path: string,
  text: string,
  message: string,
  author: string | undefined,
): Promise<string> {
  const identity = author === undefined ? [] : await identityArgv(git, author);
  await overwrite(join(folder, path), text);
  // `--only`: what else is staged stays so.
  const argv = [...identity, "commit", "--quiet", "--only", "--file=-"];
  const byline = author === undefined ? [] : [`--author=${author}`];
  await must(git, [...argv, ...byline, "--", literal(path)], "the commit", message);
  return readHead(git);
}

/** In place: mode, owner and hard links stay. What is not reached stays too: a full disk cuts nothing off. */
export async function overwrite(file: string, text: string): Promise<void> {
  try {
    const handle = await open(file, "r+");
    try {
      await handle.writeFile(text);
      await handle.truncate(Buffer.byteLength(text));
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw cannotWrite(file, cause);
  }
}

/** The commit that is checked out. */
export async function readHead(git: Git): Promise<string> {
  return (await must(git, ["rev-parse", "HEAD"])).stdout.trim();
}

/** The author commits too, where git knows of nobody else. */
async function identityArgv(git: Git, author: string): Promise<string[]> {
  const [, name = "", email = ""] = /^(.*\S)\s*<([^<>\s]+)>$/.exec(author) ?? [];
  if (email === "") {
    throw new NotifyError("BAD_AUTHOR", `--author is "${author}"`, {
      hint: 'Write it like "Name <name@example.com>".',
    });
  }
  const { code } = await git(["var", "GIT_COMMITTER_IDENT"]);
  return code === 0 ? [] : ["-c", `user.name=${name}`, "-c", `user.email=${email}`];
}

export async function pushHead(
  git: Git,
  remote: string,
  branch: string,
): Promise<"pushed" | "overtaken"> {
  // The user's own tags are none of ours, whatever push.followTags says.
  const flags = ["--quiet", "--porcelain", "--no-follow-tags"];
  const argv = ["push", ...flags, remote, `HEAD:refs/heads/${branch}`];
  const { code, stdout, stderr } = await git(argv);
  if (code === 0) return "pushed";
  const failure = toGitFailure(`push to ${branch}`, `${stdout}\n${stderr}`);
  if (failure.kind === "refused") throw failure.error;
  return "overtaken";
}

/** Runs git and refuses its failure. `what` failed, for the message. */
export async function must(
  git: Git,
  argv: readonly string[],
  what = `git ${argv[0]}`,
  input?: string,
): Promise<GitEnd> {
  const end = await git(argv, input);
  if (end.code === 0) return end;
  if (/tell me who you are|unable to auto-detect email|empty ident name/i.test(end.stderr)) {
    throw new NotifyError("GIT_NO_IDENTITY", "git does not know who commits", {
      hint: 'Set user.name and user.email in git config, or say --author "Name <name@example.com>".',
    });
  }
  throw gitError("GIT_FAILED", `${what} failed`, end.stderr || end.stdout);
}
