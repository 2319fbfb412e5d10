import { describe, expect, it } from "vitest";
import { coalesceValues, mergeValues } from "../../src/domain/merged-values.ts";
import type { Values } from "../../src/domain/values.ts";

describe("values laid on values", () => {
  it.each<[string, Values, Values, Values, Values]>([
    ["maps merge", { a: { b: 1 } }, { a: { c: 2 } }, { a: { b: 1, c: 2 } }, { a: { b: 1, c: 2 } }],
    ["lists are replaced", { a: [1, 2] }, { a: [3] }, { a: [3] }, { a: [3] }],
    ["a map replaces a value", { a: 1 }, { a: { b: 1 } }, { a: { b: 1 } }, { a: { b: 1 } }],
    ["a value replaces a map", { a: { b: 1 } }, { a: 1 }, { a: 1 }, { a: 1 }],
    [
      "a null stays, or takes away",
      { a: { b: 1, c: 2 } },
      { a: { b: null } },
      { a: { b: null, c: 2 } },
      { a: { c: 2 } },
    ],
    ["a null over nothing", {}, { a: null }, { a: null }, { a: null }],
  ])("%s", (_, base, over, merged, coalesced) => {
    expect(mergeValues(base, over)).toEqual(merged);
    expect(coalesceValues(base, over)).toEqual(coalesced);
  });

  it("neither is changed", () => {
    const base = { a: { b: 1 } };
    mergeValues(base, { a: { b: 2, c: 3 } });
    expect(base).toEqual({ a: { b: 1 } });
  });

  it("a key named __proto__ is a key like others", () => {
    const over: Values = JSON.parse('{"__proto__": {"a": 1}}');
    expect(Object.keys(mergeValues({ b: 1 }, over))).toEqual(["b", "__proto__"]);
  });
});
