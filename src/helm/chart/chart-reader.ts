// A chart by the reference on Helm's command line: name, versions, and the defaults of all its values.
import { readdirSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { withoutPasswords } from "../../domain/credentials-in-url.ts";
import { NotifyError } from "../../domain/errors.ts";
import type { Switch } from "../../domain/switches.ts";
import type { Path, Values } from "../../domain/values.ts";
import type { RunHelmForOutput } from "../../flow/ports.ts";
import { withTempFolder } from "../../io/temp-folder.ts";
import { readLocalFile } from "../local-file.ts";
import { helmError } from "../values/helm-values.ts";
import { parseValuesFile } from "../values/values-file.ts";
import { archiveTree, type ChartTree, folderTree, subtree } from "./chart-tree.ts";
import { type ChartWithValues, coalesceChart, type ValueImport } from "./chart-values.ts";
import { badChart, type ChartYaml, type Dependency, readChartYaml } from "./chart-yaml.ts";

export interface ChartReference {
  /** A folder, a .tgz, or what Helm finds: `repo/name`, `oci://…`, a URL. */
  readonly chart: string;
  /** Flags of `helm pull` that belong to it: `--version=…`, `--repo=…`, credentials. */
  readonly chartFlags: readonly string[];
}

export interface Chart {
  readonly name: string;
  readonly version: string;
  readonly appVersion: string | undefined;
  /** Defaults, those of subcharts under their names, globals handed down. */
  readonly values: Values;
  /** Of its dependencies, and of theirs. */
  readonly switches: readonly Switch[];
  readonly missing: ChartWithValues["missing"];
  /** Texts of all templates by their path: `templates/api.yaml`, `charts/db/templates/db.yaml`. */
  readonly templates: () => ReadonlyMap<string, string>;
}

/** Reads what lies on this machine itself, and has Helm fetch anything else. */
export async function readChart(
  { chart, chartFlags }: ChartReference,
  runHelm: RunHelmForOutput,
): Promise<Chart> {
  const entry = statSync(chart, { throwIfNoEntry: false });
  const isElsewhere = chartFlags.some((flag) => /^--repo=./.test(flag));
  if (entry !== undefined && isElsewhere && !(await prefersFiles(runHelm))) {
    return toChart(await pullChart(chart, chartFlags, runHelm), runHelm);
  }
  if (entry?.isDirectory()) return toChart(folderTree(chart), runHelm);
  if (entry !== undefined) return toChart(openArchive(chart, readLocalFile(chart)), runHelm);
  if (isAbsolute(chart) || chart.startsWith(".")) {
    throw new NotifyError("CHART_NOT_FOUND", `there is no chart at ${chart}`, {
      hint: "Check the path; it is taken from the directory the command runs in.",
    });
  }
  return toChart(await pullChart(chart, chartFlags, runHelm), runHelm);
}

/** Helm 3 takes a chart that lies here although it is told of a repository: https://github.com/helm/helm/issues/7862 */
async function prefersFiles(runHelm: RunHelmForOutput): Promise<boolean> {
  const { stdout } = await runHelm(["version", "--template", "{{.Version}}"]);
  return stdout.startsWith("v3.");
}

async function pullChart(
  chart: string,
  flags: readonly string[],
  runHelm: RunHelmForOutput,
): Promise<ChartTree> {
  const label = withoutPasswords(chart);
  return withTempFolder(async (folder) => {
    const { code, stderr } = await runHelm(["pull", chart, "--destination", folder, ...flags]);
    const archive = readdirSync(folder).find((name) => name.endsWith(".tgz"));
    if (code !== 0 || archive === undefined) {
      throw new NotifyError("CHART_NOT_FOUND", `helm cannot fetch ${label}: ${helmError(stderr)}`, {
        hint: "Check the chart's name, its version, the repository and the login there.",
      });
    }
    return openArchive(label, readLocalFile(join(folder, archive)));
  });
}

function openArchive(label: string, content: Buffer): ChartTree {
  try {
    return archiveTree(label, content);
  } catch (error) {
    throw badChart(
      `${label} is not a packed chart: ${error instanceof Error ? error.message : ""}`,
    );
  }
}

async function toChart(tree: ChartTree, runHelm: RunHelmForOutput): Promise<Chart> {
  const chart = readChartYaml(tree);
  if (chart === undefined) throw badChart(`${tree.label} holds no Chart.yaml`);
  const contents = await readValues(tree, chart, runHelm);
  // Read when first asked for, once: hundreds of services may ask.
  let templates: ReadonlyMap<string, string> | undefined;
  return {
    name: chart.name,
    version: chart.version,
    appVersion: chart.appVersion ?? undefined,
    values: coalesceChart(contents),
    switches: contents.switches,
    missing: contents.missing,
    templates: () => (templates ??= new Map(readTemplates(tree, ""))),
  };
}

async function readValues(
  tree: ChartTree,
  chart: ChartYaml,
  runHelm: RunHelmForOutput,
): Promise<ChartWithValues> {
  const content = tree.read("values.yaml");
  const label = `${tree.label}/values.yaml`;
  const dependencies = chart.dependencies ?? [];
  const subcharts = new Map<string, ChartWithValues>();
  const switches = dependencies.map(toSwitch);
  const deeper: Path[] = [];
  for (const subchart of openSubcharts(tree)) {
    const values = await readValues(subchart.tree, subchart.chart, runHelm);
    for (const key of valueKeys(subchart.chart, dependencies)) {
      subcharts.set(key, values);
      switches.push(...values.switches.map((one) => ({ ...one, path: [key, ...one.path] })));
      deeper.push(...values.missing.map((path) => [key, ...path]));
    }
  }
  const missing = dependencies.map(keyOf).filter((key) => !subcharts.has(key));
  return {
    values: content === undefined ? {} : await parseValuesFile(label, content, runHelm),
    subcharts,
    imports: dependencies.flatMap(toImports),
    switches,
    missing: [...missing.map((key) => [key]), ...deeper],
  };
}

interface Subchart {
  readonly tree: ChartTree;
  readonly chart: ChartYaml;
}

/** What lies under charts/ and is a chart; names with `_` or `.` in front are ignored, as Helm does. */
function openSubcharts(tree: ChartTree): Subchart[] {
  return tree
    .list("charts")
    .filter((name) => !/^[_.]/.test(name))
    .flatMap((name) => {
      const path = `charts/${name}`;
      const archive = name.endsWith(".tgz") ? tree.read(path) : undefined;
      const inner =
        archive === undefined ? subtree(tree, path) : openArchive(`${tree.label}/${path}`, archive);
      const chart = readChartYaml(inner);
      return chart === undefined ? [] : [{ tree: inner, chart }];
    });
}

/** The aliases that the parent gives it, else its name. */
function valueKeys(chart: ChartYaml, dependencies: readonly Dependency[]): readonly string[] {
  const keys = dependencies.filter(({ name }) => name === chart.name).map(keyOf);
  return keys.length > 0 ? keys : [chart.name];
}

const keyOf = ({ name, alias }: Dependency): string => alias || name;

function toSwitch(dependency: Dependency): Switch {
  const { condition, tags } = dependency;
  return {
    path: [keyOf(dependency)],
    condition: condition ?? undefined,
    tags: tags ?? undefined,
  };
}

function toImports(dependency: Dependency): ValueImport[] {
  const subchart = keyOf(dependency);
  return (dependency["import-values"] ?? []).map((entry) =>
    typeof entry === "string"
      ? { subchart, child: `exports.${entry}`, parent: "." }
      : { subchart, ...entry },
  );
}

function readTemplates(tree: ChartTree, prefix: string): [string, string][] {
  const subcharts = openSubcharts(tree).flatMap(({ tree: inner, chart }) =>
    readTemplates(inner, `${prefix}charts/${chart.name}/`),
  );
  return [...readTexts(tree, "templates", prefix), ...subcharts];
}

function readTexts(tree: ChartTree, folder: string, prefix: string): [string, string][] {
  return tree.list(folder).flatMap((name): [string, string][] => {
    const path = `${folder}/${name}`;
    const content = tree.read(path);
    if (content === undefined) return readTexts(tree, path, prefix);
    return [[prefix + path, content.toString()]];
  });
}
