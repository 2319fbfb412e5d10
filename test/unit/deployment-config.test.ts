import { describe, expect, it } from "vitest";
import {
  deploymentConfigSchema,
  parseDeploymentConfig,
  policyOf,
  requireNamed,
} from "../../src/domain/deployment-config.ts";
import { NotifyError } from "../../src/domain/errors.ts";
import { parseConfigServices } from "../../src/domain/service-mapping.ts";
import { formatPath, type Value } from "../../src/domain/values.ts";

const ENVIRONMENTS = {
  staging: { values: "environments/staging.yaml", release: "shop", namespace: "shop" },
  production: { values: "environments/production.yaml", promoteFrom: "staging" },
};
const parse = (content: Value) => parseDeploymentConfig(content, "helm-notify.yaml");
const places = (services: Value) => parse({ environments: ENVIRONMENTS, services }).services;

describe("a service stands where it says, or where its name says", () => {
  it.each([
    [
      "by its name",
      {},
      ["api.image.tag", "api.image.revision", "api.image.digest", "api.image.thread"],
    ],
    ["beside its tag", { tag: "app.tag" }, ["app.tag", "app.revision", "app.digest", "app.thread"]],
    [
      "each for itself",
      { revision: "git.sha", digest: "d", thread: "slack.thread" },
      ["api.image.tag", "git.sha", "d", "slack.thread"],
    ],
  ])("%s", (_, entry, expected) => {
    const service = places({ api: entry })["api"]?.places;
    expect(
      [service?.tag, service?.revision, service?.digest, service?.thread].map((path) =>
        formatPath(path ?? []),
      ),
    ).toEqual(expected);
  });

  it("the plugin finds the same places in the same file", () => {
    const services = {
      api: { image: "acme/api", policy: { newest: true } },
      web: { tag: "web.tag" },
    };
    expect(Object.values(places(services)).map((service) => service.places)).toEqual(
      parseConfigServices(services, "helm-notify.yaml", {}),
    );
  });
});

it.each([
  ["environments//./staging.yaml", "environments/staging.yaml"],
  ["./staging.yaml", "staging.yaml"],
  [".staging.d/a..b.yaml/.", ".staging.d/a..b.yaml"],
])("the values file %s is %s, the path that Git knows", (said, values) => {
  expect(parse({ environments: { staging: { values: said } }, services: {} })).toMatchObject({
    environments: { staging: { values } },
  });
});

it.each(["/etc/passwd", "../x.yaml", "a/../../x.yaml", "C:x.yaml", ".", ".//"])(
  "the values file %s is refused: it is not inside of the repository",
  (values) =>
    expect(() => parse({ environments: { staging: { values } }, services: {} })).toThrow(
      "environments.staging.values: is not a path inside of the repository",
    ),
);

it("an environment's own policy wins over the service's", () => {
  const services = places({
    api: {
      policy: { semver: "~1.4" },
      environments: { production: { policy: { semver: ">=1.4 <2" } } },
    },
    web: {},
  });
  const api = requireNamed(services, "service", "api");
  expect(policyOf(api, "staging")).toEqual({ semver: "~1.4" });
  expect(policyOf(api, "production")).toEqual({ semver: ">=1.4 <2" });
  expect(policyOf(requireNamed(services, "service", "web"), "staging")).toBeUndefined();
});

it("all issues are said at once, each with its place", () => {
  const error = refusal({
    environments: {
      staging: { release: "shop", valuez: "x" },
      production: { values: "/etc/passwd" },
      test: { values: "../x.yaml" },
      dev: { values: "" },
    },
    services: {
      api: { tag: "a..b", colour: "red" },
      web: null,
      cron: { policy: { numerical: "up" } },
    },
    extra: 1,
  });
  expect(error.code).toBe("BAD_CONFIG");
  expect(error.message.split("\n")).toEqual([
    "helm-notify.yaml is not valid:",
    "  environments.staging.values: is missing",
    "  environments.staging: has no setting valuez",
    "  environments.production.values: is not a path inside of the repository",
    "  environments.test.values: is not a path inside of the repository",
    "  environments.dev.values: is empty",
    "  services.api.tag: is not a path like api.image.tag",
    "  services.api: has no setting colour",
    "  services.web: is not a map of places",
    "  services.cron.policy.numerical: is neither asc nor desc",
    "  (root): has no setting extra",
  ]);
});

it.each<[string, Value, string]>([
  ["an empty file", {}, "  environments: is missing\n  services: is missing"],
  ["a list", [], "  (root): is not a map with environments and services"],
  [
    "names of environments that are not there",
    {
      environments: { staging: { values: "a", promoteFrom: "dev" } },
      services: { api: { environments: { prod: {} } } },
    },
    '  environments.staging.promoteFrom: there is no environment "dev"\n  services.api.environments.prod: there is no such environment',
  ],
])("%s is refused", (_, content, lines) => {
  expect(refusal(content).message).toBe(`helm-notify.yaml is not valid:\n${lines}`);
});

it("an unknown name is answered with those there are", () => {
  expect(() => requireNamed({ a: 1, b: 2 }, "environment", "c")).toThrow(
    'there is no environment "c"',
  );
  expect(() => requireNamed({ a: 1 }, "service", "toString")).toThrow(
    'there is no service "toString"',
  );
});

it("editors get a schema that knows each setting, and no other", () => {
  expect(deploymentConfigSchema()).toMatchObject({
    type: "object",
    additionalProperties: false,
    required: ["environments", "services"],
    properties: {
      environments: {
        additionalProperties: { required: ["values"], additionalProperties: false },
      },
      services: {
        additionalProperties: {
          additionalProperties: false,
          properties: { policy: { properties: { numerical: { enum: ["asc", "desc"] } } } },
        },
      },
    },
  });
});

function refusal(content: Value): NotifyError {
  try {
    parse(content);
  } catch (error) {
    if (error instanceof NotifyError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
