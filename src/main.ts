// Composition root of the plugin: hands the world to the parts. The only file of src that touches `process`.
import { accessSync, constants, realpathSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { constants as osConstants, userInfo } from "node:os";
import { dispatch } from "./cli/dispatch.ts";
import { toFailure } from "./cli/report.ts";
import { NotifyError } from "./domain/errors.ts";
import type { HelmExit } from "./flow/ports.ts";
import { commandPlaces } from "./helm/argv.ts";
import { findHelm } from "./helm/binary.ts";
import { endAsked, FORWARDED, type RunWorld, runHelm } from "./helm/run.ts";
import type { Host } from "./host.ts";
import { removeTempFolders } from "./io/temp-folder.ts";

/** Set by the build. */
declare const VERSION: string;

// More than helmfile → helm-notify → helm → plugin ever needs; a `helm` script that starts helm-notify has no end.
const MAX_DEPTH = 5;

const lastActions = new Set<() => Promise<void>>();
let isInterrupted = false;
let isCutOff = false;

void main();

async function main(): Promise<void> {
  process.stdout.on("error", cannotWrite);
  process.stderr.on("error", () => {});
  for (const signal of FORWARDED) process.on(signal, interrupted);
  try {
    end(await start(process.argv.slice(2)));
  } catch (error) {
    if (isInterrupted) return;
    const { lines, exitCode } = toFailure(error);
    for (const line of lines) say(line);
    process.exitCode = exitCode;
  }
}

async function start(argv: readonly string[]): Promise<HelmExit> {
  const places = commandPlaces(argv);
  const [at = -1] = places;
  const what = dispatch(argv, places);
  switch (what.kind) {
    case "version":
      process.stdout.write(`${version()}\n`);
      return { kind: "exited", code: 0 };
    case "helm":
      return runHelm(argv, runWorld());
    case "deploy": {
      const { deploy } = await import("./helm-commands.ts");
      return deploy(argv, places, what.verb, host());
    }
    case "told": {
      const { tell } = await import("./helm-commands.ts");
      return tell(argv, places, what.verb, host());
    }
    case "complete": {
      const { completeWords } = await import("./own-commands.ts");
      return completeWords(what.words, host());
    }
    case "own": {
      const { runOwn } = await import("./own-commands.ts");
      return runOwn(
        [...argv.slice(at, at + 1), ...argv.slice(0, Math.max(at, 0)), ...argv.slice(at + 1)],
        host(),
      );
    }
  }
}

function host(): Host {
  return {
    env: environment(),
    version: version(),
    pid: process.pid,
    isRunning,
    isInteractive: process.stdin.isTTY,
    // https://no-color.org
    isColoured: process.stdout.isTTY && !process.env["NO_COLOR"],
    say,
    writeOut: (text) => void process.stdout.write(text),
    terminal: { input: process.stdin, output: process.stderr },
    readDescriptor,
    helm: runWorld,
    beforeEnd: (action) => {
      lastActions.add(action);
      return () => lastActions.delete(action);
    },
  };
}

/** With a name for the user where nothing says one, as in containers. */
function environment(): NodeJS.ProcessEnv {
  const { USER, LOGNAME, USERNAME } = process.env;
  return USER || LOGNAME || USERNAME ? process.env : { ...process.env, USER: userName() };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}

function version(): string {
  return typeof VERSION === "undefined" ? "0.0.0-source" : VERSION;
}

function say(line: string): void {
  process.stderr.write(`helm notify: ${line}\n`);
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: another user's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

async function readDescriptor(descriptor: number): Promise<Buffer> {
  if (descriptor !== 0) return readFile(`/dev/fd/${descriptor}`);
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function runWorld(): RunWorld {
  const depth = Number(process.env["HELM_NOTIFY_DEPTH"] ?? 0) + 1;
  const bin = findHelm({
    env: process.env,
    self: realpathSync(process.execPath),
    resolveExecutable,
  });
  if (depth > MAX_DEPTH) {
    throw new NotifyError("HELM_IS_OURSELVES", `${bin} starts helm-notify again, ${depth} deep`, {
      hint: "Set HELM_NOTIFY_HELM to the path of the real helm.",
    });
  }
  return {
    bin,
    env: { ...process.env, HELM_NOTIFY_DEPTH: String(depth) },
    onSignal: (signal, listener) => {
      // In this order: without any listener Node drops a signal that has come.
      process.on(signal, listener);
      process.removeListener(signal, interrupted);
    },
    parentPid: () => process.ppid,
    endsWithParent: process.env["HELM_PLUGIN_DIR"] !== undefined,
  };
}

function resolveExecutable(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? realpathSync(path) : undefined;
  } catch {
    return undefined;
  }
}

/** Before Helm runs there is nothing to hand a signal to. What we wrote may hold values: it goes. */
function interrupted(signal: NodeJS.Signals): void {
  isInterrupted = true;
  endAsked();
  removeTempFolders();
  void Promise.allSettled([...lastActions].map((action) => action())).then(() =>
    end({ kind: "killed", signal }),
  );
}

/** A closed pipe (`… | head`) is the reader's choice, not an error; a full disk is one. */
function cannotWrite({ code, message }: NodeJS.ErrnoException): void {
  if (code === "EPIPE" || isCutOff) return;
  isCutOff = true;
  say(`cannot write what was asked for: ${message}`);
  process.exitCode = 1;
}

/** Ends as Helm ended. The exit code comes first: Node ignores SIGPIPE and would end with 0. */
function end(exit: HelmExit): void {
  if (exit.kind === "exited") {
    process.exitCode = isCutOff ? 1 : exit.code;
    return;
  }
  process.exitCode = 128 + osConstants.signals[exit.signal];
  process.removeAllListeners(exit.signal);
  process.kill(process.pid, exit.signal);
}
