// Who writes and commits in a work tree, one at a time: a file in Git's own folder says so.
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { NotifyError } from "../domain/errors.ts";
import type { Deadline } from "../flow/ports.ts";
import { errorCode } from "../io/network-error.ts";
import { cannotWrite } from "./failure.ts";

export interface LockWorld {
  readonly pid: number;
  readonly isRunning: (pid: number) => boolean;
  readonly deadline: Deadline;
  /** A line for the person. */
  readonly say: (line: string) => void;
}

interface Holder {
  readonly host: string;
  readonly pid: number;
  /** Its deadline, and what is done after that. */
  readonly untilMs: number;
}

const PAUSE_MS = 100;
const CLEANUP_MS = 30_000;

/** Runs `use` when no other holds the file. What a process has left that was killed is taken away. */
export async function withLock<T>(
  file: string,
  world: LockWorld,
  use: () => Promise<T>,
): Promise<T> {
  const { deadline, pid, say } = world;
  const untilMs = Math.ceil(Date.now() + deadline.remainingMs() + CLEANUP_MS);
  const own = `${hostname()} ${pid} ${untilMs}\n`;
  let isSaid = false;
  while (!create(file, own)) {
    const holder = readHolder(file);
    if (deadline.signal.aborted) throw busy(file, holder);
    if (isGone(holder, world)) removeLeft(file, world);
    else if (holder !== undefined && !isSaid) {
      say(`waiting for ${describe(holder)}`);
      isSaid = true;
    }
    await deadline.sleep(PAUSE_MS);
  }
  try {
    return await use();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Whether it was not there. */
function create(file: string, text: string): boolean {
  try {
    const handle = openSync(file, "wx");
    try {
      writeSync(handle, text);
    } catch (error) {
      rmSync(file);
      throw error;
    } finally {
      closeSync(handle);
    }
    return true;
  } catch (cause) {
    if (errorCode(cause) === "EEXIST") return false;
    throw cannotWrite(file, cause);
  }
}

/** `undefined` where there is none any more, or nothing in it yet. */
function readHolder(file: string): Holder | undefined {
  try {
    const [host = "", pid, untilMs] = readFileSync(file, "utf8").trim().split(" ");
    return host === "" ? undefined : { host, pid: Number(pid), untilMs: Number(untilMs) };
  } catch {
    return undefined;
  }
}

/** In a container the next process often has the number of the last. */
function isGone(holder: Holder | undefined, { pid, isRunning }: LockWorld): boolean {
  if (holder === undefined) return false;
  if (Date.now() > holder.untilMs) return true;
  return holder.host === hostname() && (holder.pid === pid || !isRunning(holder.pid));
}

/** One at a time: another could else take away what a third has made meanwhile. */
function removeLeft(file: string, world: LockWorld): void {
  const guard = `${file}.left`;
  if (!create(guard, "")) return;
  if (isGone(readHolder(file), world)) rmSync(file, { force: true });
  rmSync(guard);
}

function busy(file: string, holder: Holder | undefined): NotifyError {
  const who = holder === undefined ? "another helm notify" : describe(holder);
  return new NotifyError("WORK_TREE_BUSY", `no end came of ${who}`, {
    hint: `Run it again, with more time: --deadline 10m. If nothing runs there, remove ${file}.`,
  });
}

function describe({ host, pid }: Holder): string {
  return `another helm notify that commits in this work tree (process ${pid} on ${host})`;
}
