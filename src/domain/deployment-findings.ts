// What is wrong with a helm-notify.yaml that is valid by itself: against its values files, and from one environment to the next.
import { CONFIG_FILE, type DeploymentConfig } from "./deployment-config.ts";
import { type Finding, findingsAt } from "./findings.ts";
import { formatPath, type Values, valueAt } from "./values.ts";

type ValuesByEnvironment = ReadonlyMap<string, Values>;

/** Each way of promotion that comes back to where it began, once. */
export function promotionFindings({
  environments,
}: Pick<DeploymentConfig, "environments">): readonly Finding[] {
  const told = new Set<string>();
  return Object.keys(environments).flatMap((name) => {
    if (told.has(name)) return [];
    const way = [name];
    let source = environments[name]?.promoteFrom;
    while (source !== undefined && !way.includes(source)) {
      way.push(source);
      source = environments[source]?.promoteFrom;
    }
    if (source !== name) return [];
    for (const one of way) told.add(one);
    const circle = [...way, name].join(" from ");
    return [
      findingsAt(CONFIG_FILE).problem(
        `promotions go round in a circle: ${circle}`,
        `Take promoteFrom out of one of ${way.join(", ")}.`,
      ),
    ];
  });
}

/** Places of tags that the values files do not have, or have something else at. `values` are those files that could be read. */
export function tagPlaceFindings(
  { services }: Pick<DeploymentConfig, "services">,
  values: ValuesByEnvironment,
): readonly Finding[] {
  return Object.entries(services).flatMap(([service, { places }]) => {
    const tag = formatPath(places.tag);
    const found = [...values].map(([name, own]) => ({ name, value: valueAt(own, places.tag) }));
    const missing = found.filter(({ value }) => value === undefined);
    if (missing.length === values.size && missing.length > 0) {
      return [
        findingsAt(CONFIG_FILE).warning(
          `service ${service}: no environment has ${tag} in its values`,
          `Correct services.${service}.tag, or write a first tag with helm notify bump --create.`,
        ),
      ];
    }
    return found.flatMap(({ name, value }) => {
      if (value === undefined) {
        const remedy = `Write it with helm notify bump --env ${name} --create, or leave the tag to the chart.`;
        return [findingsAt(name).warning(`service ${service}: the values have no ${tag}`, remedy)];
      }
      if (value === null || typeof value !== "object") return [];
      const kind = Array.isArray(value) ? "a list" : "a map";
      const remedy = `Correct services.${service}.tag in ${CONFIG_FILE}.`;
      return [findingsAt(name).problem(`service ${service}: ${tag} is ${kind}, no tag`, remedy)];
    });
  });
}
