import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { isSwitchedOff, type Switch } from "../../src/domain/switches.ts";

const of = (given: Partial<Switch>): Switch => ({ path: ["db"], ...given });

describe("a dependency is switched off", () => {
  it.each<[string, Partial<Switch>, string, boolean]>([
    ["by its condition", { condition: "db.enabled" }, "db: {enabled: false}", true],
    ["not by one that is met", { condition: "db.enabled" }, "db: {enabled: true}", false],
    ["not by one that nothing says", { condition: "db.enabled" }, "a: 1", false],
    ["not by one that is no boolean", { condition: "db.enabled" }, "db: {enabled: 'no'}", false],
    ["by the first condition that says it", { condition: "x.y, on" }, "on: false", true],
    ["not where an earlier one is met", { condition: "a,b" }, "a: true\nb: false", false],
    ["by its tag", { tags: ["back"] }, "tags: {back: false}", true],
    ["not by one of two tags", { tags: ["a", "b"] }, "tags: {a: false, b: true}", false],
    [
      "not by a tag against its condition",
      { condition: "a", tags: ["b"] },
      "a: true\ntags: {b: false}",
      false,
    ],
    ["not by nothing", {}, "tags: {db: false}", false],
    [
      "by a condition of the subchart that names it",
      { path: ["shop", "db"], condition: "db.enabled" },
      "shop: {db: {enabled: false}}",
      true,
    ],
  ])("%s", (_, given, values, expected) => {
    const one = of(given);
    expect(isSwitchedOff([...one.path, "image", "tag"], [one], parse(values))).toBe(expected);
  });

  it("and nothing beside it", () => {
    const values = parse("db: {enabled: false}");
    const switches = [of({ condition: "db.enabled" })];
    expect(isSwitchedOff(["dba", "image", "tag"], switches, values)).toBe(false);
    expect(isSwitchedOff(["db"], switches, values)).toBe(true);
  });
});
