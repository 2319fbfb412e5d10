// What git's words on a failure mean. They are the only sign there is: its exit status is 1 or 128 for all of them.
import { NotifyError } from "../domain/errors.ts";
import { errorCode } from "../io/network-error.ts";

export type GitFailure =
  /** Another push came first. */
  | { readonly kind: "overtaken" }
  /** The connection broke: to be tried again. */
  | { readonly kind: "broken"; readonly error: NotifyError }
  | { readonly kind: "refused"; readonly error: NotifyError };

// What git push says where the branch is another than it was told, as builtin/send-pack.c and builtin/receive-pack.c of
// git 2.39 and their servers word it.
const OVERTAKEN =
  /\[rejected\].*\((?:fetch first|non-fast-forward|stale info)\)|cannot lock ref|failed to update ref|incorrect old value provided/;

// Then the branch is as it was told, and cannot be written.
const UNWRITABLE =
  /exists; cannot create|Permission denied$|Read-only file system|No space left on device/m;

// In this order: the first that fits says what to do.
const REFUSALS = [
  {
    code: "GIT_HOST_KEY",
    words: /Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED/,
    problem: "the host key of the Git server is not known, or another one",
    hint: "Put the server's key into a file and name it with --known-hosts (ssh-keyscan prints it; compare it first).",
  },
  {
    code: "GIT_PUSH_DECLINED",
    words:
      /\[remote rejected\]|pre-receive hook declined|protected branch|not allowed to (?:push|upload)|Permission to .* denied|write access|deploy key|(?:marked as|is) read[- ]only|not authorized to write/i,
    problem: "the Git server declined the push",
    hint: "Give this key or token the right to push to the branch, or push to another one with --branch.",
  },
  {
    code: "GIT_UNAUTHORIZED",
    words:
      /Permission denied \(|Authentication failed|could not read Username|could not read Password|Invalid username or (?:password|token)|error: 40[13]\b|invalid credentials|Load key /i,
    problem: "the Git server did not accept the credentials",
    hint: "Check --ssh-key or HELM_NOTIFY_SSH_KEY, or for HTTPS HELM_NOTIFY_GIT_PASSWORD.",
  },
  {
    code: "GIT_NO_BRANCH",
    words: /Remote branch .* not found|couldn't find remote ref/i,
    problem: "there is no such branch",
    hint: "Push it first, or name another with --branch.",
  },
  {
    code: "GIT_NOT_FOUND",
    words: /Repository not found|does not appear to be a git repository|repository '.*' not found/i,
    problem: "there is no such repository or branch, or these credentials may not see it",
    hint: "Check --repo and --branch.",
  },
  {
    code: "GIT_CHECKOUT_FAILED",
    words: /Clone succeeded, but checkout failed/,
    problem: "the files could not be written",
    hint: "Check the space on the disk, and the filters that git config names, such as Git LFS.",
  },
] as const;

const BROKEN =
  /Connection (?:closed|reset|refused|timed out)|kex_exchange_identification|Could not resolve|early EOF|unexpected disconnect|hung up unexpectedly|Operation timed out|Network is unreachable|RPC failed|error: 5\d\d\b|error: 429\b|Failed to connect|Empty reply/i;

/** `doing` is what failed, for the message: `push to main`. */
export function toGitFailure(doing: string, stderr: string): GitFailure {
  if (OVERTAKEN.test(stderr) && !UNWRITABLE.test(stderr)) return { kind: "overtaken" };
  const known = REFUSALS.find(({ words }) => words.test(stderr));
  if (known !== undefined) {
    const { code, problem, hint } = known;
    return { kind: "refused", error: gitError(code, `${doing}: ${problem}`, stderr, hint) };
  }
  if (BROKEN.test(stderr)) {
    const hint = "Check the address and the network.";
    const problem = `${doing}: the Git server could not be reached`;
    return { kind: "broken", error: gitError("GIT_UNREACHABLE", problem, stderr, hint) };
  }
  return { kind: "refused", error: gitError("GIT_FAILED", `${doing} failed`, stderr) };
}

export function cannotWrite(file: string, cause: unknown): NotifyError {
  const code = errorCode(cause);
  const isFull = ["ENOSPC", "EDQUOT", "EFBIG"].includes(code);
  return new NotifyError("CANNOT_WRITE", `cannot write ${file} (${code})`, {
    hint: isFull ? "Make room on that disk." : "Give yourself the right to write it.",
    cause,
  });
}

/** With git's own words below. */
export function gitError(
  code: string,
  problem: string,
  stderr: string,
  hint?: string,
): NotifyError {
  const lines = stderr.split("\n").map((line) => line.trimEnd());
  const said = lines.filter((line) => line !== "" && !/^(?:hint|To |Cloning)/.test(line)).slice(-8);
  const message = [problem, ...said.map((line) => `  ${line}`)].join("\n");
  return new NotifyError(code, message, hint === undefined ? {} : { hint });
}
