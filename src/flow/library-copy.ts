// The copy of the library chart under CHART/charts/helm-notify.
import parseVersion from "semver/functions/parse.js";
import { NotifyError } from "../domain/errors.ts";
import { kept, type PlannedChanges, toStep } from "./chart-changes.ts";
import { parseChartYaml } from "./chart-yaml.ts";
import type { ChartTree } from "./ports.ts";

const FOLDER = "charts/helm-notify/";

/** Plans to add the copy, or to replace an older one. A newer or altered copy is kept; another chart is refused. */
export function planLibraryCopy(tree: ChartTree, library: ChartTree): PlannedChanges {
  const copy = new Map(
    [...tree]
      .filter(([file]) => file.startsWith(FOLDER))
      .map(([file, text]) => [file.slice(FOLDER.length), text]),
  );
  const version = versionOf(library);
  if (copy.size === 0) return replaced(copy, library, toStep("added", FOLDER, version));

  const copyVersion = versionOf(copy);
  // A pre-release counts as its release.
  const order = parseVersion(copyVersion)?.compareMain(version) ?? 0;
  if (order < 0) {
    return replaced(copy, library, toStep("changed", FOLDER, `${copyVersion} → ${version}`));
  }
  if (order > 0) return kept(FOLDER, `${copyVersion} is newer than ${version}`);
  const isAltered = [...library].some(([file, text]) => copy.get(file) !== text);
  return kept(
    FOLDER,
    isAltered ? `altered since ${version}; remove the folder to get it anew` : version,
  );
}

function replaced(copy: ChartTree, library: ChartTree, step: string): PlannedChanges {
  return {
    writes: new Map([...library].map(([file, text]) => [`${FOLDER}${file}`, text])),
    removals: [...copy.keys()]
      .filter((file) => !library.has(file))
      .map((file) => `${FOLDER}${file}`),
    steps: [step],
  };
}

function versionOf(chart: ChartTree): string {
  const file = `${FOLDER}Chart.yaml`;
  const { map } = parseChartYaml(file, chart.get("Chart.yaml") ?? "");
  if (map["name"] !== "helm-notify") {
    throw new NotifyError("IN_THE_WAY", `${FOLDER} is not a copy of helm-notify`, {
      hint: `Move ${FOLDER} away, then run this again.`,
    });
  }
  return String(map["version"]);
}
