import { expect, it } from "vitest";
import { repairGoEscapes } from "../../src/release/release-as-json.ts";

it.each([
  [String.raw`"a\x01b\x7f"`, "a\u0001b\u007f"],
  [String.raw`"\a\v\n\t\\"`, "\u0007\u000b\n\t\\"],
  [String.raw`"\U000e0001"`, "\u{e0001}"],
  [String.raw`"\u00ad"`, "\u00ad"],
  [
    String.raw`"a backslash \\x41 \\a \\U0001f600 stays"`,
    String.raw`a backslash \x41 \a \U0001f600 stays`,
  ],
  [String.raw`"\"quoted\""`, '"quoted"'],
])("Go's %s is read as it was meant", (quoted, meant) => {
  expect(JSON.parse(repairGoEscapes(quoted))).toBe(meant);
});
