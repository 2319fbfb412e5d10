// Running the real helm: its stdio, exit code and signals are the caller's.
import { type ChildProcess, spawn } from "node:child_process";
import { NotifyError } from "../domain/errors.ts";
import type { HelmExit, HelmOutput } from "../flow/ports.ts";

/** Signals a person or a CI runner ends a deploy with. Helm marks the release failed on INT and TERM. */
export const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const PARENT_CHECK_MS = 300;

export interface RunWorld {
  readonly bin: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onSignal: (signal: NodeJS.Signals, listener: () => void) => void;
  readonly parentPid: () => number;
  /** As a plugin we outlive a killed outer helm: it has no signal handling and tells us nothing (Helm 3 and 4, tried). */
  readonly endsWithParent: boolean;
  /** Where helm's stdout goes, if not to ours. */
  readonly stdout?: 2;
}

/** Runs helm on our own stdin, stdout and stderr; `input` stands in for a stdin that was read already. */
export async function runHelm(
  argv: readonly string[],
  world: RunWorld,
  input?: Buffer,
): Promise<HelmExit> {
  const child = spawn(world.bin, argv, {
    stdio: [input === undefined ? "inherit" : "pipe", world.stdout ?? "inherit", "inherit"],
    env: { ...world.env },
  });
  if (input !== undefined) {
    // Helm may end without reading it: EPIPE is then no news.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
  }
  let isSignalled = false;
  const hand = (signal: NodeJS.Signals) => {
    isSignalled = true;
    child.kill(signal);
  };
  for (const signal of FORWARDED) world.onSignal(signal, () => hand(signal));
  const watch = world.endsWithParent ? watchParent(hand, world.parentPid) : undefined;
  try {
    const exit = await ended(child, world.bin);
    return {
      ...exit,
      // Also of what comes when Helm has ended, for who has more to run.
      get isSignalled() {
        return isSignalled;
      },
    };
  } finally {
    clearInterval(watch);
  }
}

function watchParent(
  hand: (signal: NodeJS.Signals) => void,
  parentPid: () => number,
): NodeJS.Timeout {
  const parent = parentPid();
  return setInterval(() => {
    if (parentPid() !== parent) hand("SIGTERM");
  }, PARENT_CHECK_MS);
}

function ended(child: ChildProcess, bin: string): Promise<HelmExit> {
  return new Promise((resolve, reject) => {
    child.on("error", (cause) => reject(notStarted(bin, cause)));
    child.on("close", (code, signal) =>
      resolve(signal === null ? { kind: "exited", code: code ?? 1 } : { kind: "killed", signal }),
    );
  });
}

const asked = new Set<ChildProcess>();

/** For a process that a signal ends: nobody waits for these answers any more. */
export function endAsked(): void {
  for (const child of asked) child.kill();
}

/** Runs helm for its output: small answers, such as `helm get all`. */
export async function readHelm(
  argv: readonly string[],
  world: Pick<RunWorld, "bin" | "env">,
  limits: { timeoutMs: number; maxBytes: number; input?: Buffer },
): Promise<HelmOutput> {
  const child = spawn(world.bin, argv, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...world.env },
    timeout: limits.timeoutMs,
  });
  asked.add(child);
  child.on("close", () => asked.delete(child));
  child.stdin.on("error", () => {});
  child.stdin.end(limits.input);
  const [exit, stdout, stderr] = await Promise.all([
    ended(child, world.bin),
    readAll(child.stdout, limits.maxBytes),
    readAll(child.stderr, limits.maxBytes),
  ]);
  if (exit.kind === "exited") return { code: exit.code, stdout, stderr };
  throw new NotifyError(
    "HELM_KILLED",
    `helm ${argv[0] ?? ""} was ended by ${exit.signal}, after ${limits.timeoutMs / 1000}s at the latest`,
    { hint: "Run it by hand, to see what it waits for." },
  );
}

async function readAll(stream: NodeJS.ReadableStream, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBytes) {
      throw new NotifyError("HELM_OUTPUT_TOO_LARGE", `helm answered more than ${maxBytes} bytes`);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString();
}

function notStarted(bin: string, cause: Error): NotifyError {
  return new NotifyError("HELM_NOT_STARTED", `could not start ${bin}: ${cause.message}`, {
    hint: "Set HELM_NOTIFY_HELM to the path of the real helm.",
    cause,
  });
}
