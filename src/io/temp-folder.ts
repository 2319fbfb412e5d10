// Temporary files that only the user can read, gone on every way out.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { NotifyError } from "../domain/errors.ts";
import { errorCode } from "./network-error.ts";

const open = new Set<string>();

/** Runs `use` with a new folder (0700, by mkdtemp), removed when it settles. */
export async function withTempFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = orRefuse(() => mkdtempSync(join(tmpdir(), "helm-notify-")));
  open.add(folder);
  try {
    return await use(folder);
  } finally {
    remove(folder);
  }
}

function orRefuse<T>(write: () => T): T {
  try {
    return write();
  } catch (cause) {
    throw new NotifyError("NO_TEMP_FILE", `cannot write to ${tmpdir()} (${errorCode(cause)})`, {
      hint: "Set TMPDIR to a folder that is there, is yours and has room.",
      cause,
    });
  }
}

/** Has a folder that somebody else removes in the end removed where a signal ends the process before. */
export async function removedOnSignal<T>(folder: string, use: () => Promise<T>): Promise<T> {
  open.add(folder);
  try {
    return await use();
  } finally {
    open.delete(folder);
  }
}

/** For a process that a signal ends: nothing settles any more. */
export function removeTempFolders(): void {
  for (const folder of open) remove(folder);
}

function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
  open.delete(folder);
}

/** Writes a file of 0600, with the folders it needs, and returns its path. */
export function writePrivate(folder: string, name: string, content: string | Buffer): string {
  const path = join(folder, name);
  orRefuse(() => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content, { mode: 0o600 });
  });
  return path;
}
