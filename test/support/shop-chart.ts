// The shop of chart-snippets/test-chart, as an application's repository would hold it: the library chart vendored.
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const SNIPPETS = join(import.meta.dirname, "../../chart-snippets");
export const SHOP = join(SNIPPETS, "test-chart");
const LINK = join(SHOP, "charts/helm-notify");

/** Copies the chart to a folder. Without the link, of which Helm prints a line at every run; `dereference` keeps it. */
export function copyShopChart(folder: string): string {
  cpSync(SHOP, folder, { recursive: true, filter: (path) => path !== LINK });
  copyLibraryChart(join(folder, "charts/helm-notify"));
  return folder;
}

/** Its services' Deployments stand, and run nothing: on a real node each pod costs a second of the processor. */
export function withoutPods(chart: string): string {
  const values = join(chart, "values.yaml");
  writeFileSync(values, readFileSync(values, "utf8").replaceAll("replicas: 1", "replicas: 0"));
  return chart;
}

export function copyLibraryChart(folder: string): void {
  cpSync(join(SNIPPETS, "helm-notify"), folder, { recursive: true });
}

/** A copy of the shop's chart as it was before it knew of us. */
export function withoutSnippets(chart: string): string {
  const copy = `${chart}-bare`;
  cpSync(chart, copy, { recursive: true });
  for (const path of ["charts", "templates/helm-notify.yaml", "templates/NOTES.txt"]) {
    rmSync(join(copy, path), { recursive: true });
  }
  const manifest = join(copy, "Chart.yaml");
  writeFileSync(manifest, readFileSync(manifest, "utf8").replace(/^dependencies:[^]*$/m, ""));
  const values = join(copy, "values.yaml");
  writeFileSync(values, readFileSync(values, "utf8").replace(/^helm-notify:[^]*$/m, ""));
  return copy;
}
