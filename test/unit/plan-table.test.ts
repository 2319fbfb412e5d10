import { describe, expect, it } from "vitest";
import type { Deployed, ServicePlan } from "../../src/domain/carry.ts";
import type { LiveRelease } from "../../src/domain/release.ts";
import { parsePath } from "../../src/domain/values.ts";
import { toPlanTable } from "../../src/render/plan-table.ts";

const LIVE: LiveRelease = {
  name: "shop",
  namespace: "prod",
  revision: 41,
  status: "deployed",
  chart: { name: "shop", version: "1.0.0", appVersion: undefined },
  chartValues: {},
  config: {},
  record: undefined,
  running: undefined,
  newer: undefined,
};

function service(name: string, before: Partial<Deployed>, after: Partial<Deployed>): ServicePlan {
  const nothing = { tag: undefined, revision: undefined, digest: undefined };
  return {
    name,
    path: parsePath(`${name}.image.tag`),
    origin: "live",
    before: { ...nothing, ...before },
    after: { ...nothing, ...after },
    notCarried: undefined,
  };
}

const table = (services: ServicePlan[], live: LiveRelease | undefined = LIVE) =>
  toPlanTable({ release: "shop", live, newer: live?.newer, services, originOf: () => "--set" });

describe("the table before an upgrade", () => {
  it("says what changes and where it comes from", () => {
    const services = [
      {
        ...service(
          "api",
          { tag: "1.3.2", revision: "a".repeat(40) },
          { tag: "1.4.0", revision: "b".repeat(40) },
        ),
        origin: "explicit" as const,
      },
      service("web", { tag: "2.0.1" }, { tag: "2.0.1" }),
      { ...service("db", {}, {}), origin: "none" as const },
    ];
    expect(table(services)).toEqual([
      "shop in prod: live is revision 41 (deployed)",
      "SERVICE  TAG            REVISION           FROM",
      "api      1.3.2 → 1.4.0  aaaaaaa → bbbbbbb  --set",
      "web      2.0.1          -                  live revision 41",
      "db       -              -                  -",
    ]);
  });

  it("leaves out a column that holds nothing", () => {
    expect(table([service("web", { tag: "2" }, { tag: "2" })])[1]).toBe("SERVICE  TAG  FROM");
  });

  it("shows a digest that changes", () => {
    const row = service(
      "api",
      { tag: "1", digest: `sha256:${"0".repeat(64)}` },
      { tag: "1", digest: `sha256:${"1".repeat(64)}` },
    );
    expect(table([row])[2]).toBe(
      "api      1@sha256:000000000000 → 1@sha256:111111111111  live revision 41",
    );
  });

  it("says why a live tag is left behind", () => {
    const row = {
      ...service("api", { tag: "1" }, { tag: "2" }),
      origin: "chart" as const,
      notCarried: "it stands in a list",
    };
    expect(table([row])[2]).toBe("api      1 → 2  chart (live not carried: it stands in a list)");
  });

  it.each([
    ["a first install", undefined, undefined, "shop: first install"],
    [
      "an uninstalled release",
      undefined,
      { revision: 5, status: "uninstalled" },
      "shop: nothing is live, revision 5 is uninstalled",
    ],
    [
      "a later failure",
      LIVE,
      { revision: 42, status: "failed" },
      "shop in prod: live is revision 41 (deployed), revision 42 is failed: the cluster may run parts of it",
    ],
  ])("%s", (_, live, newer, heading) => {
    const view = { release: "shop", live, newer, services: [], originOf: () => undefined };
    expect(toPlanTable(view)).toEqual([heading, "no services found in the values of this chart"]);
  });
});
