import { describe, expect, it } from "vitest";
import { toAge, toDuration, toUtc } from "../../src/render/moments.ts";

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

describe("spans of time", () => {
  it.each([
    [0, "", "0s"],
    [-5 * SECOND, "", "0s"],
    [400, "", "0s"],
    [45 * SECOND, "45s", "45s"],
    [59.6 * SECOND, "1m", "1m"],
    [130 * SECOND, "2m10s", "2m"],
    [2 * HOUR, "2h", "2h"],
    [HOUR + 5 * MINUTE + 9 * SECOND, "1h5m", "1h"],
    [HOUR + 9 * SECOND, "1h", "1h"],
    [3 * DAY + 2 * HOUR, "3d2h", "3d"],
    [Number.NaN, "", "0s"],
  ])("%d ms", (ms, duration, age) => {
    expect([toDuration(ms), toAge(ms)]).toEqual([duration, age]);
  });
});

describe("moments", () => {
  it("are told in UTC", () => {
    expect(toUtc("2026-11-21T13:00:05+01:00")).toBe("2026-11-21 12:00:05 UTC");
  });

  it("are left as they are where they are none", () => {
    expect(toUtc("soon")).toBe("soon");
  });
});
