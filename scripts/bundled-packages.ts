// The npm packages whose code a program brings along, and what their licences ask for.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");

/** Folders of the packages that contribute code, as the bundler sees them, in order. */
export async function bundledPackages(entries: readonly string[]): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [...entries],
    bundle: true,
    platform: "node",
    write: false,
    outdir: ".",
    metafile: true,
    logLevel: "error",
  });
  const inputs = Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([path]) => path),
  );
  const folders = inputs.flatMap(
    (path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].toSorted().map((folder) => join(ROOT, folder));
}

/** The licences of helm-notify, of these packages and of Node, whole. Refuses a package without one. */
export function licenceTexts(packages: readonly string[]): string {
  const node = globSync("node_modules/node/node_modules/node-{linux,darwin}-*", { cwd: ROOT });
  return [ROOT, ...packages, ...node.map((folder) => join(ROOT, folder))]
    .map(licenceText)
    .join("\n");
}

function licenceText(folder: string): string {
  const { name, version } = readManifest(folder);
  const [file] = globSync("LICEN{S,C}E*", { cwd: folder });
  if (file === undefined) throw new Error(`${folder} has no licence`);
  return `${"=".repeat(80)}\n${name} ${version}\n\n${readFileSync(join(folder, file), "utf8")}`;
}

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}
