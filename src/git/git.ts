// Runs the git of the machine: its configuration, hooks, signing and helpers are the user's.
import { spawn } from "node:child_process";
import { withoutPasswords } from "../domain/credentials-in-url.ts";
import { NotifyError } from "../domain/errors.ts";
import { errorCode } from "../io/network-error.ts";

export interface GitEnd {
  readonly code: number;
  readonly stdout: string;
  /** Without passwords. */
  readonly stderr: string;
}

interface GitCall {
  readonly cwd: string;
  readonly input?: string;
  readonly signal: AbortSignal;
}

export type RunGit = (argv: readonly string[], call: GitCall) => Promise<GitEnd>;

// Where a hook of git runs, they lead into its repository: https://git-scm.com/docs/githooks#_description
const PLACES = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_COMMON_DIR",
  "GIT_PREFIX",
];
// Values files and diffs of them; git's own answers are a few lines.
const MAX_BYTES = 64 * 1024 * 1024;

/** `env` is the whole environment; git never asks, and speaks English so that its words can be understood. */
export function createGit(env: Readonly<Record<string, string | undefined>>): RunGit {
  const kept = Object.entries(env).filter(([name]) => !PLACES.includes(name));
  const english = { LC_ALL: "C", LANGUAGE: "" };
  const ownEnv = { ...Object.fromEntries(kept), ...english, GIT_TERMINAL_PROMPT: "0" };
  return (argv, { cwd, input, signal }) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(tooSlow(argv));
        return;
      }
      const child = spawn("git", argv, { cwd, env: ownEnv, shell: false });
      const output = { stdout: collect(child.stdout), stderr: collect(child.stderr) };
      const stop = () => {
        // SIGTERM: git then removes its lock files. What it has started may hold the pipes open.
        child.kill("SIGTERM");
        child.stdout.destroy();
        child.stderr.destroy();
      };
      signal.addEventListener("abort", stop, { once: true });
      child.on("error", (cause) => {
        signal.removeEventListener("abort", stop);
        reject(
          new NotifyError("GIT_NOT_STARTED", `could not start git (${errorCode(cause)})`, {
            hint: "Install git, and check that the folder exists.",
            cause,
          }),
        );
      });
      child.on("close", (code) => {
        signal.removeEventListener("abort", stop);
        if (signal.aborted) reject(tooSlow(argv));
        else
          resolve({
            code: code ?? 1,
            stdout: output.stdout(),
            stderr: withoutPasswords(output.stderr()),
          });
      });
      // git may end without reading it.
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BYTES) chunks.push(chunk);
  });
  return () => Buffer.concat(chunks).toString();
}

function tooSlow(argv: readonly string[]): NotifyError {
  // Behind settings.
  const verb = argv.find((word) => /^[a-z][a-z-]*$/.test(word)) ?? "";
  return new NotifyError("GIT_TOO_SLOW", `git ${verb} was not done before the deadline`, {
    hint: "Check the connection to the repository, or give it more time with --deadline.",
  });
}
