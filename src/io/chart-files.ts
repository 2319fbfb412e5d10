// A chart's folder, as `init` reads and changes it.
import { mkdir, readdir, readFile, realpath, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { NotifyError } from "../domain/errors.ts";
import type { ChangeChart, ReadChartTree } from "../flow/ports.ts";
import { errorCode } from "./network-error.ts";

/** What `init` looks at. */
const RELEVANT =
  /^(?:(?:Chart|requirements|values)\.yaml|values\.schema\.json|(?:Chart|requirements)\.lock|charts\/helm-notify\/.*|templates\/(?:helm-notify\.yaml|NOTES\.txt))$/;
// https://helm.sh/docs/topics/charts/ - Helm itself refuses a file of more than 5 MiB.
const FILE_LIMIT_BYTES = 5 * 1024 * 1024;

/** Reads the text files of a chart; links are followed. */
export const readChartTree: ReadChartTree = async (directory) => {
  const isChart = await stat(join(directory, "Chart.yaml")).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!isChart) {
    throw new NotifyError("NOT_A_CHART", `${directory} holds no Chart.yaml`, {
      hint: "Give the folder of a chart.",
    });
  }
  const files = new Map<string, string>();
  for (const path of await listFiles(directory, "", new Set())) {
    if (RELEVANT.test(path)) files.set(path, await readText(join(directory, path)));
  }
  return files;
};

async function listFiles(
  root: string,
  folder: string,
  seen: ReadonlySet<string>,
): Promise<readonly string[]> {
  const place = await realpath(join(root, folder));
  // A link to a folder above would never end.
  if (seen.has(place)) return [];
  const names = (await readdir(place)).toSorted();
  const lists = await Promise.all(
    names.map(async (name) => {
      const path = folder === "" ? name : `${folder}/${name}`;
      const entry = await stat(join(root, path)).catch(() => undefined);
      if (entry?.isDirectory()) return listFiles(root, path, new Set([...seen, place]));
      return entry?.isFile() ? [path] : [];
    }),
  );
  return lists.flat();
}

async function readText(path: string): Promise<string> {
  const { size } = await stat(path);
  if (size > FILE_LIMIT_BYTES) {
    throw new NotifyError("FILE_TOO_LARGE", `${path} has ${size} bytes, more than Helm reads`);
  }
  return readFile(path, "utf8");
}

/** Changes a chart's files. What cannot be written is found out before the first file is replaced. */
export const changeChart: ChangeChart = async (directory, { writes, removals }) => {
  const staged: StagedFile[] = [];
  const folders: string[] = [];
  try {
    for (const [file, text] of writes) {
      const folder = await mkdir(dirname(join(directory, file)), { recursive: true });
      if (folder !== undefined) folders.push(folder);
      const target = await findTarget(join(directory, file));
      staged.push(target);
      await writeFile(target.part, text, { mode: target.mode });
    }
    for (const { part, path } of staged) await rename(part, path);
    for (const file of removals) await rm(join(directory, file), { force: true });
  } catch (cause) {
    await Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true })));
    throw new NotifyError("CANNOT_WRITE", `cannot write to ${directory}: ${errorCode(cause)}`, {
      hint: "Check what stands in the chart's folder, and your rights on it.",
      cause,
    });
  } finally {
    await Promise.all(staged.map(({ part }) => rm(part, { force: true })));
  }
};

interface StagedFile {
  readonly path: string;
  /** The new text, until it takes the file's place. */
  readonly part: string;
  readonly mode: number;
}

async function findTarget(named: string): Promise<StagedFile> {
  const path = await realpath(named).catch(() => named);
  const entry = await stat(path).catch(() => undefined);
  if (entry?.isDirectory()) throw Object.assign(new Error(named), { code: "EISDIR" });
  return { path, part: `${path}.helm-notify-part`, mode: entry?.mode ?? 0o666 };
}
