// Errors into words and exit codes: nobody else prints an error or picks an exit status.
import { NotifyError } from "../domain/errors.ts";

export interface Failure {
  /** Lines for stderr. */
  readonly lines: readonly string[];
  readonly exitCode: number;
}

/** Our own failures end with 1 and nothing changed; what is no `NotifyError` is a bug and shows its stack. */
export function toFailure(error: unknown): Failure {
  if (error instanceof NotifyError) {
    const hint = error.hint === undefined ? [] : [`hint: ${error.hint}`];
    return { lines: [...error.message.split("\n"), ...hint], exitCode: 1 };
  }
  // Commander throws for `--help` too, with exit code 0; what it had to say is printed by then.
  if (isCommanderError(error)) return { lines: [], exitCode: error.exitCode };
  if (isFolderGone(error)) {
    const hint = "hint: Change to a folder that is there.";
    return { lines: ["the folder this was started in is gone", hint], exitCode: 1 };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return {
    lines: ["this is a bug in helm-notify, please report it:", ...stack.split("\n")],
    exitCode: 1,
  };
}

/** Node's way of saying that it was deleted. */
function isFolderGone(error: unknown): boolean {
  return error instanceof Error && "syscall" in error && error.syscall === "uv_cwd";
}

function isCommanderError(error: unknown): error is { exitCode: number } {
  return (
    error instanceof Error &&
    "exitCode" in error &&
    typeof error.exitCode === "number" &&
    "code" in error &&
    String(error.code).startsWith("commander.")
  );
}
