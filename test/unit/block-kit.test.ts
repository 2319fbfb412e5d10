import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { describeRun, type Before, type Message } from "../../src/domain/message.ts";
import type { ReleaseRecord, ServiceRecord } from "../../src/domain/record.ts";
import { toBlockKit } from "../../src/render/block-kit.ts";
import { commit, recordOf } from "../support/records.ts";
import { checkBlocks } from "../support/slack/limits.ts";

const SOURCE = "https://github.com/acme/api";
const OLD = { tag: "1.3.2", revision: commit("1"), source: SOURCE };
const NEW = { tag: "1.4.0", revision: commit("2"), source: SOURCE };
const WEB = { tag: "5.0.0" };

function message(
  services: { before?: Record<string, ServiceRecord>; after: Record<string, ServiceRecord> },
  more: Partial<Message> & { from?: Before } = {},
): Message {
  const before: Before = services.before
    ? { kind: "record", record: recordOf(services.before) }
    : (more.from ?? { kind: "nothing" });
  const run = { phase: "start", action: "upgrade", release: "shop", namespace: "shop" } as const;
  return {
    ...describeRun({ ...run, revision: 42, before, after: recordOf(services.after) }),
    ...more,
  };
}

/** Every text of a message, block by block. */
function texts(of: Message): string[] {
  return toBlockKit(of).blocks.map((block) =>
    block.type === "section" ? block.text.text : block.elements.map(({ text }) => text).join(),
  );
}

const UPGRADE = { before: { api: OLD, web: WEB }, after: { api: NEW, web: WEB } };

describe("the announcement", () => {
  it("says what goes where, each tag linked to its commit", () => {
    expect(texts(message(UPGRADE))).toEqual([
      "Deploying *shop* to *production*",
      `*api*  <${SOURCE}/commit/${commit("1")}|1.3.2> → <${SOURCE}/commit/${commit("2")}|1.4.0>  (<${SOURCE}/compare/${commit("1")}...${commit("2")}|compare>)`,
      "revision 42 · namespace shop · chart shop 1.2.0 · 1 unchanged",
    ]);
  });

  it.each([
    ["Deploying shop to production: api 1.3.2 → 1.4.0", {}],
    ["Rolling back shop in production: api 1.3.2 → 1.4.0", { action: "rollback" }],
    ["Deployed shop to production: api 1.3.2 → 1.4.0", { phase: "end" }],
    ["Rolled back shop in production: api 1.3.2 → 1.4.0", { phase: "end", action: "rollback" }],
    ["Deployed shop to production: api 1.3.2 → 1.4.0", { phase: "end", isWaited: true }],
    ["Applied shop to production: api 1.3.2 → 1.4.0", { phase: "end", isWaited: false }],
  ] as const)("a notification reads: %s", (text, more) => {
    expect(toBlockKit(message(UPGRADE, more)).text).toBe(text);
  });

  it.each<[string, ServiceRecord | undefined, ServiceRecord | undefined, string]>([
    ["an added service", undefined, { tag: "1" }, "*mailer*  1  (new)"],
    ["a removed service", { tag: "1" }, undefined, "*mailer*  1  (removed)"],
    [
      "a rebuilt one",
      { tag: "1", revision: "a" },
      { tag: "2", revision: "a" },
      "*mailer*  1 → 2  (rebuilt, same revision)",
    ],
    [
      "another digest",
      { tag: "1", digest: "sha256:1234567890abcdef" },
      { tag: "1", digest: "sha256:fedcba0987654321" },
      "*mailer*  1  (digest 1234567890ab → fedcba098765)",
    ],
    [
      "a digest that goes",
      { tag: "1", digest: "sha256:1234567890abcdef" },
      { tag: "1" },
      "*mailer*  1  (digest 1234567890ab → none)",
    ],
    [
      "a tag that moved",
      { tag: "latest", revision: commit("1") },
      { tag: "latest", revision: commit("2") },
      "*mailer*  latest (1111111) → latest (2222222)",
    ],
    [
      "another repository",
      { tag: "1", image: "a/mailer" },
      { tag: "1", image: "b/mailer" },
      "*mailer*  1  now from b/mailer",
    ],
    [
      "another tag and repository",
      { tag: "1", image: "a/mailer" },
      { tag: "2", image: "b/mailer" },
      "*mailer*  1 → 2  now from b/mailer",
    ],
  ])("%s is told as such", (_, before, after, line) => {
    const services = {
      before: { api: NEW, ...(before && { mailer: before }) },
      after: { api: NEW, ...(after && { mailer: after }) },
    };
    expect(texts(message(services))[1]).toBe(line);
  });

  it("two commits are compared only within one repository", () => {
    const moved = { ...NEW, source: "https://github.com/acme/other" };
    const [, line] = texts(message({ before: { api: OLD }, after: { api: moved } }));
    expect(line).toContain("https://github.com/acme/other/commit/");
    expect(line).not.toContain("compare");
  });

  it("a first install lists its services without calling each new", () => {
    expect(texts(message({ after: { api: WEB } }, { action: "install" }))).toEqual([
      "Deploying *shop* to *production*",
      "*api*  5.0.0",
      "revision 42 · namespace shop · chart shop 1.2.0 · first install",
    ]);
  });

  it("what ran before is said to be unknown, and never guessed", () => {
    const unknown = message({ after: { api: WEB } }, { from: { kind: "unknown" } });
    expect(texts(unknown)[1]).toBe("*api*  5.0.0");
    expect(texts(unknown)[2]).toContain("what ran before is not known");
    expect(texts({ ...unknown, phase: "end" })).toEqual([
      "Deployed *shop* to *production*: api 5.0.0",
      "what ran before is not known",
    ]);
  });

  it("a rollback names the revision gone back to as such", () => {
    expect(texts(message(UPGRADE, { action: "rollback" })).at(-1)).toContain("as in revision 42 ·");
  });

  it("nothing changed is said", () => {
    const same = message({ before: { api: NEW }, after: { api: NEW } });
    expect(texts(same)[1]).toBe("no service changed");
    expect(toBlockKit(same).text).toBe("Deploying shop to production: no service changed");
  });
});

describe("the confirmation", () => {
  it("is one line, with the links", () => {
    expect(texts(message(UPGRADE, { phase: "end" }))).toEqual([
      `Deployed *shop* to *production*: api <${SOURCE}/commit/${commit("1")}|1.3.2> → <${SOURCE}/commit/${commit("2")}|1.4.0>`,
    ]);
  });

  it("counts what is beyond the first five", () => {
    const after = Object.fromEntries("abcdefg".split("").map((name) => [name, { tag: "2" }]));
    const before = Object.fromEntries("abcdefg".split("").map((name) => [name, { tag: "1" }]));
    const [line] = texts(message({ before, after }, { phase: "end" }));
    expect(line).toMatch(/: a 1 → 2, b 1 → 2, c 1 → 2, d 1 → 2, e 1 → 2, \+2 more$/);
  });
});

describe("Slack's limits", () => {
  it("changed services are shown before others, the rest is counted", () => {
    const names = Array.from({ length: 500 }, (_, index) => `service-${index}`);
    const before = Object.fromEntries(names.map((name) => [name, OLD]));
    const after = { ...before, "service-499": NEW, fresh: NEW };
    const all = Object.fromEntries(names.map((name) => [name, NEW]));
    expect(texts(message({ before, after }))[1]).toMatch(/^\*service-499\*.*\n\*fresh\*/);
    const shown = texts(message({ before, after: all })).join("\n");
    const hidden = Number(/\+(\d+) more/.exec(shown)?.[1]);
    expect(shown.match(/\*service-/g)?.length).toBe(500 - hidden);
    expect(hidden).toBeGreaterThan(0);
  });

  it.each(["start", "end"] as const)("the first change is shown at any length: %s", (phase) => {
    const long = "&".repeat(300);
    const services = (tag: string) =>
      Object.fromEntries("abcdef".split("").map((name) => [name + long, { tag, image: tag }]));
    const longest = message(
      { before: services(`1${long}`), after: services(`2${long}`) },
      { phase },
    );
    const { text, blocks } = toBlockKit({ ...longest, release: long, environment: long });
    expect(checkBlocks(blocks)).toEqual({ kind: "accepted" });
    expect(text.length).toBeLessThanOrEqual(4000);
    expect(text).toContain("a&amp;");
    expect(texts(longest).join()).toMatch(/1&amp;.* → 2&amp;/);
  });

  const nasty = fc.oneof(
    fc.constantFrom("<!channel>", "<@U1|x>", "&amp;", "*_~`", "a|b>", "\n\n", "שלום", "1.4.0"),
    fc.string({ unit: "binary", maxLength: 20 }),
    fc.constantFrom("<", "&", '"', "🚀", "\\").map((sign) => sign.repeat(300)),
  );
  const service: fc.Arbitrary<ServiceRecord> = fc.record(
    {
      tag: nasty,
      revision: fc.oneof(fc.constantFrom(commit("1"), commit("2")), nasty),
      digest: nasty,
      image: nasty,
      source: fc.oneof(
        fc.constant(SOURCE),
        nasty.map((text) => `https://gitlab.com/${text}/x/|>${text}`),
      ),
    },
    { requiredKeys: ["tag"] },
  );
  const release: fc.Arbitrary<ReleaseRecord> = fc.record({
    v: fc.constant(1),
    environment: nasty,
    chart: fc.record({ name: nasty, version: nasty }),
    services: fc.oneof(
      fc.dictionary(nasty, service, { maxKeys: 8 }),
      fc
        .tuple(nasty, service, fc.integer({ min: 40, max: 500 }))
        .map(([name, value, count]) =>
          Object.fromEntries(
            Array.from({ length: count }, (_, index) => [`${index}${name}`, value]),
          ),
        ),
    ),
  });
  const run = fc.record({
    phase: fc.constantFrom("start", "end"),
    action: fc.constantFrom("install", "upgrade", "rollback"),
    release: nasty,
    namespace: nasty,
    revision: fc.option(fc.nat(), { nil: undefined }),
    before: fc.oneof(
      fc.constantFrom<Before>({ kind: "nothing" }, { kind: "unknown" }),
      release.map((record): Before => ({ kind: "record", record })),
    ),
    after: release,
  });

  it("hold for any input, none of which becomes markup", () => {
    fc.assert(
      fc.property(run, (description) => {
        const { text, blocks } = toBlockKit(describeRun(description));
        expect(checkBlocks(blocks)).toEqual({ kind: "accepted" });
        expect(JSON.stringify(blocks).length).toBeLessThan(13_000);
        expect(text.length).toBeLessThanOrEqual(4000);
        for (const shown of [text, ...texts(describeRun(description))]) {
          // Our links, then nothing that Slack would read: no tag, no half entity, no half character.
          const rest = shown.replaceAll(/<https:\/\/[^<>|\s]+\|[^<>|]+>/g, "");
          expect(rest).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
          expect(shown.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
