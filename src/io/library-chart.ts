// The library chart that `init` hands out: inside the executable as assets, in the source tree as files.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { getAsset, getAssetKeys, isSea } from "node:sea";
import type { ChartTree } from "../flow/ports.ts";

/** An asset's key is the file's path in the source tree. */
const FOLDER = "chart-snippets/helm-notify";

/** The library chart's files, by their path in it. */
export function readLibraryChart(): ChartTree {
  return isSea() ? readAssets() : readSources();
}

function readAssets(): ChartTree {
  const keys = getAssetKeys().filter((key) => key.startsWith(`${FOLDER}/`));
  return new Map(keys.map((key) => [key.slice(FOLDER.length + 1), getAsset(key, "utf8")]));
}

function readSources(): ChartTree {
  const root = join(import.meta.dirname, "../..", FOLDER);
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  return new Map(
    files
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(root, path).split(sep).join("/"), readFileSync(path, "utf8")]),
  );
}
