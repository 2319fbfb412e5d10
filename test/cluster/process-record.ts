// A process this project started, remembered in a file across runs; told apart from a later one with the same id.
import { readFileSync, writeFileSync } from "node:fs";

export interface ProcessRecord {
  readonly pid: number;
  /** In clock ticks since the machine started. */
  readonly startedAt: string;
}

export function recordProcess(path: string, pid: number | undefined): ProcessRecord {
  const startedAt = pid === undefined ? undefined : startOf(pid);
  if (pid === undefined || startedAt === undefined) throw new Error(`${path}: it did not start`);
  const record = { pid, startedAt };
  writeFileSync(path, JSON.stringify(record));
  return record;
}

/** The recorded process, if it runs. */
export function findProcess(path: string): ProcessRecord | undefined {
  const text = readIfThere(path);
  if (text === undefined) return undefined;
  const record: ProcessRecord = JSON.parse(text);
  return isRunning(record) ? record : undefined;
}

export function isRunning({ pid, startedAt }: ProcessRecord): boolean {
  return startOf(pid) === startedAt;
}

/** `undefined` where there is no such process, or one that has ended and only waits to be reaped. */
function startOf(pid: number): string | undefined {
  // https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html - the name, in parentheses, may hold anything.
  const fields = readIfThere(`/proc/${pid}/stat`)
    ?.replace(/^.*\) /s, "")
    .split(" ");
  return fields?.[0] === "Z" ? undefined : fields?.[19];
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
