// Temporary files that only the user can read, gone on every way out.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const open = new Set<string>();

/** Runs `use` with a new folder (0700, by mkdtemp), removed when it settles. */
export async function withTempFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "helm-notify-"));
  open.add(folder);
  try {
    return await use(folder);
  } finally {
    remove(folder);
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

/** Writes a file of 0600 and returns its path. */
export function writePrivate(folder: string, name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}
