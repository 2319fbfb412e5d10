// A container as a local process: a group of its own, so that nothing it started outlives it.
import { spawn } from "node:child_process";
import { constants } from "node:os";

export interface ContainerProcess {
  /** The exit code; 128 + signal where one ended it, 127 where it could not start. */
  readonly ended: Promise<number>;
  /** Whole group; nothing happens once it has ended. */
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

export function startProcess(
  argv: readonly string[],
  options: {
    readonly cwd: string;
    readonly env: Record<string, string>;
    readonly onOutput: (text: string) => void;
  },
): ContainerProcess {
  const [program = "", ...args] = argv;
  const { cwd, env, onOutput } = options;
  const child = spawn(program, args, {
    cwd,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  child.stdout.setEncoding("utf8").on("data", onOutput);
  child.stderr.setEncoding("utf8").on("data", onOutput);
  const ended = new Promise<number>((resolve) => {
    child.on("error", (error) => {
      onOutput(`${error.message}\n`);
      resolve(127);
    });
    child.on("close", (code, signal) => {
      resolve(code ?? (signal === null ? 1 : 128 + constants.signals[signal]));
    });
  });
  return {
    ended,
    kill(signal) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      try {
        process.kill(-child.pid, signal);
      } catch {
        // The group ended in between.
      }
    },
  };
}
