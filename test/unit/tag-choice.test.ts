import { describe, expect, it } from "vitest";
import {
  isBefore,
  pickTag,
  type TagChoice,
  type TagContext,
  tagsToDate,
} from "../../src/domain/tag-choice.ts";
import { parsePolicy, type TagPolicy } from "../../src/domain/tag-policy.ts";

const pick = (words: string, tags: string, context?: TagContext) =>
  pickTag(parsePolicy(words.split(" ")), tags.split(" ").filter(Boolean), context);

const tagOf = (choice: TagChoice) => (choice.kind === "none" ? undefined : choice.tag);

const whyOf = (choice: TagChoice, tag: string) => {
  const reason = choice.reasons.find((one) => one.tag === tag);
  return reason && `${reason.verdict}: ${reason.why}`;
};

/** Built on that day of January 2026. */
const built = (days: Readonly<Record<string, number | string>>) =>
  new Map(
    Object.entries(days).map(([tag, day]) => [
      tag,
      typeof day === "string" ? day : `2026-01-${String(day).padStart(2, "0")}T03:04:05.678901234Z`,
    ]),
  );

describe("a policy takes", () => {
  it.each<[string, policy: string, tags: string, expected: string | undefined]>([
    ["the highest version in the range", "semver:~1.4", "1.4.9 1.4.10 1.5.0 1.3.99", "1.4.10"],
    ["a version of any part of a range", "semver:~1.4||>=3", "1.4.9 2.0.0 3.0.0", "3.0.0"],
    ["a version with a v", "semver:~1.4", "v1.4.1 1.4.0", "v1.4.1"],
    ["no pre-release that the range does not name", "semver:~1.4", "1.4.1-rc.1 1.4.0", "1.4.0"],
    ["a pre-release that the range names", "semver:>=1.4.1-rc.1", "1.4.1-rc.2 1.4.0", "1.4.1-rc.2"],
    ["the release before its pre-releases", "semver:>=1.4.1-rc.1", "1.4.1-rc.2 1.4.1", "1.4.1"],
    ["no half version", "semver:*", "1 1.4 2024 v2", undefined],
    ["the highest number", "numerical", "9 10 8", "10"],
    ["the lowest number", "numerical:desc", "9 10 8", "8"],
    [
      "the higher number of 17 digits",
      "numerical",
      "90071992547409930 90071992547409931",
      "90071992547409931",
    ],
    ["the higher fraction", "numerical", "1.5 1.25 1.499", "1.5"],
    ["no hexadecimal number", "numerical", "7 0x1f 1e9 v8", "7"],
    ["the last in the order of characters", "alphabetical", "a B b C", "b"],
    ["the first in the order of characters", "alphabetical:desc", "a B b C", "B"],
    [
      "what matches a glob",
      "glob:main-?-* alphabetical",
      "main-a-1 main-bb-2 amain-z-3 main-b-",
      "main-b-",
    ],
    ["a glob from end to end", "glob:main-? alphabetical", "main-a xmain-b main-bc", "main-a"],
    ["a dot of a glob as a dot", "glob:1.* alphabetical", "1.0 123", "1.0"],
    ["what a regular expression finds anywhere", "regex:rc alphabetical", "1-rc2 1-b", "1-rc2"],
    [
      "by a named part",
      "regex:^main-\\w+-(?<ts>\\d+)$ extract:$ts numerical",
      "main-f-9 main-a-10 x-11",
      "main-a-10",
    ],
    [
      "by a named part in Go's spelling",
      "regex:^main-\\w+-(?P<ts>\\d+)$ extract:${ts} numerical",
      "main-f-9 main-a-10",
      "main-a-10",
    ],
    ["by a numbered part", "regex:^b(\\d+) extract:$1 numerical", "b9-x b10-a", "b10-a"],
    [
      "by parts in another order",
      "regex:^(\\d+)-(\\d+)$ extract:${2}.${1} numerical",
      "9-1 1-2",
      "1-2",
    ],
    [
      "by a version inside of the tag",
      "regex:^(.+)-alpine$ extract:$1 semver:~1.4",
      "1.4.2 1.4.1-alpine",
      "1.4.1-alpine",
    ],
    [
      "by build metadata that a template makes",
      "regex:^.-(.+)_(\\d+)$ extract:$1+$2 semver:~1.4",
      "b-1.4.1_2 a-1.4.1_10",
      "a-1.4.1_10",
    ],
    [
      "a literal \\( before ?P<",
      "regex:^a\\.b\\-(?P<n>\\d) extract:$n numerical",
      "a.b-1 axb-2",
      "a.b-1",
    ],
    [
      "never what moves or is none",
      "alphabetical",
      `1 latest sha256-${"a".repeat(64)} sha256-${"b".repeat(64)}.sig`,
      "1",
    ],
  ])("%s", (_, policy, tags, expected) => {
    expect(tagOf(pick(policy, tags))).toBe(expected);
  });

  it.each<[string, days: Readonly<Record<string, number | string>>, expected: string | undefined]>([
    ["the newest build", { a: 2, b: 10, c: 9 }, "b"],
    [
      "by the instant, not the text",
      { a: "2026-01-02T01:00:00+02:00", b: "2026-01-02T00:00:00Z" },
      "b",
    ],
    [
      "nothing whose date is made up",
      { a: 2, u: "1970-01-01T00:00:00Z", v: "0001-01-01T00:00:00Z", w: "soon" },
      "a",
    ],
    [
      "of names for one image the most exact",
      { stable: 9, "1": 9, "1.4.0": 9, "1.4": 9, "9.9.9": 8 },
      "1.4.0",
    ],
  ])("%s", (_, days, expected) => {
    const choice = pick("newest", `${Object.keys(days).join(" ")} undated`, {
      createdAt: built(days),
    });
    expect(tagOf(choice)).toBe(expected);
    for (const tag of ["undated", ...Object.keys(days).filter((one) => "uvw".includes(one))]) {
      expect(whyOf(choice, tag)).toBe("unordered: its image does not say when it was built");
    }
  });

  it("the newest that matches, where only a filter is named", () => {
    const createdAt = built({ "main-1": 2, "main-2": 1, "x-3": 3 });
    expect(tagOf(pick("glob:main-*", "main-1 main-2 x-3", { createdAt }))).toBe("main-1");
  });

  it("a tag that is listed twice once", () => {
    expect(pick("semver:*", "1.0.0 1.0.0").reasons).toHaveLength(1);
  });
});

describe("going on from the current tag", () => {
  it.each<[string, policy: string, current: string, tags: string, expected: string]>([
    ["goes to a newer one", "semver:~1.4", "1.4.0", "1.4.0 1.4.1", "newer 1.4.1"],
    ["stays on the newest", "semver:~1.4", "1.4.1", "1.4.0 1.4.1", "current 1.4.1"],
    [
      "stays where all that match are older",
      "semver:~1.4",
      "2.0.0",
      "1.4.0 2.0.0",
      "current 2.0.0",
    ],
    ["stays on a tag that the registry has no more", "numerical", "12", "10 11", "current 12"],
    ["stays on another spelling of the version", "semver:*", "1.4.0", "v1.4.0", "current 1.4.0"],
    ["goes down where that is the policy", "numerical:desc", "5", "5 4", "newer 4"],
    ["leaves latest", "semver:*", "latest", "latest 1.0.0", "newer 1.0.0"],
    ["leaves latest by the alphabet", "alphabetical", "latest", "latest 1.0.0", "newer 1.0.0"],
    [
      "leaves a tag of another kind",
      "semver:*",
      "main-9f8e7d6",
      "main-9f8e7d6 1.0.0",
      "newer 1.0.0",
    ],
    [
      "does not compare what the filter leaves out",
      "glob:rel-* alphabetical",
      "zzz",
      "zzz rel-1",
      "newer rel-1",
    ],
    ["finds nothing where nothing matches", "semver:~3", "2.0.0", "2.0.0", "none undefined"],
  ])("%s", (_, policy, current, tags, expected) => {
    const choice = pick(policy, tags, { current });
    expect(`${choice.kind} ${tagOf(choice)}`).toBe(expected);
  });

  it("by age stays on what is as old as the newest", () => {
    const createdAt = built({ "1.4": 9, "1.4.0": 9, "1.3.0": 8 });
    expect(pick("newest", "1.4 1.4.0 1.3.0", { current: "1.4", createdAt }).kind).toBe("current");
  });

  it("warns where it cannot say whether the tag is older", () => {
    expect(pick("semver:*", "1.0.0", { current: "main" }).warnings).toEqual([
      "the current tag main has no place in this order: 1.0.0 may be older",
    ]);
    expect(pick("semver:*", "1.0.0", { current: "0.9.0" }).warnings).toEqual([]);
    expect(pick("semver:*", "1.0.0").warnings).toEqual([]);
  });
});

describe("a tag that was rolled back", () => {
  it.each<[string, policy: string, context: TagContext, tags: string, expected: string]>([
    [
      "is held back",
      "semver:*",
      { current: "1.4.0", held: ["1.5.0"] },
      "1.4.0 1.5.0",
      "current 1.4.0",
    ],
    [
      "gives way to a newer one",
      "semver:*",
      { current: "1.4.0", held: ["1.5.0"] },
      "1.4.0 1.5.0 1.5.1",
      "newer 1.5.1",
    ],
    [
      "holds back those before it",
      "numerical",
      { current: "100", held: ["102"] },
      "100 101 102",
      "current 100",
    ],
    [
      "holds back another spelling of it",
      "semver:*",
      { current: "1.4.0", held: ["1.5.0"] },
      "1.5.0 v1.5.0",
      "current 1.4.0",
    ],
    [
      "holds back its equals where it is gone itself",
      "numerical",
      { current: "100", held: ["102"] },
      "100 101",
      "current 100",
    ],
    [
      "stays where it is the current one again",
      "numerical",
      { current: "102", held: ["102"] },
      "101 102 103",
      "newer 103",
    ],
    [
      "outside of the range stops nothing",
      "semver:~1.4",
      { current: "1.4.0", held: ["1.5.0"] },
      "1.4.1 1.5.0",
      "newer 1.4.1",
    ],
    [
      "is not taken where nothing is current",
      "numerical",
      { held: ["102"] },
      "101 102",
      "none undefined",
    ],
    [
      "without a place stops nothing",
      "numerical",
      { current: "1", held: ["x"] },
      "1 2 x",
      "newer 2",
    ],
  ])("%s", (_, policy, context, tags, expected) => {
    const choice = pick(policy, tags, context);
    expect(`${choice.kind} ${tagOf(choice)}`).toBe(expected);
  });

  it("is the nearest where nothing else fits", () => {
    const choice = pick("semver:~1.4", "1.3.0 1.4.0 2.0.0", { held: ["1.4.0"] });
    expect(choice).toMatchObject({ kind: "none", nearest: { tag: "1.4.0", verdict: "held" } });
  });

  it("holds back the other names of its image", () => {
    const createdAt = built({ bad: 9, stable: 9, good: 8 });
    const context = { current: "good", held: ["bad"], createdAt };
    expect(pick("newest", "good bad stable", context).kind).toBe("current");
  });
});

describe("an explanation", () => {
  it("gives a reason for each tag, those that came near first", () => {
    const choice = pick(
      "semver:~1.4",
      "latest main 1.2.0 1.4.0 1.4.1 1.4.2 1.4.3 1.4.4 1.4.5-rc.1 1.5.0 v1.4.4",
      { current: "1.4.1", held: ["1.4.2"] },
    );
    expect(choice.reasons.map(({ tag, verdict, why }) => `${tag} ${verdict}: ${why}`)).toEqual([
      "v1.4.4 taken: comes last",
      "1.4.4 older: level with v1.4.4",
      "1.4.3 older: before v1.4.4",
      "1.4.2 held: was rolled back",
      "1.4.1 current: the current one",
      "1.4.0 older: not after the current 1.4.1",
      "1.5.0 outside: not in ~1.4",
      "1.4.5-rc.1 outside: a pre-release, which ~1.4 does not name",
      "1.2.0 outside: not in ~1.4",
      "main unordered: no semantic version",
      "latest no-image: moves from image to image",
    ]);
  });

  it.each([
    ["numerical", "1 x", "x", "unordered: no number"],
    ["semver:~1.4", "1.3.0", "1.3.0", "outside: not in ~1.4"],
    ["glob:v* alphabetical", "v1 x", "x", "filtered: does not match v*"],
    ["regex:^v alphabetical", "v1 x", "x", "filtered: does not match ^v"],
    [
      "alphabetical",
      `sha256-${"a".repeat(64)}.att`,
      `sha256-${"a".repeat(64)}.att`,
      "no-image: belongs to an image, and is none",
    ],
  ])("of %s for %s", (policy, tags, tag, expected) => {
    expect(whyOf(pick(policy, tags), tag)).toBe(expected);
  });

  it("says that a tag waits for a rolled back one", () => {
    const choice = pick("numerical", "100 101 102", { current: "100", held: ["102"] });
    expect(whyOf(choice, "101")).toBe("held: not after 102, which was rolled back");
  });

  it.each<[string, policy: string, tags: string, nearest: string | undefined]>([
    ["the version right below the range", "semver:~1.4", "1.2.0 1.3.9 2.0.0 main", "1.3.9"],
    ["a pre-release of its first version", "semver:~1.4", "1.3.9 1.4.0-rc.1", "1.4.0-rc.1"],
    ["the version right above the range", "semver:~1.4", "2.0.0 9.0.0 main", "2.0.0"],
    ["what has the wrong form", "semver:~1.4", "1.4 main latest", "main"],
    ["what matches the filter", "glob:main-* numerical", "dev-9 main-1", "main-1"],
    ["nothing where there is nothing", "semver:~1.4", "", undefined],
  ])("of a choice of nothing names %s", (_, policy, tags, nearest) => {
    expect(pick(policy, tags)).toMatchObject({
      kind: "none",
      nearest: nearest === undefined ? undefined : { tag: nearest },
    });
  });
});

describe("alphabetical order", () => {
  it.each<[string, policy: string, tags: string, isWarned: boolean]>([
    ["misleads by 1.0.9 and 1.0.10", "alphabetical", "1.0.9 1.0.10", true],
    ["misleads by 1.0.90 and 1.0.100", "alphabetical", "1.0.90 1.0.100 1.0.1", true],
    ["misleads downwards", "alphabetical:desc", "1.0.9 1.0.10", true],
    ["misleads in an extracted part", "regex:-(.*)$ extract:$1 alphabetical", "b-9 a-10", true],
    ["is right for numbers of equal width", "alphabetical", "2026-01-09 2026-01-10", false],
    ["is right where the last one is the same", "alphabetical", "1.0.10 1.0.9 2.0.0", false],
    ["is right for words", "alphabetical", "a b", false],
    ["is right for one", "alphabetical", "1", false],
  ])("%s", (_, policy, tags, isWarned) => {
    const { warnings } = pick(policy, tags);
    expect(warnings).toHaveLength(isWarned ? 1 : 0);
  });

  it("says what it passes over", () => {
    expect(pick("alphabetical", "1.0.9 1.0.10", { current: "1.0.9" }).warnings).toEqual([
      "alphabetically 1.0.10 comes before 1.0.9: compare by semver or numerical, or with numbers of equal width",
    ]);
  });
});

describe("tags whose age decides", () => {
  it.each<[policy: string, expected: string]>([
    ["newest", "a-1 b-2"],
    ["glob:a-*", "a-1"],
    ["glob:a-* newest", "a-1"],
    ["glob:a-* alphabetical", ""],
    ["semver:*", ""],
    ["numerical", ""],
  ])("of %s are %j", (policy, expected) => {
    const tags = ["latest", "a-1", "b-2", `sha256-${"a".repeat(64)}`];
    expect(tagsToDate(parsePolicy(policy.split(" ")), tags).join(" ")).toBe(expected);
  });
});

describe("a tag is before another", () => {
  const numerical = { regex: "^main-(\\d+)-", extract: "$1", numerical: "asc" } as const;

  it.each<[TagPolicy, string, string, boolean]>([
    [numerical, "main-9-aaa", "main-10-bbb", true],
    [numerical, "main-11-aaa", "main-10-bbb", false],
    [numerical, "main-10-aaa", "main-10-bbb", false],
    [numerical, "hotfix", "main-10-bbb", false],
    [numerical, "main-9-aaa", "hotfix", false],
    [{ numerical: "desc" }, "11", "10", true],
    [{ alphabetical: "asc" }, "a", "b", true],
    [{ semver: "~1.4" }, "1.3.9", "1.4.0", false],
    [{ newest: true }, "a", "b", false],
  ])("by %j %s and %s: %s", (policy, tag, current, expected) =>
    expect(isBefore(policy, tag, current)).toBe(expected),
  );
});
