// `helm notify init`: the library chart into CHART/charts, its includes, a block of settings in values.yaml.
import { fallsBack, fallsBackToAppVersion } from "../domain/app-version-fallback.ts";
import { detectServices } from "../domain/detection.ts";
import { NotifyError } from "../domain/errors.ts";
import type { Service } from "../domain/service.ts";
import { isDisabled, isSwitchedOff, type Switch } from "../domain/switches.ts";
import { isMap, type Values, valueAt } from "../domain/values.ts";
import { joined, kept, type PlannedChanges, toStep, written } from "./chart-changes.ts";
import { type ChartYaml, parseChartYaml, withBlock, withListItem } from "./chart-yaml.ts";
import { planLibraryCopy } from "./library-copy.ts";
import type { ChangeChart, ChartTree, ReadChartTree } from "./ports.ts";
import { toValuesBlock } from "./values-block.ts";

const LIBRARY = "helm-notify";
const COPY = `charts/${LIBRARY}/Chart.yaml`;

/** The chart as Helm sees it, its subcharts included. */
export interface ChartContents {
  readonly values: Values;
  readonly switches: readonly Switch[];
  readonly templates: () => ReadonlyMap<string, string>;
}

export interface InitDependencies {
  readonly readChartTree: ReadChartTree;
  readonly changeChart: ChangeChart;
  readonly readChart: (directory: string) => Promise<ChartContents>;
  readonly readLibrary: () => ChartTree;
  /** Whether Git would leave out a file of the chart. */
  readonly isIgnored: (file: string) => Promise<boolean>;
  readonly print: (line: string) => void;
}

/** Adds helm-notify to a chart; running it again changes nothing. Refuses before anything is written. */
export async function initChart(
  directory: string,
  options: { readonly isDryRun: boolean },
  dependencies: InitDependencies,
): Promise<void> {
  const tree = await dependencies.readChartTree(directory);
  const contents = await dependencies.readChart(directory);
  const plan = planInit(tree, contents, dependencies.readLibrary());
  if (!options.isDryRun) await dependencies.changeChart(directory, plan);
  for (const step of plan.steps) dependencies.print(step);
  const hasCopy = tree.has(COPY) || plan.writes.has(COPY);
  if (hasCopy && (await dependencies.isIgnored(COPY))) {
    const folder = `${directory}/charts/${LIBRARY}`;
    const spelled = /\s/.test(folder) ? `"${folder}"` : folder;
    dependencies.print(toStep("next", `git add -f ${spelled}`, ".gitignore leaves it out"));
  }
  if (options.isDryRun) dependencies.print("dry run: nothing was written");
}

/** Decides every change. What a user has written or altered is kept; what stands in the way is refused. */
export function planInit(
  tree: ChartTree,
  contents: ChartContents,
  library: ChartTree,
): PlannedChanges {
  const chart = parseFile(tree, "Chart.yaml");
  if (chart.map["type"] === "library") {
    throw new NotifyError("NOT_AN_APPLICATION", "this is a library chart: nothing deploys it", {
      hint: "Run helm notify init on the application chart that uses it.",
    });
  }
  const dependency = planDependency(tree, chart);
  return joined([
    dependency.source === undefined
      ? planLibraryCopy(tree, library)
      : kept(`charts/${LIBRARY}/`, `it comes from ${dependency.source}`),
    dependency.changes,
    planInclude(tree),
    planNotes(tree),
    planValues(tree, contents, { chartName: String(chart.map["name"]), key: dependency.key }),
  ]);
}

interface Dependency {
  readonly changes: PlannedChanges;
  /** Where Helm gets it from, if not from our copy. */
  readonly source?: string;
  /** The key of its settings in the values. */
  readonly key: string;
}

function planDependency(tree: ChartTree, chart: ChartYaml): Dependency {
  // Charts of apiVersion v1 list their dependencies in a file of their own.
  const yaml = chart.map["apiVersion"] === "v1" ? parseFile(tree, "requirements.yaml") : chart;
  const entries: unknown = yaml.map["dependencies"];
  const entry: unknown = Array.isArray(entries)
    ? entries.find((candidate) => isMap(candidate) && candidate["name"] === LIBRARY)
    : undefined;
  const what = `dependency in ${yaml.file}`;
  if (!isMap(entry)) {
    // No repository: Helm then takes what lies in charts/. Any version: our copy decides.
    const text = withListItem(yaml, "dependencies", { name: LIBRARY, version: "*" });
    const isLocked = tree.has("Chart.lock") || tree.has("requirements.lock");
    const next = isLocked ? [toStep("next", "helm dependency update, to renew the lock file")] : [];
    const changes = written("changed", yaml.file, text, what);
    return { changes: { ...changes, steps: [...changes.steps, ...next] }, key: LIBRARY };
  }
  const { repository, alias } = entry;
  return {
    changes: kept(what),
    key: typeof alias === "string" ? alias : LIBRARY,
    ...(typeof repository === "string" && repository !== "" ? { source: repository } : {}),
  };
}

function planInclude(tree: ChartTree): PlannedChanges {
  const file = "templates/helm-notify.yaml";
  const text = tree.get(file);
  if (text === undefined) return written("added", file, '{{ include "helm-notify.all" . }}\n');
  if (isIncluded("helm-notify.all", text)) return kept(file);
  throw new NotifyError("IN_THE_WAY", `${file} stands there already and is not of helm-notify`, {
    hint: `Rename ${file}, then run this again.`,
  });
}

function planNotes(tree: ChartTree): PlannedChanges {
  const file = "templates/NOTES.txt";
  const text = tree.get(file);
  const include = '{{ include "helm-notify.notes" . }}\n';
  if (text === undefined) return written("added", file, include);
  if (isIncluded("helm-notify.notes", text)) return kept(file);
  const newline = text.includes("\r\n") ? "\r\n" : "\n";
  const gap = text === "" || text.endsWith("\n") ? newline : newline.repeat(2);
  return written("changed", file, `${text}${gap}${include.replace("\n", newline)}`);
}

function planValues(
  tree: ChartTree,
  contents: ChartContents,
  { chartName, key }: { readonly chartName: string; readonly key: string },
): PlannedChanges {
  const file = "values.yaml";
  const yaml = parseFile(tree, file);
  if (yaml.map[key] !== undefined) return kept(`${key} in ${file}`);
  checkSchemaAllows(tree, key);
  const templates = contents.templates();
  const services = detectServices(contents.values, chartName)
    // An environment may switch on what is off here. Of what is off otherwise the chart would miss the values.
    .filter(
      ({ tag }) =>
        isDisabled(tag, contents.values) || !isSwitchedOff(tag, contents.switches, contents.values),
    )
    .map((service) =>
      fallsBackToAppVersion(service.tag, templates)
        ? { ...service, fallback: "appVersion" as const }
        : service,
    );
  // What runs there cannot be said of an empty tag: the chart would not be rendered any more.
  const isUntagged = ({ tag, fallback }: Service) =>
    fallback === undefined && !valueAt(contents.values, tag) && fallsBack(tag, templates);
  const untagged = services.filter(isUntagged);
  const tagged = services.filter((service) => !isUntagged(service));
  const names = tagged.map(({ name }) => name).join(", ") || "none was detected";
  const changes = written(
    tree.has(file) ? "changed" : "added",
    file,
    withBlock(yaml, toValuesBlock(key, tagged, untagged)),
    `${key} in ${file}, services: ${names}`,
  );
  const next = [
    toStep("next", `set ${key}.environment and ${key}.slack.secretRef`),
    ...(untagged.length === 0
      ? []
      : [
          toStep(
            "next",
            `give a tag to ${untagged.map(({ name }) => name).join(", ")}, comments in ${file}, to announce them`,
          ),
        ]),
  ];
  return { ...changes, steps: [...changes.steps, ...next] };
}

/** A chart whose own schema knows its keys only would refuse ours at every render. */
function checkSchemaAllows(tree: ChartTree, key: string): void {
  const file = "values.schema.json";
  const text = tree.get(file);
  if (text === undefined) return;
  // JSON is YAML.
  const { additionalProperties, properties } = parseChartYaml(file, text).map;
  if (additionalProperties !== false || (isMap(properties) && Object.hasOwn(properties, key)))
    return;
  throw new NotifyError("SCHEMA_CLOSED", `${file} allows no key "${key}" in the values`, {
    hint: `Add "${key}": {"type": "object"} to its properties, then run this again.`,
  });
}

function isIncluded(template: string, text: string): boolean {
  return new RegExp(`\\b(?:include|template)\\s+"${template.replace(".", "\\.")}"`).test(text);
}

function parseFile(tree: ChartTree, file: string): ChartYaml {
  return parseChartYaml(file, tree.get(file) ?? "");
}
