// The defaults of a chart and its subcharts as one tree, as Helm's templates see them (pkg/chartutil: coalesce.go,
// dependencies.go), but for `condition` and `tags`: the values of a subchart that is switched off are there as well.
import { mergeValues } from "../../domain/merged-values.ts";
import type { Switch } from "../../domain/switches.ts";
import { isMap, type Path, type Value, type Values, valueAt } from "../../domain/values.ts";

export interface ChartWithValues {
  /** Its own values.yaml. */
  readonly values: Values;
  /** By the key its values stand under: the alias, else the chart's name. */
  readonly subcharts: ReadonlyMap<string, ChartWithValues>;
  readonly imports: readonly ValueImport[];
  /** Of its dependencies, and of theirs. */
  readonly switches: readonly Switch[];
  /** Where the values of dependencies would stand that are not there: Helm may be told to fetch them (`--dependency-update`). */
  readonly missing: readonly Path[];
}

/** One `import-values` of a dependency. */
export interface ValueImport {
  readonly subchart: string;
  /** Path of a map in the subchart's values. */
  readonly child: string;
  /** Where it goes in the parent's; `.` is the root. */
  readonly parent: string;
}

export function coalesceChart(chart: ChartWithValues): Values {
  return coalesceWith(withImports(chart), {});
}

function coalesceWith(chart: ChartWithValues, given: Values): Values {
  const own = mergeValues(chart.values, withoutNulls(given));
  const subcharts = [...chart.subcharts].map(([name, subchart]): [string, Values] => {
    const forSubchart = toMap(own[name]);
    const global = layGlobals(toMap(forSubchart["global"]), toMap(own["global"]));
    return [name, coalesceWith(subchart, { ...forSubchart, global })];
  });
  return { ...own, ...Object.fromEntries(subcharts) };
}

/** With a null a parent's defaults take away a subchart's in Helm 3, in Helm 4 they do not: the place stays known. */
function withoutNulls(given: Values): Values {
  return Object.fromEntries(
    Object.entries(given)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, isMap(value) ? withoutNulls(value) : value]),
  );
}

/** The parent's globals win over those it wrote under the subchart's name, but a map never meets a single value. */
function layGlobals(subchart: Values, parent: Values): Values {
  const fitting = Object.entries(parent).filter(
    ([key, value]) => subchart[key] === undefined || isMap(subchart[key]) === isMap(value),
  );
  return mergeValues(subchart, Object.fromEntries(fitting));
}

/** Imported values lie below the parent's own; subcharts import first. */
function withImports(chart: ChartWithValues): ChartWithValues {
  const subcharts = new Map(
    [...chart.subcharts].map(([name, subchart]) => [name, withImports(subchart)]),
  );
  const complete = { ...chart, subcharts };
  if (chart.imports.length === 0) return complete;
  const values = coalesceWith(complete, {});
  const imported = chart.imports.reduce<Values>((below, { subchart, child, parent }) => {
    const found = valueAt(values, [subchart, ...child.split(".")]);
    return isMap(found) ? mergeValues(putAt(parent, found), below) : below;
  }, {});
  return { ...complete, values: mergeValues(imported, chart.values) };
}

function putAt(path: string, values: Values): Values {
  if (path === ".") return values;
  return path.split(".").reduceRight<Values>((inner, key) => ({ [key]: inner }), values);
}

function toMap(value: Value | undefined): Values {
  return isMap(value) ? value : {};
}
