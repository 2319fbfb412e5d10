// Running the real helm: its stdio, exit code and signals are the caller's.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { NotifyError } from "../domain/errors.ts";
import type { HelmExit, HelmOutput } from "../flow/ports.ts";
import { withTempFolder, writePrivate } from "../io/temp-folder.ts";

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

/** Runs helm on our own stdin, stdout and stderr; `given` stands in for open files that were read already, by their numbers. */
export async function runHelm(
  argv: readonly string[],
  world: RunWorld,
  given: ReadonlyMap<number, Buffer> = new Map(),
): Promise<HelmExit> {
  const { child, end } = await withFiles(given, (files) => {
    const standard = ["inherit", world.stdout ?? "inherit", "inherit"] as const;
    const length = Math.max(standard.length, ...[...files.keys()].map((last) => last + 1));
    // What is to be ignored there is left as it is.
    const stdio = Array.from({ length }, (_, at) => files.get(at) ?? standard[at] ?? "ignore");
    const started = spawn(world.bin, argv, { stdio, env: { ...world.env } });
    return { child: started, end: ended(started, world.bin) };
  });
  let isSignalled = false;
  const hand = (signal: NodeJS.Signals) => {
    isSignalled = true;
    child.kill(signal);
  };
  for (const signal of FORWARDED) world.onSignal(signal, () => hand(signal));
  const watch = world.endsWithParent ? watchParent(hand, world.parentPid) : undefined;
  try {
    const exit = await end;
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

/** Each content as an open file. No pipe: what Node makes of one cannot be opened by `/dev/fd/3`. */
async function withFiles<T>(
  contents: ReadonlyMap<number, Buffer>,
  use: (files: ReadonlyMap<number, number>) => T,
): Promise<T> {
  if (contents.size === 0) return use(new Map());
  return withTempFolder(async (folder) => {
    const files = new Map<number, number>();
    try {
      for (const [descriptor, content] of contents) {
        files.set(descriptor, openSync(writePrivate(folder, `${descriptor}`, content), "r"));
      }
      return use(files);
    } finally {
      for (const file of files.values()) closeSync(file);
    }
  });
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
