import { expect, it } from "vitest";
import type { LiveRelease, LookUp } from "../../src/domain/release.ts";
import { recordBefore, recordOf, servicesOf } from "../../src/flow/release-record.ts";
import { recordOf as recordWith } from "../support/records.ts";

const LIVE: LiveRelease = {
  name: "shop",
  namespace: "shop",
  revision: 3,
  status: "deployed",
  chart: { name: "shop", version: "1.2.0", appVersion: "9.9.9" },
  chartValues: { api: { image: { repository: "acme/api", tag: "1" } } },
  config: { api: { image: { tag: "2" } } },
  record: undefined,
  running: undefined,
  newer: undefined,
};
const BY_VALUES = {
  ...recordWith({ api: { image: "acme/api", tag: "2" } }),
  environment: "staging",
};
const UNKNOWN = { kind: "unknown", environment: "staging" };
const RECORD = recordWith({ api: { tag: "3" } });
const OTHER = recordWith({ api: { tag: "4" } });

const live = (given: Partial<LiveRelease>): LookUp => ({
  kind: "live",
  release: { ...LIVE, ...given },
});
const newer = (status: string) => ({ revision: 4, status });

it.each<[string, LookUp, object]>([
  ["nothing where there is no release", { kind: "none", newer: undefined }, { kind: "nothing" }],
  [
    "nothing after an uninstall",
    { kind: "none", newer: newer("uninstalled") },
    { kind: "nothing" },
  ],
  [
    "unknown after a first install that was killed",
    { kind: "none", newer: newer("pending-install") },
    UNKNOWN,
  ],
  [
    "the cluster's own record, whatever Helm says",
    live({ record: RECORD, running: OTHER, newer: newer("failed") }),
    { kind: "record", record: OTHER },
  ],
  ["unknown where that record cannot be read", live({ record: RECORD }), UNKNOWN],
  ["the values of a release without a record", live({}), { kind: "record", record: BY_VALUES }],
  ["unknown after a failure without a record", live({ newer: newer("failed") }), UNKNOWN],
  ["unknown where the only revision failed", live({ status: "failed" }), UNKNOWN],
])("what runs before: %s", (_, found, expected) => {
  expect(recordBefore(found, servicesOf(LIVE, undefined), "staging")).toEqual(expected);
});

it("a revision that rendered a record is what that record says", () => {
  expect(recordOf({ ...LIVE, record: RECORD }, [], "staging")).toBe(RECORD);
});
