// Whatever comes in, Slack takes what goes out, and none of it becomes markup.
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Cause } from "../../src/domain/cause.ts";
import { type Before, describeRun, type RunDescription } from "../../src/domain/message.ts";
import type { ReleaseRecord, ServiceRecord } from "../../src/domain/record.ts";
import type { Outcome } from "../../src/domain/run.ts";
import type { Shipped } from "../../src/domain/shipped.ts";
import { toAnnouncement, toConfirmation } from "../../src/render/block-kit.ts";
import { TEXTS } from "../../src/render/texts.ts";
import { createWording, say } from "../../src/render/wording.ts";
import { messageOf } from "../support/messages.ts";
import { commit } from "../support/records.ts";
import { checkBlocks } from "../support/slack/limits.ts";

const SOURCE = "https://github.com/acme/api";
const OLD = { tag: "1.3.2", revision: commit("1"), source: SOURCE };
const NEW = { tag: "1.4.0", revision: commit("2"), source: SOURCE };
const RENDERERS = [toAnnouncement, toConfirmation];

const nasty = fc.oneof(
  fc.constantFrom("<!channel>", "<@U1|x>", "&amp;", "*_~`", "a|b>", "\n\n", "```", "שלום", "1.4.0"),
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
      .tuple(nasty, service, fc.constantFrom(50, 500))
      .map(([name, value, count]) =>
        Object.fromEntries(Array.from({ length: count }, (_, index) => [`${index}${name}`, value])),
      ),
  ),
});
const cause: fc.Arbitrary<Cause> = fc.record({
  description: nasty,
  hook: fc.record({
    kind: nasty,
    name: nasty,
    reason: nasty,
    log: fc.array(nasty, { maxLength: 15 }),
  }),
  pods: fc.array(
    fc.record({
      pod: nasty,
      container: nasty,
      reason: nasty,
      message: nasty,
      image: nasty,
      log: fc.array(nasty, { maxLength: 15 }),
    }),
    { maxLength: 3 },
  ),
  morePods: fc.nat(),
  events: fc.array(fc.record({ about: nasty, reason: nasty, message: nasty }), { maxLength: 5 }),
  missing: fc.array(nasty, { maxLength: 3 }),
});
const outcome: fc.Arbitrary<Outcome> = fc.oneof(
  fc.constantFrom<Outcome>(
    { kind: "applied" },
    { kind: "rolled-out" },
    { kind: "not-applied" },
    { kind: "failed" },
    { kind: "interrupted" },
    { kind: "unknown" },
  ),
  fc.nat().map((toRevision): Outcome => ({ kind: "rolled-back", toRevision })),
);
const ofHost: fc.Arbitrary<Shipped> = fc.record({
  direction: fc.constantFrom("ahead", "behind", "diverged", "identical"),
  commits: fc.array(
    fc.record({
      revision: nasty,
      subject: nasty,
      author: nasty,
      url: nasty.map((text) => `https://git.example.com/${text}`),
    }),
    { maxLength: 20 },
  ),
  aheadBy: fc.nat(),
  behindBy: fc.nat(),
});
const run: fc.Arbitrary<RunDescription> = fc
  .record({
    id: nasty,
    phase: fc.constantFrom("start", "end"),
    action: fc.constantFrom("install", "upgrade", "rollback", "uninstall"),
    release: nasty,
    namespace: nasty,
    revision: fc.option(fc.nat(), { nil: undefined }),
    starter: fc.record({
      actor: nasty,
      url: fc.oneof(nasty, fc.constant("&".repeat(580))).map((text) => `https://ci/${text}`),
    }),
    startedAt: fc.constantFrom(new Date(0), new Date("no date")),
    endedAt: fc.option(
      fc.nat().map((ms) => new Date(ms)),
      { nil: undefined },
    ),
    outcome: fc.option(outcome, { nil: undefined }),
    cause: fc.option(cause, { nil: undefined }),
    passedLock: fc.option(fc.record({ by: nasty, reason: nasty, why: nasty }), { nil: undefined }),
    recovered: fc.option(fc.record({ by: fc.option(nasty, { nil: undefined }) }), {
      nil: undefined,
    }),
    isLate: fc.boolean(),
    before: fc.oneof(
      fc.constantFrom<Before>({ kind: "nothing" }, { kind: "unknown" }),
      release.map((record): Before => ({ kind: "record", record })),
    ),
    after: fc.option(release, { nil: undefined }),
    shipped: ofHost,
  })
  .map(({ shipped, ...description }) => {
    const names = Object.keys(description.after?.services ?? {});
    return { ...description, shipped: Object.fromEntries(names.map((name) => [name, shipped])) };
  });

/** Every text of a message, the one for notifications first. */
function textsOf({ text, blocks }: ReturnType<typeof toAnnouncement>): string[] {
  const shown = blocks.flatMap((block) =>
    block.type === "section" ? [block.text.text] : block.elements.map((element) => element.text),
  );
  return [text, ...shown];
}

describe("Slack's limits", () => {
  it("hold for any input, none of which becomes markup", () => {
    fc.assert(
      fc.property(run, fc.constantFrom(...RENDERERS), (description, render) => {
        const message = render(describeRun(description), say);
        expect(checkBlocks(message.blocks)).toEqual({ kind: "accepted" });
        expect(JSON.stringify(message.blocks).length).toBeLessThan(13_000);
        expect(message.text.length).toBeLessThanOrEqual(4000);
        for (const shown of textsOf(message)) {
          // Our links and dates, then nothing that Slack would read: no tag, no half entity, no half character.
          const rest = shown
            .replaceAll(/<https:\/\/[^<>|\s]+\|[^<>|]+>/g, "")
            .replaceAll(/<!date\^\d+\^\{date_short_pretty\} \{time\}\|[\d: UTC-]+>/g, "");
          expect(rest).not.toMatch(/[<>]|&(?!(amp|lt|gt);)/);
          expect((shown.match(/```/g) ?? []).length % 2).toBe(0);
          expect(shown.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("hold for any wording, whatever it says", async () => {
    // Twice as long as JSON.
    const long = '"'.repeat(3000);
    const { say: own, problems } = await createWording({
      ...Object.fromEntries(Object.keys(TEXTS).map((name) => [name, long])),
      start: "{{release}}".repeat(50),
      changed: "{{name}}{{from}}{{to}}".repeat(20),
    });
    expect(problems).toEqual([]);
    fc.assert(
      fc.property(run, fc.constantFrom(...RENDERERS), (description, render) => {
        const { text, blocks } = render(describeRun(description), own);
        expect(checkBlocks(blocks)).toEqual({ kind: "accepted" });
        expect(JSON.stringify(blocks).length).toBeLessThan(13_000);
        expect(text.length).toBeLessThanOrEqual(4000);
      }),
      { numRuns: 100 },
    );
  });

  it("the first change is shown whatever the wording around it says", async () => {
    const long = '"'.repeat(3000);
    const { say: own } = await createWording({ "rolled-out": long, footer: long, late: long });
    const given = messageOf({
      before: { ["&".repeat(300)]: { tag: "1&".repeat(60), image: "&".repeat(300) } },
      after: { ["&".repeat(300)]: { tag: "2&".repeat(60), image: `b${"&".repeat(300)}` } },
      phase: "end",
      isLate: true,
      cause: {
        description: long,
        pods: [],
        morePods: 0,
        events: Array.from({ length: 20 }, () => ({ about: long, reason: long, message: long })),
        missing: [],
      },
    });
    expect(JSON.stringify(toAnnouncement(given, own).blocks)).toMatch(/1&amp;.* → 2&amp;/);
  });

  it("a cause of which nothing can be shown is left out", () => {
    const blank = { description: "\n\n", pods: [], morePods: 0, events: [], missing: [] };
    const { blocks } = toAnnouncement(messageOf({ phase: "end", cause: blank }), say);
    expect(checkBlocks(blocks)).toEqual({ kind: "accepted" });
  });

  it("a line gives up its links before anything else", () => {
    const long = "&".repeat(300);
    const source = `https://github.com/acme/${"x".repeat(450)}`;
    const of = (digit: string) => ({ tag: digit + long, revision: commit(digit), source });
    const given = { before: { [long]: of("1") }, after: { [long]: of("2") } };
    const [, , line = ""] = textsOf(toAnnouncement(messageOf(given), say));
    expect(line).toMatch(/^\*(&amp;)+…\* {2}1(&amp;)+… → 2(&amp;)+…$/);
  });

  it("a line of a chart's wording that is too long is cut", async () => {
    const { say: own } = await createWording({ changed: "{{name}}, and so on".padEnd(9000, ".") });
    const names = Array.from({ length: 50 }, (_, index) => `service-${index}`);
    const given = {
      before: Object.fromEntries(names.map((name) => [name, OLD])),
      after: Object.fromEntries(names.map((name) => [name, NEW])),
    };
    const [, ...shown] = textsOf(toAnnouncement(messageOf(given), own));
    expect(shown.join("\n").match(/^service-\d+, and so on/gm)?.length).toBeGreaterThan(5);
  });

  it("changed services are shown before others, the rest is counted", () => {
    const names = Array.from({ length: 500 }, (_, index) => `service-${index}`);
    const before = Object.fromEntries(names.map((name) => [name, OLD]));
    const after = { ...before, "service-499": NEW, fresh: NEW };
    const all = Object.fromEntries(names.map((name) => [name, NEW]));
    expect(textsOf(toAnnouncement(messageOf({ before, after }), say))[2]).toMatch(
      /^\*service-499\*.*\n\*fresh\*/,
    );
    const [, ...blocks] = textsOf(toAnnouncement(messageOf({ before, after: all }), say));
    const shown = blocks.join("\n");
    const hidden = Number(/\+(\d+) more$/m.exec(shown)?.[1]);
    expect(shown.match(/^\*service-/gm)?.length).toBe(500 - hidden);
    expect(hidden).toBeGreaterThan(0);
  });

  it.each(["start", "end"] as const)("the first change is shown at any length: %s", (phase) => {
    const long = "&".repeat(300);
    const services = (tag: string) =>
      Object.fromEntries("abcdef".split("").map((name) => [name + long, { tag, image: tag }]));
    const longest = messageOf({
      before: services(`1${long}`),
      after: services(`2${long}`),
      phase,
      release: long,
    });
    for (const render of RENDERERS) {
      const { text, blocks } = render({ ...longest, environment: long }, say);
      expect(checkBlocks(blocks)).toEqual({ kind: "accepted" });
      expect(text.length).toBeLessThanOrEqual(4000);
      expect(text).toContain("a&amp;");
      expect(JSON.stringify(blocks)).toMatch(/1&amp;.* → 2&amp;/);
    }
  });
});
