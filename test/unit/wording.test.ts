import { describe, expect, it } from "vitest";
import { TEXTS } from "../../src/render/texts.ts";
import { createWording, say } from "../../src/render/wording.ts";

const VIEW = { release: "shop", place: "production" };

describe("the wording of a chart", () => {
  it("takes the place of a text; all others stay", async () => {
    const { say: own, problems } = await createWording({ start: "Los: {{release}} in {{place}}" });
    expect(problems).toEqual([]);
    expect(own("start", VIEW)).toBe("Los: shop in production");
    expect(own("none", {})).toBe(say("none", {}));
  });

  it("values are not escaped a second time", async () => {
    const { say: own } = await createWording({ start: "{{release}} {{{release}}}" });
    expect(own("start", { release: "a &amp; b" })).toBe("a &amp; b a &amp; b");
  });

  it.each([
    [
      "is not closed",
      "{{#if release}}x",
      /^messages\.start cannot be used: Parse error on line 1; the default is used$/,
    ],
    ["uses a helper that does not exist", "{{shout release}}", /nothing is called shout;/],
    ["names what is not known", "{{relese}}", /nothing is called relese;/],
    [
      "does so where it is not looked at",
      "{{#if release}}x{{else}}{{nonsense}}{{/if}}",
      /nonsense/,
    ],
    ["uses a helper the wrong way", "{{#if release place}}x{{/if}}", /exactly one argument/],
    ["asks for a partial", "{{> footer}}", /partials/],
    ["would double without end", `{{#*inline "a"}}{{> a}}{{> a}}{{/inline}}{{~> a}}`, /partials/],
    ["would write to stdout", "{{release}}{{log release}}", /nothing is called log;/],
    ["would repeat itself", "{{#each this}}{{#each @root}}x{{/each}}{{/each}}", /called each;/],
    ["never says anything", " {{#if isRollback}} {{/if}}", /it says nothing;/],
    ["is too long", "x".repeat(10_001), /longer than 10000/],
  ])("one that %s gives way to the default, and is named", async (_, text, problem) => {
    const { say: own, problems } = await createWording({ start: text });
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(own("start", VIEW)).toBe(say("start", VIEW));
  });

  it("one that says something only of a rollback leaves the rest to the default", async () => {
    const text = "{{#if isRollback}}Back to {{release}}{{/if}}";
    const { say: own, problems } = await createWording({ start: text });
    expect(problems).toEqual([]);
    expect(own("start", { ...VIEW, isRollback: true })).toBe("Back to shop");
    expect(own("start", { ...VIEW, isRollback: false })).toBe(say("start", VIEW));
  });

  it.each([
    ["an entity", `${"x".repeat(2995)}{{release}}`, "&amp;&amp;", `${"x".repeat(2995)}…`],
    ["a link", `${"x".repeat(2990)}{{release}}`, "<https://a.b/c|d>", `${"x".repeat(2990)}…`],
    ["a character", `${"x".repeat(2998)}{{release}}`, "🚀🚀", `${"x".repeat(2998)}…`],
  ])("one that says too much is cut, but not within %s", async (_, text, release, said) => {
    const { say: own } = await createWording({ start: text });
    expect(own("start", { release })).toBe(said);
  });

  it("control characters of a template are not sent, its lines are", async () => {
    const { say: own } = await createWording({ start: "a\u0007b\n{{release}}\n\n" });
    expect(own("start", VIEW)).toBe("a b\nshop");
  });

  it("every variable of our own texts is documented", async () => {
    expect((await createWording(TEXTS)).problems).toEqual([]);
  });

  it("a text that does not exist is named", async () => {
    const { problems } = await createWording({ nonsense: "x", toString: "y" });
    expect(problems).toEqual([
      'messages has no text "nonsense"',
      'messages has no text "toString"',
    ]);
  });

  it("nothing of the program can be reached", async () => {
    const { say: own } = await createWording({
      start: "{{release}}{{lookup release 'constructor'}}{{lookup this '__proto__'}}|",
      failed: "{{constructor.constructor}}",
    });
    expect(own("start", VIEW)).toBe("shop|");
    expect(own("failed", VIEW)).toBe(say("failed", VIEW));
  });
});
