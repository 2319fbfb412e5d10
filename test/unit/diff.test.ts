import { describe, expect, it } from "vitest";
import { diffServices } from "../../src/domain/diff.ts";
import type { ReleaseRecord, ServiceRecord } from "../../src/domain/record.ts";
import { commit, recordOf } from "../support/records.ts";

const one = (service: ServiceRecord): ReleaseRecord => recordOf({ api: service });

describe("what changes between two records", () => {
  it.each<[string, ServiceRecord, ServiceRecord, string | undefined]>([
    ["another tag is a change", { tag: "1" }, { tag: "2" }, "changed"],
    ["the same tag is none", { tag: "1" }, { tag: "1" }, undefined],
    [
      "the same revision under a new tag is a rebuild",
      { tag: "1", revision: "a" },
      { tag: "2", revision: "a" },
      "rebuilt",
    ],
    [
      "a shortened commit under a new tag is the same revision",
      { tag: "2.0.0", revision: commit("a").slice(0, 7) },
      { tag: "1.0.0", revision: commit("a") },
      "rebuilt",
    ],
    [
      "a shortened commit under the same tag is no change",
      { tag: "1", revision: commit("a").slice(0, 7) },
      { tag: "1", revision: commit("a") },
      undefined,
    ],
    [
      "a new revision under a new tag is a change",
      { tag: "1", revision: "a" },
      { tag: "2", revision: "b" },
      "changed",
    ],
    [
      "a moved tag is a change",
      { tag: "latest", revision: "a" },
      { tag: "latest", revision: "b" },
      "changed",
    ],
    [
      "a revision that only one record says is none",
      { tag: "1" },
      { tag: "1", revision: "b" },
      undefined,
    ],
    [
      "another repository under the same tag is a change",
      { tag: "1", image: "x" },
      { tag: "1", image: "y" },
      "changed",
    ],
    [
      "an image that only one record says is none",
      { tag: "1" },
      { tag: "1", image: "y" },
      undefined,
    ],
    [
      "another digest under the same tag is told apart",
      { tag: "1", digest: "d" },
      { tag: "1", digest: "e" },
      "digest-only",
    ],
    ["a digest that comes is told", { tag: "1" }, { tag: "1", digest: "e" }, "digest-only"],
    [
      "a digest beside a new tag is a change",
      { tag: "1", digest: "d" },
      { tag: "2", digest: "e" },
      "changed",
    ],
    [
      "another source alone is none",
      { tag: "1", source: "a" },
      { tag: "1", source: "b" },
      undefined,
    ],
  ])("%s", (_, from, to, kind) => {
    expect(diffServices(one(from), one(to)).changes.map((change) => change.kind)).toEqual(
      kind === undefined ? [] : [kind],
    );
  });

  it.each([
    ["1.10.0", "1.9.0", true],
    ["v2.0.0", "1.9.9", true],
    ["1.4.0", "1.4.0-rc.1", true],
    ["1.9.0", "1.10.0", false],
    ["1.4.0-rc.1", "1.4.0", false],
    ["v1.4.0", "1.4.0", false],
    ["1.4", "1.3", false],
    ["20260102", "20260101", false],
    ["2.0.0", "main", false],
    ["latest", "1.0.0", false],
  ])("%s → %s is a downgrade: %s", (from, to, isDowngrade) => {
    const { changes } = diffServices(one({ tag: from }), one({ tag: to }));
    expect(changes).toMatchObject([{ kind: "changed", isDowngrade }]);
  });

  it("a lower tag of the same image is no downgrade", () => {
    const [from, to] = ["1.10.0", "1.9.0"].map((tag) => one({ tag, digest: "d" }));
    expect(diffServices(from, to).changes).toMatchObject([{ kind: "changed", isDowngrade: false }]);
  });

  const MAILER = { tag: "1", image: "acme/mailer", source: "https://github.com/acme/mailer" };
  it.each<[string, Record<string, ServiceRecord>, Record<string, ServiceRecord>, string[]]>([
    ["the same image and source", { mail: MAILER }, { mailer: MAILER }, ["renamed mail → mailer"]],
    [
      "another tag with it",
      { mail: MAILER },
      { mailer: { ...MAILER, tag: "2" } },
      ["renamed mail → mailer"],
    ],
    [
      "another source",
      { mail: MAILER },
      { mailer: { ...MAILER, source: "https://github.com/acme/other" } },
      ["added mailer", "removed mail"],
    ],
    [
      "two that could be it",
      { mail: MAILER },
      { mailer: MAILER, post: MAILER },
      ["added mailer", "added post", "removed mail"],
    ],
    [
      "two that it could have been",
      { mail: MAILER, post: MAILER },
      { mailer: MAILER },
      ["added mailer", "removed mail", "removed post"],
    ],
    [
      "one that stays has the same image",
      { mail: MAILER, post: MAILER },
      { mailer: MAILER, post: { ...MAILER, tag: "2" } },
      ["changed post", "added mailer", "removed mail"],
    ],
    [
      "one that changes had the same image",
      { mail: MAILER, post: MAILER },
      { mailer: MAILER, post: { ...MAILER, image: "acme/post" } },
      ["changed post", "added mailer", "removed mail"],
    ],
    [
      "no image",
      { mail: { tag: "1" } },
      { mailer: { tag: "1" } },
      ["added mailer", "removed mail"],
    ],
  ])("a service goes and one comes: %s", (_, before, after, expected) => {
    const { changes, unchangedCount } = diffServices(recordOf(before), recordOf(after));
    const said = changes.map((change) =>
      change.kind === "renamed"
        ? `renamed ${change.fromName} → ${change.name}`
        : `${change.kind} ${change.name}`,
    );
    expect(said).toEqual(expected);
    expect(unchangedCount).toBe(0);
  });

  it("changed services come first, downgrades before the others, then rebuilt, digests, renamed, added and removed, each by name", () => {
    const before = recordOf({
      gone: { tag: "1" },
      rebuilt: { tag: "1", revision: "a" },
      web: { tag: "1" },
      api: { tag: "1" },
      pinned: { tag: "1", digest: "d" },
      same: { tag: "1" },
      alike: { tag: "1" },
      mail: MAILER,
      xylophone: { tag: "2.0.0" },
    });
    const after = recordOf({
      web: { tag: "2" },
      api: { tag: "2" },
      fresh: { tag: "1" },
      rebuilt: { tag: "2", revision: "a" },
      pinned: { tag: "1", digest: "e" },
      alike: { tag: "1" },
      same: { tag: "1" },
      mailer: MAILER,
      xylophone: { tag: "1.0.0" },
    });
    const { changes, unchangedCount } = diffServices(before, after);
    expect(changes.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "changed xylophone",
      "changed api",
      "changed web",
      "rebuilt rebuilt",
      "digest-only pinned",
      "renamed mailer",
      "added fresh",
      "removed gone",
    ]);
    expect(unchangedCount).toBe(2);
  });

  it("everything is added where nothing was before", () => {
    const { changes, unchangedCount } = diffServices(undefined, recordOf({ api: { tag: "1" } }));
    expect(changes).toEqual([{ kind: "added", name: "api", to: { tag: "1" } }]);
    expect(unchangedCount).toBe(0);
  });

  it("everything is removed where nothing is left", () => {
    const { changes } = diffServices(recordOf({ api: { tag: "1" } }), undefined);
    expect(changes).toEqual([{ kind: "removed", name: "api", from: { tag: "1" } }]);
  });

  it("a service named like an inherited property is a service", () => {
    const { changes } = diffServices(recordOf({}), recordOf({ constructor: { tag: "1" } }));
    expect(changes.map((change) => change.name)).toEqual(["constructor"]);
  });
});
