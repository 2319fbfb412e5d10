// A command run to its end, the way a shell would.
import { spawn } from "node:child_process";

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  readonly stdin?: string;
  /** Both streams as they come, as on a terminal. */
  readonly onOutput?: (text: string) => void;
  /** Kills the process: a test that hangs then says what was printed so far. */
  readonly timeoutMs?: number;
  /** Kills it too, and rejects. */
  readonly signal?: AbortSignal;
}

export function run(command: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [file = "", ...argv] = command;
  return new Promise((resolve, reject) => {
    const child = spawn(file, argv, {
      env: { ...(options.env ?? process.env) },
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal && { signal: options.signal }),
      timeout: options.timeoutMs ?? 100_000,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    const pass = options.onOutput ?? (() => {});
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      pass(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      pass(text);
    });
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    child.stdin.on("error", () => {});
    child.stdin.end(options.stdin ?? "");
  });
}
