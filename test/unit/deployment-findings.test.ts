import { describe, expect, it } from "vitest";
import { parseDeploymentConfig } from "../../src/domain/deployment-config.ts";
import { promotionFindings, tagPlaceFindings } from "../../src/domain/deployment-findings.ts";
import type { Finding } from "../../src/domain/findings.ts";
import type { Values } from "../../src/domain/values.ts";

const brief = (findings: readonly Finding[]) =>
  findings.map(({ level, place, message }) => `${level} ${place}: ${message}`);

const promotions = (sources: Readonly<Record<string, string>>, ...others: string[]) => {
  const environment = (name: string) => ({
    values: `${name}.yaml`,
    ...(sources[name] && { promoteFrom: sources[name] }),
  });
  const names = [...Object.keys(sources), ...others];
  const environments = Object.fromEntries(names.map((name) => [name, environment(name)]));
  return brief(promotionFindings({ environments }));
};

describe("promotions", () => {
  it.each([
    ["a chain is sound", { b: "a", c: "b" }, []],
    ["two from one are sound", { b: "a", c: "a" }, []],
    ["an environment is promoted from itself", { a: "a" }, ["a from a"]],
    ["a circle is told once", { a: "b", b: "c", c: "a" }, ["a from b from c from a"]],
    ["what leads into a circle is not in it", { d: "a", a: "b", b: "a" }, ["a from b from a"]],
    ["each circle is told", { b: "b", c: "c" }, ["b from b", "c from c"]],
  ])("%s", (_, sources, circles) => {
    expect(promotions(sources, "a")).toEqual(
      circles.map(
        (circle) => `problem helm-notify.yaml: promotions go round in a circle: ${circle}`,
      ),
    );
  });
});

describe("places of tags", () => {
  const config = parseDeploymentConfig(
    { environments: { staging: { values: "s" } }, services: { api: { tag: "api.tag" } } },
    "helm-notify.yaml",
  );
  const places = (values: Readonly<Record<string, Values>>) =>
    brief(tagPlaceFindings(config, new Map(Object.entries(values))));
  const there = { api: { tag: "1.4.0" } };

  it.each([
    ["all values have one", { staging: there, production: there }, []],
    ["an empty one is one", { staging: { api: { tag: null } } }, []],
    ["no values could be read", {}, []],
    [
      "one environment lacks it",
      { staging: there, production: { api: {} } },
      ["warning production: service api: the values have no api.tag"],
    ],
    [
      "none has it: the mapping may be wrong",
      { staging: {}, production: {} },
      ["warning helm-notify.yaml: service api: no environment has api.tag in its values"],
    ],
    [
      "a map stands there",
      { staging: { api: { tag: {} } } },
      ["problem staging: service api: api.tag is a map, no tag"],
    ],
    [
      "a list stands there",
      { staging: { api: { tag: ["1.4.0"] } } },
      ["problem staging: service api: api.tag is a list, no tag"],
    ],
  ])("%s", (_, values, findings) => {
    expect(places(values)).toEqual(findings);
  });
});
