import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { editInfo } from "../../src/release/info-edit.ts";

describe("what a stored release says of itself", () => {
  // As Go writes it: its escapes, its numbers, keys that only look like ours.
  const AROUND = String.raw`"chart":{"info":{"status":"of the chart"},"values":{"n":12345678901234567890,"f":1e+21,"m":1.0,"h":"\u003cb\u003e é \u2028 \"info\":{\"status\""}},"config":{"10":1,"2":2,"status":"x"},"version":5`;
  const STORED = `{"name":"shop","info":{"first_deployed":"2026-11-21T10:00:00.123456789Z","deleted":"","description":"Preparing \\"upgrade\\" {","status":"pending-upgrade","notes":"status: fine"},${AROUND}}`;

  it("changes in that one place, and every other byte stays", () => {
    const edited = editInfo(editInfo(STORED, "status", "failed"), "description", 'Ended by "x"');
    expect(edited).toBe(
      STORED.replace('"pending-upgrade"', '"failed"').replace(
        String.raw`"Preparing \"upgrade\" {"`,
        String.raw`"Ended by \"x\""`,
      ),
    );
  });

  it.each([
    ["beside others", '{"info":{"status":"x"}}', '{"info":{"description":"d","status":"x"}}'],
    ["alone", '{"info":{ }}', '{"info":{"description":"d" }}'],
    [
      "behind the rest, with spaces, by an escaped name",
      String.raw`{ "a" : [1, {"info": {}}, "]"] , "\u0069nfo" : { "n" : -1.5e3 , "t" : true } }`,
      String.raw`{ "a" : [1, {"info": {}}, "]"] , "\u0069nfo" : {"description":"d", "n" : -1.5e3 , "t" : true } }`,
    ],
  ])("is added where it was not said, %s", (_, json, edited) => {
    expect(editInfo(json, "description", "d")).toBe(edited);
  });

  it.each(["{}", '{"info":null}', '{"chart":{"info":{}}}'])(
    "is refused where there is none: %s",
    (json) => {
      expect(() => editInfo(json, "status", "failed")).toThrow("has no info");
    },
  );

  it("is all that differs, whatever stands around it", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.string(),
        (info, rest, text) => {
          const release = { rest, info: { ...info, status: "pending-upgrade" } };
          const edited: unknown = JSON.parse(editInfo(JSON.stringify(release), "status", text));
          expect(edited).toEqual(
            JSON.parse(JSON.stringify({ rest, info: { ...info, status: text } })),
          );
        },
      ),
    );
  });
});
