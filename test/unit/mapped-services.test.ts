import { describe, expect, it } from "vitest";
import { NotifyError } from "../../src/domain/errors.ts";
import {
  type MappingInput,
  mappedServices,
  readMapping,
  unlistedServices,
} from "../../src/domain/mapped-services.ts";
import type { Values } from "../../src/domain/values.ts";

const CHART: Values = {
  api: { image: { repository: "acme/api", tag: "1.0" } },
  web: { image: { repository: "acme/web", tag: "" } },
};

function map(input: Partial<MappingInput>): readonly object[] {
  return mappedServices({ chartName: "shop", chartValues: CHART, userValues: {}, ...input });
}

function withServices(services: Values): Values {
  return { ...CHART, "helm-notify": { services } };
}

function refusal(input: Partial<MappingInput>): string {
  try {
    map(input);
  } catch (error) {
    if (error instanceof NotifyError) return error.message;
    throw error;
  }
  return "";
}

describe("services are those that the first of three names", () => {
  const config = { file: "helm-notify.yaml", content: { services: { api: {} } } };

  it("helm-notify.services of the chart, with the user's over it", () => {
    const chartValues = withServices({
      api: { tag: "api.image.tag" },
      web: { tag: "web.image.tag" },
    });
    const userValues = {
      "helm-notify": {
        services: {
          api: { carry: false, digest: null },
          web: null,
          ghost: null,
          extra: { tag: "extra.tag" },
        },
      },
      extra: { tag: "1" },
    };
    expect(map({ chartValues, userValues, config })).toEqual([
      {
        name: "api",
        tag: ["api", "image", "tag"],
        revision: ["api", "image", "revision"],
        digest: ["api", "image", "digest"],
        thread: ["api", "image", "thread"],
        image: ["api", "image", "repository"],
        source: undefined,
        carry: false,
        fallback: undefined,
      },
      expect.objectContaining({ name: "extra", tag: ["extra", "tag"], carry: true }),
    ]);
  });

  it("the config file, where a service stands under its name", () => {
    const content = {
      environments: {},
      services: {
        api: {
          image: "registry.example.com/api",
          source: "https://github.com/acme/api",
          policy: {},
        },
        front: { tag: "web.image.tag", revision: "web.commit" },
      },
    };
    expect(map({ config: { file: "helm-notify.yaml", content } })).toMatchObject([
      {
        name: "api",
        tag: ["api", "image", "tag"],
        image: ["api", "image", "repository"],
        source: "https://github.com/acme/api",
      },
      { name: "front", tag: ["web", "image", "tag"], revision: ["web", "commit"] },
    ]);
  });

  it.each<[string, Values]>([
    ["nothing is written down", CHART],
    ["the library chart's empty map", withServices({})],
    ["all services are taken out", withServices({ api: null })],
  ])("detection, where %s", (_, chartValues) => {
    expect(map({ chartValues })).toMatchObject([{ name: "api" }, { name: "web" }]);
  });

  it("detection sees places that only the user gives", () => {
    const userValues = { job: { image: { tag: "3" } } };
    expect(map({ userValues })).toMatchObject([{ name: "api" }, { name: "web" }, { name: "job" }]);
  });

  it("an empty tag falls back to the appVersion where the templates do", () => {
    const text = "image: {{ .Values.web.image.tag | default .Chart.AppVersion }}";
    const templates = () => new Map([["templates/web.yaml", text]]);
    const services = map({ templates });
    expect(services[0]).not.toHaveProperty("fallback");
    expect(services[1]).toMatchObject({ name: "web", fallback: "appVersion" });
  });
});

describe("places that a mapping does not know", () => {
  const chartValues = withServices({ api: { tag: "api.image.tag" } });
  const unlisted = (input: Partial<MappingInput>) => {
    const whole = { chartName: "shop", chartValues, userValues: {}, ...input };
    return unlistedServices(readMapping(whole), whole);
  };
  const liveConfig = { api: { image: { tag: "2" } }, web: { image: { tag: "2" } } };

  it("are those that detection finds and the live release's user filled", () => {
    const place = { name: "web.image.tag", tag: ["web", "image", "tag"] };
    expect(unlisted({ liveConfig })).toMatchObject([
      { ...place, unlistedIn: "helm-notify.services" },
    ]);
    const config = { file: "helm-notify.yaml", content: { services: { api: {} } } };
    expect(unlisted({ chartValues: CHART, config, liveConfig })).toMatchObject([
      { ...place, unlistedIn: "helm-notify.yaml" },
    ]);
  });

  it.each<[string, Partial<MappingInput>]>([
    ["where the chart alone says the tag", { liveConfig: { colour: "red" } }],
    ["on a first install", {}],
    ["where detection finds the services", { chartValues: CHART, liveConfig }],
    [
      "where the mapping names all",
      { userValues: withServices({ w: { tag: "web.image.tag", carry: false } }), liveConfig },
    ],
  ])("are none %s", (_, input) => {
    expect(unlisted(input)).toEqual([]);
  });
});

describe("a mapping that cannot be used is refused", () => {
  it("with all its issues at once, each with its place", () => {
    const services = {
      api: { tag: "api..tag", carry: "yes" },
      web: { revision: "web.revision" },
      job: { tag: "job.tag", tags: 1, fallback: "latest" },
      db: "db.tag",
    };
    expect(refusal({ chartValues: withServices(services) })).toBe(
      [
        "helm-notify.services is not valid:",
        "  helm-notify.services.api.tag: is not a path like api.image.tag",
        "  helm-notify.services.api.carry: is neither true nor false",
        "  helm-notify.services.web.tag: is missing",
        '  helm-notify.services.job.fallback: is not "appVersion"',
        "  helm-notify.services.job: has no setting tags",
        "  helm-notify.services.db: is not a map of places",
      ].join("\n"),
    );
  });

  it("where services is no map", () => {
    expect(refusal({ chartValues: { "helm-notify": { services: ["api"] } } })).toBe(
      "helm-notify.services is not valid:\n  helm-notify.services: is not a map of services",
    );
  });

  it("with the config file's name", () => {
    const config = {
      file: "deploy/helm-notify.yaml",
      content: { services: { api: { tags: "x" } } },
    };
    expect(refusal({ config })).toBe(
      "services in deploy/helm-notify.yaml is not valid:\n  services.api: has no setting tags",
    );
  });

  it("where nothing stands at a path, in no source", () => {
    const services = {
      api: { tag: "api.tag" },
      web: { tag: "web.image.tag" },
      job: { tag: "job.tag" },
    };
    expect(refusal({ chartValues: withServices(services) })).toBe(
      [
        "service api: nothing stands at api.tag in the values",
        "service job: nothing stands at job.tag in the values",
      ].join("\n"),
    );
  });

  it("but not where Helm has taken it away with a subchart that is off", () => {
    const chartValues = { ...withServices({ db: { tag: "db.tag" } }), db: { enabled: false } };
    expect(map({ chartValues })).toHaveLength(1);
  });

  it.each<[string, Partial<MappingInput>]>([
    [
      "the chart, even as null",
      { chartValues: { ...withServices({ api: { tag: "x.tag" } }), x: { tag: null } } },
    ],
    [
      "the user",
      { chartValues: withServices({ api: { tag: "x.tag" } }), userValues: { x: { tag: "1" } } },
    ],
    [
      "the live release",
      { chartValues: withServices({ api: { tag: "x.tag" } }), liveConfig: { x: { tag: "1" } } },
    ],
    [
      "a list",
      { chartValues: { ...withServices({ api: { tag: "x[0].tag" } }), x: [{ tag: "1" }] } },
    ],
  ])("but not where the value comes from %s", (_, input) => {
    expect(map(input)).toHaveLength(1);
  });
});
