// Chart.yaml, as far as values and messages need it.
import * as z from "zod/mini";
import { NotifyError } from "../../domain/errors.ts";
import { parseHelmYaml } from "../values/yaml-values.ts";
import type { ChartTree } from "./chart-tree.ts";

/** Helm writes a number where it wants a text as that number: `appVersion: 1.10` is "1.1". */
const text = z.pipe(
  z.union([z.string(), z.number(), z.boolean()], "is not a text"),
  z.transform(String),
);

const valueImport = z.union([z.string(), z.object({ child: text, parent: text })]);

const dependency = z.object({
  name: text,
  alias: z.nullish(text),
  condition: z.nullish(text),
  tags: z.nullish(z.array(text)),
  "import-values": z.nullish(z.array(valueImport)),
});

const chartYaml = z.object(
  {
    name: text,
    version: text,
    appVersion: z.nullish(text),
    dependencies: z.nullish(z.array(dependency)),
  },
  "is not a map",
);

const requirementsYaml = z.nullable(
  z.object({ dependencies: z.nullish(z.array(dependency)) }, "is not a map"),
);

export type ChartYaml = z.infer<typeof chartYaml>;
export type Dependency = z.infer<typeof dependency>;

/** `undefined` where there is no Chart.yaml. Charts of Helm 2's time name their dependencies in requirements.yaml. */
export function readChartYaml(tree: ChartTree): ChartYaml | undefined {
  const chart = readYaml(tree, "Chart.yaml", chartYaml);
  const requirements = readYaml(tree, "requirements.yaml", requirementsYaml);
  return chart && { ...chart, dependencies: requirements?.dependencies ?? chart.dependencies };
}

function readYaml<Schema extends z.ZodMiniType>(
  tree: ChartTree,
  name: string,
  schema: Schema,
): z.infer<Schema> | undefined {
  const content = tree.read(name);
  if (content === undefined) return undefined;
  const file = `${tree.label}/${name}`;
  const yaml = parseHelmYaml(content);
  if (yaml.kind === "refused") throw badChart(`${file}:${yaml.line}: ${yaml.reason}`);
  const result = schema.safeParse(yaml.kind === "read" ? yaml.value : yaml.first, {
    reportInput: true,
  });
  if (result.success) return result.data;
  const issues = result.error.issues.map(
    ({ path, input, message }) =>
      `${path.map(String).join(".") || "it"} ${input === undefined ? "is missing" : message}`,
  );
  throw badChart(`${file}: ${issues.join(", ")}`);
}

export function badChart(message: string): NotifyError {
  return new NotifyError("BAD_CHART", message, { hint: "Run helm lint on the chart." });
}
