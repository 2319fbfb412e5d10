import { describe, expect, it } from "vitest";
import { isChanged, planCarry } from "../../src/domain/carry.ts";
import type { LiveRelease } from "../../src/domain/release.ts";
import type { Service } from "../../src/domain/service.ts";
import { parsePath, type Path, type Values } from "../../src/domain/values.ts";

const service = (name: string, options: Partial<Service> = {}): Service => ({
  name,
  tag: parsePath(`${name}.image.tag`),
  revision: parsePath(`${name}.image.revision`),
  digest: parsePath(`${name}.image.digest`),
  thread: parsePath(`${name}.image.thread`),
  image: parsePath(`${name}.image.repository`),
  carry: true,
  ...options,
});

const image = (name: string, values: Values): Values => ({ [name]: { image: values } });

function release(config: Values, chartValues: Values = {}): LiveRelease {
  return {
    name: "shop",
    namespace: "shop",
    revision: 41,
    status: "deployed",
    chart: { name: "shop", version: "1.0.0", appVersion: "9.9.9" },
    chartValues,
    config,
    record: undefined,
    running: undefined,
    newer: undefined,
  };
}

interface Case {
  explicit?: Values;
  live?: Values | undefined;
  chart?: Values;
  liveChart?: Values;
  services?: Service[];
  isKeptByHelm?: boolean;
  isReplaced?: boolean;
  originOf?: (path: Path) => string;
}

function plan({
  explicit = {},
  live = {},
  chart = {},
  liveChart = chart,
  services,
  isKeptByHelm = false,
  isReplaced = false,
  originOf,
}: Case) {
  return planCarry({
    services: services ?? [service("api")],
    explicit,
    isKeptByHelm,
    isReplaced: () => isReplaced,
    originOf,
    live: release(live, liveChart),
    chart: { values: chart, appVersion: "10.0.0" },
  });
}

/** toMatchObject takes any object for {}. */
const NOTHING = expect.toSatisfy((values: object) => Object.keys(values).length === 0);

const THREAD = "C0123456789/1763719200.000100";
const deployed = { tag: "1.3.2", revision: "aaa", digest: "sha256:1" };

describe("what is carried forward", () => {
  it("tag, revision, digest and repository of a service this command does not name", () => {
    const live = image("api", { ...deployed, repository: "mirror/api", pullPolicy: "Always" });
    const { injected, services } = plan({ live });
    expect(injected).toEqual(image("api", { ...deployed, repository: "mirror/api" }));
    expect(services).toMatchObject([{ origin: "live", after: deployed, before: deployed }]);
  });

  it("only the others when this command names one", () => {
    const live = { ...image("api", deployed), ...image("web", { tag: "2.0.1", revision: "bbb" }) };
    const result = plan({
      live,
      explicit: image("api", { tag: "1.4.0", revision: "ccc" }),
      services: [service("api"), service("web")],
    });
    expect(result.injected).toEqual(image("web", { tag: "2.0.1", revision: "bbb" }));
    expect(result.services.map((row) => [row.name, row.origin, isChanged(row)])).toEqual([
      ["api", "explicit", true],
      ["web", "live", false],
    ]);
  });

  it("not the revision and digest of a tag that this command changes", () => {
    const { injected, services } = plan({
      live: image("api", deployed),
      explicit: image("api", { tag: "1.4.0" }),
    });
    expect(injected).toEqual({});
    expect(services[0]?.after).toEqual({ tag: "1.4.0", revision: undefined, digest: undefined });
  });

  it("the revision of a tag that this command repeats", () => {
    const { injected } = plan({
      live: image("api", deployed),
      explicit: image("api", { tag: "1.3.2" }),
    });
    expect(injected).toEqual(image("api", { revision: "aaa", digest: "sha256:1" }));
  });

  it("the thread of a tag that stays, as everything of it", () => {
    const live = image("api", { ...deployed, thread: THREAD });
    expect(plan({ live }).injected).toEqual(live);
    const repeated = plan({ live, explicit: image("api", { tag: "1.3.2" }) });
    const { tag: _, ...rest } = deployed;
    expect(repeated.injected).toEqual(image("api", { ...rest, thread: THREAD }));
  });

  it("not the thread of a tag that this command changes", () => {
    const { injected } = plan({
      live: image("api", { ...deployed, thread: THREAD }),
      explicit: image("api", { tag: "1.4.0", revision: "ccc" }),
    });
    expect(injected).toEqual({});
  });

  it.each(["", 4, "main", null, { id: 4 }])(
    "not what stands beside a tag as thread and is none: %j",
    (thread) => {
      const { injected, warnings } = plan({ live: image("api", { tag: "1.3.2", thread }) });
      expect([injected, warnings]).toEqual([image("api", { tag: "1.3.2" }), []]);
    },
  );

  it("an emptied digest, also under a new tag: else the chart's own would decide what runs", () => {
    const { injected } = plan({
      live: image("api", { tag: "1.3.2", digest: "" }),
      explicit: image("api", { tag: "1.4.0" }),
      chart: image("api", { tag: "1.0.0", digest: "sha256:chart" }),
    });
    expect(injected).toEqual(image("api", { digest: "" }));
  });

  it.each([["1.10"], [1.1], [true], [null]])("%j keeps its YAML type", (tag) => {
    expect(plan({ live: image("api", { tag }) }).injected).toEqual(image("api", { tag }));
  });

  it("not what --set-json replaces: Helm would drop it, and the table says so", () => {
    const live = image("api", { tag: "1.3.2" });
    const { injected, services, warnings } = plan({ live, isReplaced: true });
    expect(injected).toEqual({});
    expect(services[0]?.notCarried).toBe("--set-json replaces the map it stands in");
    expect(warnings).toEqual([
      "api: the live tag 1.3.2 is not carried: --set-json replaces the map it stands in",
    ]);
  });

  it.each([
    [1_234_567, "1234567"],
    [999_999, 999_999],
  ])("%j becomes %j: of a number in a file templates would make an exponent", (tag, carried) => {
    expect(plan({ live: image("api", { tag }) }).injected).toEqual(image("api", { tag: carried }));
  });

  it("a long number that Helm keeps itself is warned of", () => {
    const live = image("api", { tag: 1_234_567, revision: "aaa" });
    const { injected, warnings } = plan({ live, isKeptByHelm: true });
    expect(injected).toEqual({});
    expect(warnings).toEqual([
      "api: Helm keeps 1234567 as a number, which templates print with an exponent; say it with --set-string",
    ]);
  });

  it("not what was the live chart's default", () => {
    const { injected, services } = plan({
      chart: image("api", { tag: "2.0.0" }),
      liveChart: image("api", { tag: "1.0.0" }),
    });
    expect(injected).toEqual({});
    expect(services).toMatchObject([
      { origin: "chart", before: { tag: "1.0.0" }, after: { tag: "2.0.0" } },
    ]);
  });

  it.each([
    ["null", { api: { image: { tag: null } } }],
    ["null above it", { api: null }],
    ["a string above it", { api: { image: "api:2" } }],
  ])("nothing where this command says %s", (_, explicit) => {
    expect(plan({ live: image("api", { tag: "1.3.2" }), explicit }).injected).toEqual({});
  });

  it("nothing of a service with carry: false", () => {
    const result = plan({
      live: image("api", deployed),
      services: [service("api", { carry: false })],
    });
    expect(result).toMatchObject({ injected: NOTHING, warnings: [] });
  });

  it("nothing on a first install", () => {
    const result = planCarry({
      services: [service("api")],
      explicit: image("api", { tag: "1.0.0" }),
      isKeptByHelm: false,
      live: undefined,
      chart: { values: {} },
    });
    expect(result).toMatchObject({ injected: NOTHING, services: [{ before: { tag: undefined } }] });
  });

  it("nothing where Helm keeps the values itself, though the table shows them", () => {
    const result = plan({ live: image("api", deployed), isKeptByHelm: true });
    expect(result).toMatchObject({
      injected: NOTHING,
      services: [{ origin: "live", after: deployed }],
    });
  });

  it("a whole reference, of which the table shows the tag", () => {
    const result = plan({
      live: { api: { image: "registry:5000/api:1.3.2@sha256:aabbccddeeff00112233445566778899" } },
      chart: { api: { image: "api:1.0.0" } },
      services: [{ name: "api", tag: parsePath("api.image"), carry: true }],
    });
    expect(result.injected).toEqual({
      api: { image: "registry:5000/api:1.3.2@sha256:aabbccddeeff00112233445566778899" },
    });
    expect(result.services[0]?.after).toMatchObject({
      tag: "1.3.2",
      digest: "sha256:aabbccddeeff00112233445566778899",
    });
  });

  it("an empty tag means the chart's appVersion where the service says so", () => {
    const result = plan({
      chart: image("api", { tag: "" }),
      services: [service("api", { fallback: "appVersion" })],
    });
    expect(result.services).toMatchObject([
      { before: { tag: "9.9.9" }, after: { tag: "10.0.0" }, origin: "chart" },
    ]);
  });
});

describe("what cannot be carried is said", () => {
  it("a place in a list, which Helm would replace whole", () => {
    const result = plan({
      live: { workers: [{ image: { tag: "1" } }] },
      services: [{ name: "worker", tag: parsePath("workers[0].image.tag"), carry: true }],
    });
    expect(result.injected).toEqual({});
    expect(result.services[0]?.notCarried).toBe("it stands in a list");
    expect(result.warnings).toEqual(["worker: the live tag 1 is not carried: it stands in a list"]);
  });

  it.each([
    [
      "a string that is now a map",
      "api.image",
      { api: { image: "r:1" } },
      { api: { image: { tag: "2" } } },
      "the chart now has a map there",
    ],
    [
      "a map that is now a string",
      "api.image.tag",
      image("api", { tag: "1" }),
      { api: { image: "r:2" } },
      "the chart now has a single value at api.image",
    ],
    [
      "a path that is gone",
      "api.image.tag",
      image("api", { tag: "1" }),
      { web: {} },
      "the chart no longer has it",
    ],
  ])("%s", (_, path, values, chart, reason) => {
    const result = plan({
      live: values,
      liveChart: values,
      chart,
      services: [{ name: "api", tag: parsePath(path), carry: true }],
    });
    expect(result.injected).toEqual({});
    expect(result.services[0]?.notCarried).toBe(reason);
    expect(result.warnings[0]).toContain(reason);
  });

  describe("of a place that the mapping does not name", () => {
    const services = [service("web", { name: "web.image.tag", unlistedIn: "helm-notify.yaml" })];
    const live = image("web", { tag: "2.1" });

    it("what is lost, and the way out", () => {
      const result = plan({ services, live, chart: image("web", { tag: "2" }) });
      expect(result.injected).toEqual({});
      expect(result.services).toMatchObject([
        {
          name: "web.image.tag",
          origin: "chart",
          before: { tag: "2.1" },
          after: { tag: "2" },
          notCarried: "helm-notify.yaml does not name it",
        },
      ]);
      expect(result.warnings).toEqual([
        "web.image.tag: the live tag 2.1 is not carried: helm-notify.yaml does not name it; 2 comes instead. Add it there, with carry: false if that is wanted",
      ]);
    });

    it.each<[string, Case]>([
      ["this command says it", { explicit: image("web", { tag: "3" }) }],
      ["the chart says the same", { chart: image("web", { tag: "2.1" }) }],
      ["Helm keeps it", { isKeptByHelm: true }],
    ])("nothing where %s", (_, given) => {
      expect(plan({ services, live, ...given })).toMatchObject({ services: [], warnings: [] });
    });
  });

  it("the revision stays behind with its tag", () => {
    const result = plan({
      live: image("api", deployed),
      liveChart: image("api", { tag: "1.0.0" }),
      chart: image("api", { revision: "" }),
    });
    expect(result.injected).toEqual({});
  });

  it("a path neither chart ever had as a default is carried: users add such keys", () => {
    const chart = image("api", { repository: "r" });
    expect(plan({ live: image("api", { tag: "1" }), chart }).injected).toEqual(
      image("api", { tag: "1" }),
    );
  });
});

describe("warnings", () => {
  it("the chart's own tag moved under a carried one", () => {
    const { warnings, injected } = plan({
      live: image("api", { tag: "1.3.2" }),
      liveChart: image("api", { tag: "1.0.0" }),
      chart: image("api", { tag: "2.0.0" }),
    });
    expect(injected).toEqual(image("api", { tag: "1.3.2" }));
    expect(warnings).toEqual([
      "api: carries 1.3.2 although the chart's own tag went from 1.0.0 to 2.0.0",
    ]);
  });

  it("the chart's digest decides, not the tag this command gives", () => {
    const { warnings } = plan({
      explicit: image("api", { tag: "1.4.0" }),
      chart: image("api", { tag: "1.0.0", digest: "sha256:chart" }),
    });
    expect(warnings).toEqual([
      "api: the chart pins sha256:chart, which decides what runs, not the tag; set api.image.digest as well",
    ]);
  });

  it("the chart's own revision stays beside a tag that is not the chart's", () => {
    const chart = image("api", { tag: "1.0.0", revision: "chart" });
    expect(plan({ explicit: image("api", { tag: "1.4.0" }), chart }).warnings).toEqual([
      "api: the chart's own revision chart stays beside the tag 1.4.0; set api.image.revision as well",
    ]);
    expect(plan({ explicit: image("api", { tag: "1.0.0" }), chart }).warnings).toEqual([]);
  });

  it.each<[string, Case]>([
    ["--reuse-values keeps it", { explicit: image("api", { tag: "1.4.0" }), isKeptByHelm: true }],
    [
      "it stands in a file, and the tag in --set",
      {
        explicit: image("api", { tag: "1.4.0", revision: "aaa" }),
        originOf: (path) => (path.at(-1) === "tag" ? "--set" : "staging.yaml"),
      },
    ],
    [
      "the file says it whole",
      {
        live: image("api", { tag: "1.3.2", revision: "aaaaaaa" }),
        explicit: image("api", { tag: "1.4.0", revision: "a".repeat(40) }),
        originOf: (path) => (path.at(-1) === "tag" ? "--set" : "staging.yaml"),
      },
    ],
  ])("the old revision stays under a new tag: %s", (_, given) => {
    const live = image("api", { tag: "1.3.2", revision: "aaa" });
    expect(plan({ live, ...given }).warnings).toEqual([
      expect.stringMatching(
        /^api: the revision of the old tag stays, a+; set api\.image\.revision as well$/,
      ),
    ]);
  });

  it("nothing where one command says both: a rebuild has another tag", () => {
    const live = image("api", { tag: "1.3.2", revision: "aaa" });
    const explicit = image("api", { tag: "1.3.3", revision: "aaa" });
    expect(plan({ live, explicit }).warnings).toEqual([]);
  });

  it.each<[string, Case]>([
    [
      "--reuse-values keeps it",
      {
        live: image("api", { tag: "1.6.0", digest: "sha256:1" }),
        explicit: image("api", { tag: "1.7.0" }),
        isKeptByHelm: true,
      },
    ],
    [
      "it stands in a file, and the tag in --set",
      {
        live: image("api", { tag: "1.6.0", digest: "sha256:1" }),
        explicit: image("api", { tag: "1.7.0", digest: "sha256:1" }),
        originOf: (path) => (path.at(-1) === "tag" ? "--set" : "staging.yaml"),
      },
    ],
    [
      "it is carried, and the tag moves with the chart",
      {
        live: image("api", { digest: "sha256:1" }),
        liveChart: image("api", { tag: "1.6.0" }),
        chart: image("api", { tag: "1.7.0" }),
      },
    ],
  ])("the digest of the old tag decides what runs under a new one: %s", (_, given) => {
    expect(plan(given).warnings).toEqual([
      "api: the digest of the old tag stays, sha256:1, and decides what runs; set api.image.digest as well",
    ]);
  });

  it.each<[string, Case]>([
    [
      "one command says both: the image has another tag",
      { explicit: image("api", { tag: "1.7.0", digest: "sha256:1" }) },
    ],
    [
      "two flags say both",
      {
        explicit: image("api", { tag: "1.7.0", digest: "sha256:1" }),
        originOf: (path) => (path.at(-1) === "tag" ? "--set" : "--set-string"),
      },
    ],
    ["the tag stays", { explicit: image("api", { tag: "1.6.0" }) }],
    [
      "another digest comes with the tag",
      { explicit: image("api", { tag: "1.7.0", digest: "sha256:2" }), isKeptByHelm: true },
    ],
    [
      "the digest was emptied",
      {
        live: image("api", { tag: "1.6.0", digest: "" }),
        explicit: image("api", { tag: "1.7.0" }),
      },
    ],
  ])("nothing of a digest where %s", (_, given) => {
    const live = image("api", { tag: "1.6.0", digest: "sha256:1" });
    expect(plan({ live, ...given }).warnings).toEqual([]);
  });
});
