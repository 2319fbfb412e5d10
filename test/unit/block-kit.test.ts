import { describe, expect, it } from "vitest";
import type { Cause } from "../../src/domain/cause.ts";
import type { Message } from "../../src/domain/message.ts";
import type { ServiceRecord } from "../../src/domain/record.ts";
import type { Outcome } from "../../src/domain/run.ts";
import type { Shipped } from "../../src/domain/shipped.ts";
import { type BlockKit, toAnnouncement, toConfirmation } from "../../src/render/block-kit.ts";
import { createWording, say } from "../../src/render/wording.ts";
import { type GivenMessage, messageOf } from "../support/messages.ts";
import { commit } from "../support/records.ts";

const SOURCE = "https://github.com/acme/api";
const OLD = { tag: "1.3.2", revision: commit("1"), source: SOURCE };
const NEW = { tag: "1.4.0", revision: commit("2"), source: SOURCE };
const WEB = { tag: "5.0.0" };
const UPGRADE = { before: { api: OLD, web: WEB }, after: { api: NEW, web: WEB } };
const LINKED = `<${SOURCE}/commit/${commit("1")}|1.3.2> → <${SOURCE}/commit/${commit("2")}|1.4.0>`;

/** Every text, block by block. */
function texts({ blocks }: BlockKit): string[] {
  return blocks.map((block) =>
    block.type === "section" ? block.text.text : block.elements.map(({ text }) => text).join(),
  );
}

const announced = (given: GivenMessage) => texts(toAnnouncement(messageOf(given), say));
const confirmed = (given: GivenMessage) => texts(toConfirmation(messageOf(given), say));
const ended = (outcome: Outcome, more: GivenMessage = {}): GivenMessage => ({
  ...UPGRADE,
  phase: "end",
  outcome,
  ...more,
});

describe("the announcement of a run that begins", () => {
  it("says what goes where, each tag linked to its commit, and who began it", () => {
    const starter = { actor: "jane", url: "https://ci.example.com/jobs/42" };
    expect(announced({ ...UPGRADE, starter, revision: 42 })).toEqual([
      "Deploying *shop* to *production*",
      `*api*  ${LINKED}  (<${SOURCE}/compare/${commit("1")}...${commit("2")}|compare>)`,
      "by jane · <https://ci.example.com/jobs/42|run> · revision 42 · namespace shop · chart shop 1.2.0 · 1 unchanged",
    ]);
  });

  it.each<[string, ServiceRecord | undefined, ServiceRecord | undefined, string]>([
    ["an added service", undefined, { tag: "1" }, "*mailer*  1  (new)"],
    ["a removed service", { tag: "1" }, undefined, "*mailer*  1  (removed)"],
    [
      "a new tag beside the revision of the old one",
      { tag: "1", revision: commit("1"), source: SOURCE },
      { tag: "2", revision: commit("1"), source: SOURCE },
      `*mailer*  <${SOURCE}/commit/${commit("1")}|1> → 2  (same revision)`,
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
      "a downgrade",
      { tag: "v2.0.10" },
      { tag: "v2.0.9" },
      "*mailer*  v2.0.10 → v2.0.9  ⚠️ downgrade",
    ],
    [
      "a new tag of the same image",
      { tag: "1.6.0", digest: "sha256:1" },
      { tag: "1.7.0", digest: "sha256:1" },
      "*mailer*  1.6.0 → 1.7.0  (same digest: the image is the same)",
    ],
    [
      "a new tag of the same image and revision",
      { tag: "1.6.0", digest: "sha256:1", revision: "a" },
      { tag: "1.7.0", digest: "sha256:1", revision: "a" },
      "*mailer*  1.6.0 → 1.7.0  (same digest: the image is the same)",
    ],
    ["tags without an order", { tag: "main-9" }, { tag: "main-8" }, "*mailer*  main-9 → main-8"],
  ])("%s is told as such", (_, before, after, line) => {
    const services = {
      before: { api: NEW, ...(before && { mailer: before }) },
      after: { api: NEW, ...(after && { mailer: after }) },
    };
    expect(announced(services)[1]).toBe(line);
  });

  it("a service with a new name is told as renamed", () => {
    const before = { mail: { tag: "1", image: "acme/mailer" } };
    const after = { mailer: { tag: "2", image: "acme/mailer" } };
    expect(announced({ before, after })[1]).toBe("*mailer*  1 → 2  (renamed from mail)");
  });

  it("two commits are compared only within one repository", () => {
    const moved = { ...NEW, source: "https://github.com/acme/other" };
    const [, line] = announced({ before: { api: OLD }, after: { api: moved } });
    expect(line).toContain("https://github.com/acme/other/commit/");
    expect(line).not.toContain("compare");
  });

  it("a first install lists its services without calling each new", () => {
    expect(announced({ after: { api: WEB }, action: "install" })).toEqual([
      "Deploying *shop* to *production*",
      "*api*  5.0.0",
      "namespace shop · chart shop 1.2.0 · first install",
    ]);
  });

  it("a rollback of what was uninstalled is no first install", () => {
    expect(announced({ after: { api: WEB }, action: "rollback" }).at(-1)).toBe(
      "namespace shop · chart shop 1.2.0",
    );
  });

  it("the environment is told though what ran there is not known", () => {
    const from = { kind: "unknown", environment: "staging" } as const;
    expect(announced({ from, action: "uninstall" })[0]).toBe("Uninstalling *shop* from *staging*");
  });

  it("what ran before is said to be unknown, and never guessed", () => {
    const unknown = { after: { api: WEB }, from: { kind: "unknown" } } as const;
    expect(announced(unknown)[1]).toBe("*api*  5.0.0");
    expect(announced(unknown)[2]).toContain("what ran before is not known");
    expect(confirmed({ ...unknown, phase: "end" }).at(-1)).toContain(
      "what ran before is not known",
    );
  });

  it("without an environment it says the namespace", () => {
    const message: Message = { ...messageOf(UPGRADE), environment: undefined };
    expect(texts(toAnnouncement(message, say))[0]).toBe("Deploying *shop* to *namespace shop*");
  });

  it("nothing changed is said", () => {
    const same = { before: { api: NEW }, after: { api: NEW } };
    expect(announced(same)[1]).toBe("no service changed");
    expect(toAnnouncement(messageOf(same), say).text).toBe(
      "Deploying shop to production: no service changed",
    );
  });
});

const seven = (tag: string) =>
  Object.fromEntries("abcdefg".split("").map((name) => [name, { tag }]));

describe("how a run ended", () => {
  it.each<[string, GivenMessage]>([
    ["✅ Deployed *shop* to *production* in 2m10s", ended({ kind: "rolled-out" })],
    ["✅ Applied *shop* to *production* in 2m10s", ended({ kind: "applied" })],
    [
      "❌ Failed: upgrade of *shop* in *production* after 2m10s, nothing was applied",
      ended({ kind: "not-applied" }),
    ],
    [
      "❌ Failed: upgrade of *shop* in *production* after 2m10s, what was applied is still there",
      ended({ kind: "failed" }),
    ],
    [
      "❌ Failed: upgrade of *shop* in *production* after 2m10s, rolled back to revision 4",
      ended({ kind: "rolled-back", toRevision: 4 }),
    ],
    [
      "❌ Failed: install of *shop* in *production* after 2m10s, Helm undid it",
      ended({ kind: "rolled-back" }, { action: "install" }),
    ],
    [
      "⚠️ Interrupted: upgrade of *shop* in *production* after 2m10s",
      ended({ kind: "interrupted" }),
    ],
    [
      "⚠️ Nobody saw how the upgrade of *shop* in *production* ended: it failed, was interrupted, or still runs",
      ended({ kind: "unknown" }),
    ],
    [
      "✅ Rolled back *shop* in *production* in 2m10s",
      ended({ kind: "applied" }, { action: "rollback" }),
    ],
    [
      "✅ Uninstalled *shop* from *production* in 2m10s",
      { before: { api: OLD }, phase: "end", outcome: { kind: "applied" }, action: "uninstall" },
    ],
  ])("%s", (headline, given) => {
    expect(announced(given)[0]).toBe(headline);
    expect(confirmed(given)[0]?.startsWith(`${headline}: `)).toBe(true);
  });

  it.each([
    ["applied", true],
    ["rolled-out", false],
  ] as const)("%s: whether the rollout was seen is said", (kind, isUnseen) => {
    expect(announced(ended({ kind })).at(-1)?.includes("not waited for")).toBe(isUnseen);
    expect(confirmed(ended({ kind })).join().includes("not waited for")).toBe(isUnseen);
  });

  it.each([
    [{ by: "jane <!here>" }, "recovered by jane &lt;!here&gt;: revision 42 was left pending"],
    [{}, "recovered: revision 42 was left pending"],
  ])(
    "one that was recovered says so and no duration, since nobody knows when it ended",
    (recovered, note) => {
      const run = ended({ kind: "interrupted" }, { recovered, revision: 42 });
      for (const [headline, ...rest] of [announced(run), confirmed(run)]) {
        expect(headline).toMatch(
          /^⚠️ Interrupted: upgrade of \*shop\* in \*production\*(?!.* after)/,
        );
        expect(rest.at(-1)).toContain(`${note}, and is marked as failed`);
      }
    },
  );

  it("the whole message says the changes as the beginning did", () => {
    const begun = announced(UPGRADE);
    expect(announced(ended({ kind: "rolled-out" })).slice(1)).toEqual(begun.slice(1));
  });

  it("the short one is a line with the links, and counts what is beyond the first five", () => {
    expect(confirmed(ended({ kind: "rolled-out" }))).toEqual([
      `✅ Deployed *shop* to *production* in 2m10s: api ${LINKED}`,
    ]);
    expect(confirmed({ before: seven("1"), after: seven("2"), phase: "end" })[0]).toMatch(
      /: a 1 → 2, b 1 → 2, c 1 → 2, d 1 → 2, e 1 → 2, \+2 more$/,
    );
  });

  it.each([
    ["2026-11-21T12:00:07Z", "7s"],
    ["2026-11-21T12:59:59Z", "59m59s"],
    ["2026-11-21T12:02:00Z", "2m"],
    ["2026-11-21T13:05:00Z", "1h5m"],
    ["2026-11-22T14:00:00Z", "1d2h"],
  ])("until %s it took %s", (endedAt, duration) => {
    const given = ended({ kind: "rolled-out" }, { endedAt: new Date(endedAt) });
    expect(announced(given)[0]).toMatch(new RegExp(` in ${duration}$`));
  });

  it("clocks that disagree give no duration", () => {
    const given = ended({ kind: "rolled-out" }, { endedAt: new Date("2026-11-21T11:59:00Z") });
    expect(announced(given)[0]).toBe("✅ Deployed *shop* to *production*");
  });

  it("what is told late says when it began, in the reader's own time", () => {
    const given = ended({ kind: "failed" }, { isLate: true });
    const seconds = Date.parse("2026-11-21T12:00:00Z") / 1000;
    const note = `late: this began <!date^${seconds}^{date_short_pretty} {time}|2026-11-21 12:00 UTC>`;
    expect(announced(given).at(-1)).toContain(note);
    expect(confirmed(given).at(-1)).toBe(note);
    expect(toConfirmation(messageOf(given), say).text).toMatch(
      / · late: this began 2026-11-21 12:00 UTC$/,
    );
  });

  it("a time that nobody can read is left out", () => {
    const given = ended({ kind: "failed" }, { isLate: true, startedAt: new Date("noon") });
    expect(announced(given).at(-1)).toMatch(/ · late$/);
  });

  it("a run whose end nobody saw has no duration: it was closed when the next one began", async () => {
    const { say: own } = await createWording({ unknown: "lost after {{duration}}!" });
    const { blocks } = toAnnouncement(messageOf(ended({ kind: "unknown" })), own);
    expect(texts({ text: "", blocks })[0]).toBe("lost after !");
  });

  it.each<[Outcome, string]>([
    [{ kind: "failed" }, "❌ Failed: uninstall of *shop* in *production* after 2m10s"],
    [
      { kind: "not-applied" },
      "❌ Failed: uninstall of *shop* in *production* after 2m10s, nothing was removed",
    ],
  ])("an uninstall that ends as %o applied nothing", (outcome, headline) => {
    const given = { before: { api: OLD }, phase: "end", action: "uninstall", outcome } as const;
    expect(announced(given)[0]).toBe(headline);
  });

  it("where neither what ran nor what runs is known, nothing is said of changes", () => {
    const given: GivenMessage = {
      phase: "end",
      action: "uninstall",
      from: { kind: "unknown" },
      outcome: { kind: "applied" },
    };
    expect(announced(given)).toEqual([
      "✅ Uninstalled *shop* from *namespace shop* in 2m10s",
      "namespace shop · what ran before is not known",
    ]);
    expect(confirmed(given)[0]).toBe("✅ Uninstalled *shop* from *namespace shop* in 2m10s");
  });
});

const CAUSE: Cause = {
  description: "post-upgrade hooks failed: job migrate failed: BackoffLimitExceeded",
  hook: { kind: "Job", name: "migrate", reason: "BackoffLimitExceeded", log: ["one", "two `x`"] },
  pods: [
    {
      pod: "api-5d9c7",
      container: "api",
      reason: "ImagePullBackOff",
      image: "registry.example.com/api:1.4.0",
      message: "not found",
    },
  ],
  morePods: 2,
  events: [{ about: "Pod api-5d9c7", reason: "Failed", message: "Failed to pull <image>" }],
  missing: ["pods: forbidden"],
};

describe("why a run failed", () => {
  it("is told in the whole message, the most telling first", () => {
    const [, cause, changes] = announced(ended({ kind: "failed" }, { cause: CAUSE }));
    expect(cause).toBe(
      [
        "Job *migrate*: BackoffLimitExceeded",
        "```",
        "one",
        "two 'x'",
        "```",
        "Pod *api-5d9c7*, container api: ImagePullBackOff, registry.example.com/api:1.4.0: not found",
        "+2 more",
        "post-upgrade hooks failed: job migrate failed: BackoffLimitExceeded",
        "Pod api-5d9c7: Failed: Failed to pull &lt;image&gt;",
        "could not be read: pods: forbidden",
      ].join("\n"),
    );
    expect(changes).toContain("1.4.0");
  });

  it.each<[string, Partial<Cause>, string | undefined]>([
    ["what failed and the last thing it said", {}, "Job *migrate*: BackoffLimitExceeded: two 'x'"],
    [
      "a pod where no hook failed",
      { hook: undefined, pods: [{ pod: "api-1", reason: "OOMKilled", log: ["a", "b", " "] }] },
      "Pod *api-1*: OOMKilled: b",
    ],
    [
      "Helm's own words where no pod is in trouble",
      { hook: undefined, pods: [], morePods: 0 },
      "post-upgrade hooks failed: job migrate failed: BackoffLimitExceeded",
    ],
    [
      "nothing where nothing is known",
      { hook: undefined, pods: [], morePods: 0, description: "", events: [], missing: [] },
      undefined,
    ],
  ])("is one line in short: %s", (_, given, line) => {
    const message = messageOf(ended({ kind: "failed" }, { cause: { ...CAUSE, ...given } }));
    const { text, blocks } = toConfirmation(message, say);
    expect(texts({ text, blocks })[0]?.split("\n")[1]).toBe(line);
    expect(text.split("\n")[1]).toBe(line?.replaceAll("*", ""));
  });

  it("shows the last fifteen lines of a log at most, and the last of them in any case", () => {
    const log = Array.from({ length: 40 }, (_, index) => `line ${index}`);
    const long = Array.from({ length: 9 }, () => "&".repeat(2000));
    const pods = [
      { pod: "a", reason: "Error", log },
      {
        pod: "b",
        reason: "Error",
        log: [...long, "last"],
      },
    ];
    const cause: Cause = { ...CAUSE, hook: undefined, pods };
    const [, lines = ""] = announced(ended({ kind: "failed" }, { cause }));
    expect(lines).toContain("```\nline 25\n");
    expect(lines).not.toContain("line 24");
    expect(lines).toMatch(/&amp;…\nlast\n```/);
  });
});

const shipped = (given: Partial<Shipped>): { shipped: Record<string, Shipped> } => ({
  shipped: { api: { direction: "ahead", commits: [], aheadBy: 0, behindBy: 0, ...given } },
});
const commits = (count: number) =>
  Array.from({ length: count }, (_, index) => ({
    revision: commit("3"),
    subject: `Commit ${index} <!here>`,
    author: "Ann",
    url: `${SOURCE}/commit/${commit("3")}`,
  }));

describe("what shipped", () => {
  it("lists the commits, newest first, and counts the rest", () => {
    const lines = announced({ ...UPGRADE, ...shipped({ commits: commits(2), aheadBy: 12 }) })[2];
    expect(lines).toBe(
      [
        "*api*: 12 commits",
        `• <${SOURCE}/commit/${commit("3")}|3333333> Commit 0 &lt;!here&gt; – Ann`,
        `• <${SOURCE}/commit/${commit("3")}|3333333> Commit 1 &lt;!here&gt; – Ann`,
        "+10 more",
      ].join("\n"),
    );
  });

  it("never lists more than twenty", () => {
    const [, , lines = ""] = announced({
      ...UPGRADE,
      ...shipped({ commits: commits(30), aheadBy: 30 }),
    });
    expect(lines.match(/•/g)?.length ?? 0).toBeLessThanOrEqual(20);
    expect(lines).toMatch(/\+\d+ more$/);
  });

  it("none at the cost of another's", () => {
    const old = { ...OLD, source: undefined };
    const names = ["api", "web", "worker"];
    const given: GivenMessage = {
      before: Object.fromEntries(names.map((name) => [name, old])),
      after: Object.fromEntries(names.map((name) => [name, { ...old, tag: "2", revision: "x" }])),
      shipped: Object.fromEntries(
        names.map((name) => [
          name,
          { direction: "ahead", commits: commits(15), aheadBy: 40, behindBy: 0 },
        ]),
      ),
    };
    const [, , lines = ""] = announced(given);
    expect(lines.split("\n").map((line) => line.replace(/^• .*/, "•"))).toEqual(
      names.flatMap((name) => [`*${name}*: 40 commits`, "•", "•", "•", "•", "•", "•", "+34 more"]),
    );
  });

  it.each(["ahead", "identical"] as const)(
    "a lower tag is no downgrade where the Git host says %s",
    (direction) => {
      const given = {
        before: { api: { tag: "1.4.0" } },
        after: { api: { tag: "1.4.0-1" } },
      };
      expect(announced(given)[1]).toContain("downgrade");
      expect(announced({ ...given, ...shipped({ direction }) })[1]).not.toContain("downgrade");
    },
  );

  it("a service named like an inherited property has shipped nothing", () => {
    const given = { before: { constructor: OLD }, after: { constructor: NEW } };
    expect(announced(given)).toHaveLength(3);
  });

  it.each<[string, Partial<Shipped>, string]>([
    [
      "behind is a downgrade, whatever the tags say",
      { direction: "behind", behindBy: 3 },
      "⚠️ downgrade  ⚠️ drops 3 live commits",
    ],
    [
      "diverged drops what is live",
      { direction: "diverged", behindBy: 3, aheadBy: 0 },
      "⚠️ drops 3 live commits",
    ],
    ["one of them", { direction: "diverged", behindBy: 1 }, "⚠️ drops 1 live commit"],
    ["identical is no change of the code", { direction: "identical" }, "(no code change)"],
  ])("%s", (_, given, text) => {
    expect(announced({ ...UPGRADE, ...shipped(given) })[1]?.endsWith(text)).toBe(true);
  });
});
