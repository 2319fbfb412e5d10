// The shop of chart-snippets/test-chart, as an application's repository would hold it: the library chart vendored.
import { cpSync } from "node:fs";
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

export function copyLibraryChart(folder: string): void {
  cpSync(join(SNIPPETS, "helm-notify"), folder, { recursive: true });
}
