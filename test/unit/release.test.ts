import { describe, expect, it } from "vitest";
import { isPending, pickLive, type RevisionStatus } from "../../src/domain/release.ts";

const history = (...statuses: string[]): RevisionStatus[] =>
  statuses.map((status, index) => ({ revision: index + 1, status }));

describe("pickLive", () => {
  it.each<[string, RevisionStatus[], number | undefined, number | undefined]>([
    ["no history", [], undefined, undefined],
    ["the last where it is deployed", history("superseded", "deployed"), 2, undefined],
    ["the deployed one below a failed one", history("superseded", "deployed", "failed"), 2, 3],
    ["the deployed one below a pending one", history("deployed", "pending-upgrade"), 1, 2],
    ["the highest of several deployed", history("deployed", "deployed", "failed"), 2, 3],
    ["a failed first install", history("failed"), 1, undefined],
    ["the last of failures", history("failed", "failed"), 2, undefined],
    ["a superseded one without a successor", history("superseded"), 1, undefined],
    ["none while the first install is pending", history("pending-install"), undefined, 1],
    ["none after uninstalling", history("superseded", "uninstalled"), undefined, 2],
    ["none after uninstalling over a failure", history("deployed", "uninstalled"), undefined, 2],
    ["none of unknown states", history("unknown"), undefined, 1],
    [
      "by number, not by order or spelling",
      [...history("superseded", "deployed"), { revision: 10, status: "failed" }].toReversed(),
      2,
      10,
    ],
  ])("%s", (_, given, live, newer) => {
    const picked = pickLive(given);
    expect([picked.live?.revision, picked.newer?.revision]).toEqual([live, newer]);
  });
});

it.each([
  ["pending-install", true],
  ["pending-upgrade", true],
  ["pending-rollback", true],
  ["failed", false],
  ["deployed", false],
])("%s is pending: %s", (status, expected) => {
  expect(isPending({ revision: 1, status })).toBe(expected);
});
