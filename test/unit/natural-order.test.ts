import { describe, expect, it } from "vitest";
import { compareDecimals, compareNaturally } from "../../src/domain/natural-order.ts";

describe("natural order", () => {
  it.each([
    ["1.0.9", "1.0.10"],
    ["1.0", "1.0.1"],
    ["a", "a1"],
    ["a", "b"],
    ["9", "a"],
    ["a9z", "a10a"],
    ["99999999999999999998", "99999999999999999999"],
  ])("has %s before %s", (a, b) => {
    expect(compareNaturally(a, b)).toBeLessThan(0);
    expect(compareNaturally(b, a)).toBeGreaterThan(0);
    expect(compareNaturally(a, a)).toBe(0);
  });

  it.each([
    ["9", "10"],
    ["1.5", "1.51"],
    ["1.9", "2"],
  ])("of decimals has %s before %s", (a, b) => {
    expect(compareDecimals(a, b)).toBeLessThan(0);
    expect(compareDecimals(b, a)).toBeGreaterThan(0);
  });

  it("takes zeros at the ends of decimals for nothing", () => {
    expect(compareDecimals("01.50", "1.5")).toBe(0);
    expect(compareDecimals("1.5", "01.50")).toBe(0);
  });
});
