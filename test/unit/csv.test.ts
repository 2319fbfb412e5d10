import { describe, expect, it } from "vitest";
import { toCsv } from "../../src/render/csv.ts";

const cell = (value: string | number | boolean | undefined) =>
  toCsv([["x", () => value]], [0]).slice("x\r\n".length, -"\r\n".length);

describe("comma-separated values", () => {
  it("have a header, and end every line in CRLF", () => {
    const columns = [
      ["a", (row: number) => row],
      ["b", () => "x"],
    ] as const;
    expect(toCsv(columns, [1, 2])).toBe("a,b\r\n1,x\r\n2,x\r\n");
    expect(toCsv(columns, [])).toBe("a,b\r\n");
  });

  it.each([
    ["text as it is", "1.4.0", "1.4.0"],
    ["nothing for undefined", undefined, ""],
    ["a number, negative too", -1, "-1"],
    ["a boolean", false, "false"],
    ["a comma in quotes", "a,b", '"a,b"'],
    ["a quote doubled", 'say "a"', '"say ""a"""'],
    ["a line break in quotes", "a\nb", '"a\nb"'],
    ["a formula as text", "=1+1", "'=1+1"],
    ["a formula with quotes", '=HYPERLINK("http://x","y")', `"'=HYPERLINK(""http://x"",""y"")"`],
    ["an addition", "+1", "'+1"],
    ["a subtraction", "-1", "'-1"],
    ["a mention", "@SUM(A1)", "'@SUM(A1)"],
    ["a tab in front", "\t=1", "'\t=1"],
    ["a carriage return in front", "\r=1", `"'\r=1"`],
    ["a line feed in front", "\n=1", `"'\n=1"`],
    ["a full-width formula", "＝1", "'＝1"],
    ["a minus inside", "a-1", "a-1"],
  ])("hold %s", (_, value, expected) => {
    expect(cell(value)).toBe(expected);
  });
});
