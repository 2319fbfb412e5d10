import { describe, expect, it } from "vitest";
import { formatPath, parsePath, valueAt } from "../../src/domain/values.ts";

describe("paths into values", () => {
  it.each([
    ["api.image.tag", ["api", "image", "tag"]],
    ["tag", ["tag"]],
    ["workers[0].image.tag", ["workers", 0, "image", "tag"]],
    ["matrix[1][2]", ["matrix", 1, 2]],
    ["nodes.example\\.com.tag", ["nodes", "example.com", "tag"]],
  ])("%s is read and written alike", (text, path) => {
    expect(parsePath(text)).toEqual(path);
    expect(formatPath(path)).toBe(text);
  });

  it.each(["", ".tag", "api..tag", "api.", "[0]"])("%j is refused", (text) => {
    expect(() => parsePath(text)).toThrow("is not a path into values");
  });

  it("nothing, null and inherited names are told apart", () => {
    const values = { api: { tag: null, list: [{ tag: "1" }] } };
    expect(valueAt(values, ["api", "tag"])).toBeNull();
    expect(valueAt(values, ["api", "list", 0, "tag"])).toBe("1");
    expect(valueAt(values, ["api", "tag", "x"])).toBeUndefined();
    expect(valueAt(values, ["toString"])).toBeUndefined();
  });
});
