import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cut, escapeText, link, moment, truncate } from "../../src/render/mrkdwn.ts";

describe("text of outside in Slack's markup", () => {
  it.each([
    ["the three signs, each once", "a & b < c > d &amp;", "a &amp; b &lt; c &gt; d &amp;amp;"],
    ["a call of the whole channel", "<!channel>", "&lt;!channel&gt;"],
    ["line breaks", "a\r\nb\tc\u2028d", "a b c d"],
    ["a text that is turned around", "a\u202Eb\u2066c", "abc"],
    ["a backtick", "a`b", "a'b"],
    ["half of a surrogate pair", "a\uD83D", "a\uFFFD"],
    ["emoji and right-to-left text stay", "🚀 שלום", "🚀 שלום"],
  ])("%s", (_, text, expected) => expect(escapeText(text)).toBe(expected));

  it.each([
    ["short text stays", "abc", 3, "abc"],
    ["long text ends with an ellipsis", "abcd", 3, "ab…"],
    ["no surrogate pair is cut", "a🚀🚀", 3, "a…"],
  ])("%s", (_, text, limit, expected) => expect(truncate(text, limit)).toBe(expected));

  it("text is cut before it is escaped, so never inside an entity", () => {
    expect(escapeText("<<<<", 3)).toBe("&lt;&lt;…");
  });

  it.each([
    ["a link", "https://x.example/a?b=1&c=2", "1.4.0", "<https://x.example/a?b=1&amp;c=2|1.4.0>"],
    ["a pipe in the label", "https://x.example/", "a|b", "<https://x.example/|a¦b>"],
    [
      "signs in the address",
      "https://x.example/a|b>c <d",
      "x",
      "<https://x.example/a%7Cb%3Ec%20%3Cd|x>",
    ],
    ["no address", undefined, "<b>", "&lt;b&gt;"],
    ["an address nobody could click", `https://x.example/${"a".repeat(3000)}`, "x", "x"],
    ["one that escaping makes so", `https://x.example/?${"&".repeat(200)}`, "x", "x"],
    ["half a character in it", "https://x.example/\uD83D`", "x", "<https://x.example/\uFFFD%60|x>"],
    ["no label", "https://x.example/", " ", ""],
  ])("%s", (_, url, label, expected) => expect(link(url, label)).toBe(expected));

  it.each([
    ["mrkdwn that fits stays", "*a* &amp;", 9, "*a* &amp;"],
    ["it is not cut within an entity", "ab&amp;c", 6, "ab…"],
    ["nor behind its sign alone", "ab&amp;c", 4, "ab…"],
    ["but right behind it", "ab&amp;cde", 8, "ab&amp;…"],
    ["nor within a link", "a<https://b.c/d|e>f", 10, "a…"],
    ["nor within its label", "a<https://b.c/d|e>f", 17, "a…"],
    ["nor within a character", "a🚀🚀", 3, "a…"],
  ])("%s", (_, text, limit, expected) => expect(cut(text, limit)).toBe(expected));

  it("a moment is in the reader's own time, and in UTC where Slack cannot tell it", () => {
    expect(moment(new Date("2026-11-21T12:03:45Z"))).toBe(
      "<!date^1795262625^{date_short_pretty} {time}|2026-11-21 12:03 UTC>",
    );
    expect(moment(new Date("noon"))).toBe("");
  });

  it("whatever comes, nothing of it is markup, and nothing is longer than asked", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.integer({ min: 1, max: 30 }),
        (text, limit) => {
          const escaped = escapeText(text, limit);
          expect(escaped).not.toMatch(/[<>`\n]|&(?!(amp|lt|gt);)/);
          const shown = escaped.replaceAll(/&(amp|lt|gt);/g, "x");
          expect(shown.length).toBeLessThanOrEqual(limit);
          expect(escaped.isWellFormed()).toBe(true);
        },
      ),
    );
  });
});
