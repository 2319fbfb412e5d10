import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Push } from "../../src/domain/push.ts";
import { toPushEvent, toPushMessage } from "../../src/render/push-message.ts";
import { checkContent } from "../support/slack/content.ts";

const SHA = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432";
const DIGEST = `sha256:${"ab".repeat(32)}`;
const PAGE = `https://github.com/acme/api/commit/${SHA}`;
const PUSH: Push = {
  images: [{ repository: "registry.example.com/acme/api", tag: "1.4.0" }],
  source: "git@github.com:acme/api.git",
  revision: SHA,
  ref: "v1.4.0",
  starter: { actor: "jane", url: "https://ci/7" },
};
const NOTHING = { source: undefined, revision: undefined, ref: undefined, starter: {} };

/** The texts of the blocks, a line each. */
function linesOf(push: Push): string[] {
  return toPushMessage(push)
    .blocks.flatMap((block) =>
      block.type === "section" ? [block.text.text] : block.elements.map(({ text }) => text),
    )
    .flatMap((text) => text.split("\n"));
}

describe("a pushed image", () => {
  it("is told with its tag linked to its commit, the actor, the run and the ref", () => {
    expect(linesOf(PUSH)).toEqual([
      `Pushed *api* <${PAGE}|1.4.0> (9f8e7d6)`,
      "by jane · <https://ci/7|run> · v1.4.0",
    ]);
    expect(toPushMessage(PUSH).text).toBe("Pushed api 1.4.0 (9f8e7d6)");
  });

  it.each<[string, Partial<Push>, string]>([
    ["of which nothing is known but its name", NOTHING, "Pushed *api* 1.4.0"],
    [
      "from a host that nobody knows has no link",
      { source: "https://git.acme.com/a/b" },
      "Pushed *api* 1.4.0 (9f8e7d6)",
    ],
    [
      "from a host that is told by a template",
      { source: "https://git.acme.com/?id={revision}" },
      `Pushed *api* <https://git.acme.com/?id=${SHA}|1.4.0> (9f8e7d6)`,
    ],
    ["of a branch has no link", { revision: "cart" }, "Pushed *api* 1.4.0 (cart)"],
    [
      "that has only a digest shows its beginning",
      { ...NOTHING, images: [{ repository: "acme/api", digest: DIGEST }] },
      "Pushed *api* sha256:abababababab",
    ],
    [
      "that has both shows its tag",
      { ...NOTHING, images: [{ repository: "acme/api", tag: "1", digest: DIGEST }] },
      "Pushed *api* 1",
    ],
  ])("%s", (_, change, line) => {
    expect(linesOf({ ...PUSH, ...change })[0]).toBe(line);
  });

  it("needs no footer where nothing is known", () => {
    expect(linesOf({ ...PUSH, ...NOTHING })).toHaveLength(1);
  });
});

describe("several images", () => {
  it("are one message", () => {
    const images = ["api", "web"].map((name) => ({ repository: `acme/${name}`, tag: "2" }));
    const { text } = toPushMessage({ ...PUSH, images });
    expect(linesOf({ ...PUSH, images })).toEqual([
      "Pushed 2 images",
      `*api* <${PAGE}|2> (9f8e7d6)`,
      `*web* <${PAGE}|2> (9f8e7d6)`,
      "by jane · <https://ci/7|run> · v1.4.0",
    ]);
    expect(text).toBe("Pushed api 2 (9f8e7d6), web 2 (9f8e7d6)");
  });

  it("of one name are told apart by their repositories", () => {
    const images = ["a/api", "b/api", "a/web"].map((repository) => ({ repository, tag: "2" }));
    expect(linesOf({ ...NOTHING, images }).slice(1)).toEqual(["*a/api* 2", "*b/api* 2", "*web* 2"]);
  });

  it("of one repository need no more than its name", () => {
    const images = ["2", "latest"].map((tag) => ({ repository: "acme/api", tag }));
    expect(linesOf({ ...NOTHING, images }).slice(1)).toEqual(["*api* 2", "*api* latest"]);
  });

  it("that do not fit are counted", () => {
    const images = Array.from({ length: 500 }, (_, index) => ({
      repository: `acme/${"x".repeat(200)}${index}`,
      tag: "2",
    }));
    const lines = linesOf({ ...PUSH, images });
    const told = lines.filter((line) => line.startsWith("*")).length;
    expect(told).toBeGreaterThan(30);
    expect(lines).toContain(`+${500 - told} more`);
    expect(toPushMessage({ ...PUSH, images }).text).toMatch(/, \+495 more$/);
  });
});

const nasty = fc.oneof(
  fc.constantFrom("<!channel>", "<@U1|x>", "&amp;", "*_~`", "a|b>", "\n\n", "```", "שלום"),
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.constantFrom("<", "&", '"', "🚀", "\\").map((sign) => sign.repeat(300)),
);
const anyPush: fc.Arbitrary<Push> = fc.record({
  images: fc.oneof(
    fc.array(fc.record({ repository: nasty, tag: nasty }), { minLength: 1, maxLength: 5 }),
    fc
      .record({ repository: nasty, tag: nasty })
      .map((image) => Array.from({ length: 300 }, () => image)),
  ),
  source: fc.oneof(
    fc.constantFrom("https://github.com/acme/api", undefined),
    nasty.map((text) => `https://git.acme.com/${text}/{revision}`),
  ),
  revision: fc.oneof(fc.constantFrom(SHA, undefined), nasty),
  ref: nasty,
  starter: fc.record({ actor: nasty, url: nasty.map((text) => `https://ci/${text}`) }),
});

it("Slack takes whatever comes in, and none of it becomes markup", () => {
  fc.assert(
    fc.property(anyPush, (push) => {
      const { text, blocks } = toPushMessage(push);
      expect(checkContent({ text, blocks })).toMatchObject({ kind: "accepted" });
      for (const shown of [text, ...linesOf(push)]) {
        const rest = shown
          .replaceAll(/<https?:[^<>|\s]+\|[^<>|]*>/g, "")
          .replaceAll(/&(?:amp|lt|gt);/g, "");
        expect(rest).not.toMatch(/[<>&`]/);
        expect(shown.isWellFormed()).toBe(true);
      }
    }),
  );
});

it("programs get a CloudEvent of what is known", () => {
  const event = toPushEvent(PUSH, "e1", new Date("2026-11-21T10:00:00Z"));
  expect(event).toEqual({
    specversion: "1.0",
    id: "e1",
    source: "/helm-notify/announce",
    type: "dev.helm-notify.image.pushed",
    time: "2026-11-21T10:00:00.000Z",
    datacontenttype: "application/json",
    data: {
      images: PUSH.images,
      source: "git@github.com:acme/api.git",
      revision: SHA,
      ref: "v1.4.0",
      actor: "jane",
      url: "https://ci/7",
    },
  });
});
