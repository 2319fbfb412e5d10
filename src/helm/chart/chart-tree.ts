// The files of a chart, in a folder or in an archive. Only what is asked for is read.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fromDisk, readLocalFile } from "../local-file.ts";
import { readTarArchive } from "./tar-archive.ts";

export interface ChartTree {
  /** What messages call it. */
  readonly label: string;
  readonly read: (path: string) => Buffer | undefined;
  /** Names of the files and folders in a folder, sorted; empty where there is no such folder. */
  readonly list: (folder: string) => readonly string[];
}

/** Links are followed, as Helm does. */
export function folderTree(root: string): ChartTree {
  return {
    label: root,
    read: (path) =>
      statSync(join(root, path), { throwIfNoEntry: false })?.isFile()
        ? readLocalFile(join(root, path))
        : undefined,
    list: (folder) =>
      statSync(join(root, folder), { throwIfNoEntry: false })?.isDirectory()
        ? fromDisk(join(root, folder), (path) => readdirSync(path)).toSorted()
        : [],
  };
}

/** A packed chart: all its files lie in one folder. Throws on what is no gzipped tar. */
export function archiveTree(label: string, archive: Uint8Array): ChartTree {
  const files = new Map(
    [...readTarArchive(archive)].map(([path, content]) => [withoutFirst(path), content]),
  );
  return {
    label,
    read: (path) => files.get(path),
    list: (folder) => {
      const inside = [...files.keys()].filter((path) => path.startsWith(`${folder}/`));
      const names = inside.map((path) => path.slice(folder.length + 1).split("/", 1)[0] ?? "");
      return [...new Set(names)].toSorted();
    },
  };
}

export function subtree(tree: ChartTree, folder: string): ChartTree {
  return {
    label: `${tree.label}/${folder}`,
    read: (path) => tree.read(`${folder}/${path}`),
    list: (inner) => tree.list(`${folder}/${inner}`),
  };
}

/** `shop/values.yaml` → `values.yaml`; archives made on Windows may have backslashes. */
function withoutFirst(path: string): string {
  return path.replaceAll("\\", "/").split("/").slice(1).join("/");
}
