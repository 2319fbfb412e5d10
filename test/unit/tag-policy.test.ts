import { describe, expect, it } from "vitest";
import { parseDeploymentConfig } from "../../src/domain/deployment-config.ts";
import { describePolicy, parsePolicy, type TagPolicy } from "../../src/domain/tag-policy.ts";

const config = (policy: unknown) => ({
  environments: { staging: { values: "staging.yaml" } },
  services: { api: { image: "acme/api", policy } },
});

describe("a policy on the command line", () => {
  it.each<[string[], TagPolicy, string]>([
    [["semver:>=1.4 <2"], { semver: ">=1.4 <2" }, "semver >=1.4 <2"],
    [["numerical"], { numerical: "asc" }, "numerical"],
    [["alphabetical:desc"], { alphabetical: "desc" }, "alphabetical desc"],
    [["newest"], { newest: true }, "newest"],
    [["newest", "glob:v?-*"], { newest: true, glob: "v?-*" }, "glob v?-*, newest"],
    [
      ["numerical", "regex:a:(\\d)", "extract:$1"],
      { numerical: "asc", regex: "a:(\\d)", extract: "$1" },
      "regex a:(\\d), extract $1, numerical",
    ],
  ])("%j is read", (words, policy, described) => {
    expect(parsePolicy(words)).toEqual(policy);
    expect(describePolicy(parsePolicy(words))).toBe(described);
  });

  it.each<[string[], string]>([
    [["semver"], "semver is empty"],
    [["semver:latest"], "semver is not a range like ~1.4 or >=1.4 <2, without commas"],
    [["semver:>=1.4, <2"], "semver is not a range like ~1.4 or >=1.4 <2, without commas"],
    [["numerical:up"], "numerical is neither asc nor desc"],
    [["newest:1"], "newest is not true"],
    [["glob:{a,b}"], "glob has more than letters, digits and . _ - * ?; use regex"],
    [["regex:("], "regex is not a regular expression"],
    [["age:1"], "there is no policy age"],
    [["semver:*", "numerical"], "takes one of semver, numerical, alphabetical and newest"],
    [["glob:a", "regex:a"], "takes one of glob and regex"],
    [["numerical", "extract:$1"], "extract needs a regex"],
    [["regex:(a)", "extract:$1"], "extract needs an order: semver, numerical or alphabetical"],
    [
      ["regex:(a)", "extract:$1", "newest"],
      "extract needs an order: semver, numerical or alphabetical",
    ],
    [["regex:(a)", "extract:$2", "numerical"], "extract names a group that regex does not have"],
    [
      ["regex:(?<a>a)", "extract:$b", "numerical"],
      "extract names a group that regex does not have",
    ],
    [["regex:(a)", "extract:1", "numerical"], "extract names a group that regex does not have"],
  ])("%j is refused", (words, message) => {
    expect(() => parsePolicy(words)).toThrow(`--policy ${words.join(" ")}: ${message}`);
  });
});

describe("a policy in helm-notify.yaml", () => {
  it("is read as on the command line", () => {
    const { services } = parseDeploymentConfig(config({ semver: "~1.4" }) as never, "c.yaml");
    expect(services["api"]?.policy).toEqual(parsePolicy(["semver:~1.4"]));
  });

  it.each<[unknown, string]>([
    [{}, "names no policy: semver, numerical, alphabetical, newest, glob or regex"],
    [{ semver: "~1.4", newest: true }, "takes one of semver, numerical, alphabetical and newest"],
    ["newest", "is not a map"],
  ])("%j is refused with its place", (policy, message) => {
    expect(() => parseDeploymentConfig(config(policy) as never, "c.yaml")).toThrow(
      `services.api.policy: ${message}`,
    );
  });

  it("is refused with the place of the setting", () => {
    expect(() => parseDeploymentConfig(config({ semver: 1.4 }) as never, "c.yaml")).toThrow(
      "services.api.policy.semver: is not a text",
    );
  });
});
