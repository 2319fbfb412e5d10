// Charts of a test, rendered by the real Helm.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { parseAllDocuments, stringify } from "yaml";
import { type HelmMajor, helmPath } from "../../scripts/toolbox.ts";
import type { KubeObject } from "./kube/json.ts";
import { type Finished, run } from "./process.ts";
import { copyLibraryChart } from "./shop-chart.ts";

export interface Rendered extends Finished {
  readonly objects: readonly KubeObject[];
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "helm-notify-chart-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Text is written as it is, anything else as YAML. */
export function writeChart(folder: string, files: Readonly<Record<string, unknown>>): string {
  for (const [file, content] of Object.entries(files)) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === "string" ? content : stringify(content));
  }
  return folder;
}

/** A chart with nothing but the library chart, its includes and these values. */
export function writeAnnouncedChart(
  folder: string,
  values: object,
  metadata: Readonly<Record<string, unknown>> = {},
): string {
  const dependency = { name: "helm-notify", version: "*" };
  const defaults = { apiVersion: "v2", name: "shop", version: "1.2.3", dependencies: [dependency] };
  writeChart(folder, {
    "Chart.yaml": { ...defaults, ...metadata },
    "values.yaml": values,
    "templates/helm-notify.yaml": '{{ include "helm-notify.all" . }}',
  });
  copyLibraryChart(join(folder, "charts/helm-notify"));
  return folder;
}

export async function runHelm(major: HelmMajor, argv: readonly string[]): Promise<Finished> {
  return run([helmPath(major), ...argv], { env: { ...process.env, KUBECONFIG: "/dev/null" } });
}

export async function render(
  major: HelmMajor,
  chart: string,
  argv: readonly string[] = [],
  release = "shop",
): Promise<Rendered> {
  const finished = await runHelm(major, ["template", release, chart, ...argv]);
  const objects = parseAllDocuments(finished.stdout)
    .map((document): KubeObject | null => document.toJS())
    .filter((object) => object !== null);
  return { ...finished, objects };
}

/** The one object of that kind, or of that kind and name. */
export function objectOf(rendered: Rendered, kind: string, name?: string): KubeObject {
  const found = rendered.objects.filter(
    (object) => object.kind === kind && (name === undefined || object.metadata.name === name),
  );
  const [object] = found;
  if (object === undefined || found.length > 1) {
    throw new Error(`${found.length} of ${kind} ${name ?? ""}\n${rendered.stderr}`);
  }
  return object;
}
