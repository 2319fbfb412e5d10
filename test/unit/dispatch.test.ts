import { describe, expect, it } from "vitest";
import { complete } from "../../src/cli/completion.ts";
import { dispatch, OWN_WORDS } from "../../src/cli/dispatch.ts";
import { createProgram } from "../../src/cli/program.ts";
import { toFailure } from "../../src/cli/report.ts";
import { NotifyError } from "../../src/domain/errors.ts";
import { commandPlaces } from "../../src/helm/argv.ts";

describe("the first word decides", () => {
  it.each([
    [["upgrade", "a", "b"], { kind: "deploy", verb: "upgrade" }],
    [["-nx", "install", "a"], { kind: "deploy", verb: "install" }],
    [["--burst-limit", "5", "upgrade"], { kind: "deploy", verb: "upgrade" }],
    [["diff", "upgrade", "a", "b"], { kind: "deploy", verb: "diff upgrade" }],
    [["-nx", "diff", "-C", "3", "upgrade", "a"], { kind: "deploy", verb: "diff upgrade" }],
    [["diff", "revision", "upgrade", "1"], { kind: "helm" }],
    [["diff"], { kind: "helm" }],
    [["plan", "a", "b"], { kind: "own" }],
    [["init", "."], { kind: "own" }],
    [["--help"], { kind: "own" }],
    [[], { kind: "own" }],
    [["--version"], { kind: "version" }],
    [["--nonsense"], { kind: "helm" }],
    [["version", "--short"], { kind: "helm" }],
    [["secrets", "upgrade", "a", "b"], { kind: "helm" }],
    [["help", "upgrade"], { kind: "helm" }],
    [["help", "plan"], { kind: "own" }],
    [["history", "a"], { kind: "helm" }],
    [["rollback", "a"], { kind: "told", verb: "rollback" }],
    [["uninstall", "a"], { kind: "told", verb: "uninstall" }],
    // helmfile's word for it
    [["-n", "x", "delete", "a"], { kind: "told", verb: "uninstall" }],
    [["preview", "."], { kind: "own" }],
    [["__complete", "up"], { kind: "complete", words: ["up"] }],
  ])("%j", (argv, expected) => expect(dispatch(argv, commandPlaces(argv))).toEqual(expected));
});

const unexpected = () => Promise.reject(new Error("nothing is run"));

describe("completion", () => {
  const program = createProgram(
    {
      plan: unexpected,
      values: unexpected,
      preview: unexpected,
      init: unexpected,
      announce: unexpected,
      bump: unexpected,
      promote: unexpected,
      tags: unexpected,
      live: unexpected,
      log: unexpected,
      recover: unexpected,
      doctor: unexpected,
      lock: unexpected,
      unlock: unexpected,
    },
    { writeOut: () => {}, writeErr: () => {} },
    "1.0.0",
  );
  const names = { environments: ["staging", "production"], services: ["api", "web"] };
  const completed = (...words: string[]) => complete(words, program, names);

  it("offers our words beside Helm's", () => {
    const answer = completed("p");
    expect(answer).toMatchObject({ kind: "helm", argv: ["__complete", "p"] });
    expect(answer.kind === "helm" && answer.alsoOwn.map((line) => line.split("\t")[0])).toEqual([
      "plan",
      "preview",
      "promote",
    ]);
  });

  it("knows every word of ours", () => {
    const answer = completed("");
    const offered = answer.kind === "helm" ? answer.alsoOwn : [];
    expect(new Set(offered.map((line) => line.split("\t")[0]))).toEqual(new Set(OWN_WORDS));
  });

  it.each(["plan", "values", "upgrade"])("%s is completed like helm upgrade", (word) =>
    expect(completed(word, "--na")).toEqual({
      kind: "helm",
      argv: ["__complete", "upgrade", "--na"],
      alsoOwn: [],
    }),
  );

  it.each([
    ["upgrade", "--notify-t"],
    ["plan", "--notify-t"],
    ["diff", "upgrade", "--notify-t"],
  ])("%s %s is one of ours too", (...words) =>
    expect(completed(...words)).toMatchObject({
      kind: "helm",
      alsoOwn: ["--notify-test", "--notify-timeout"],
    }),
  );

  it.each(["lock", "unlock", "recover", "log"])("%s takes a release", (word) =>
    expect(completed(word, "sh")).toEqual({
      kind: "helm",
      argv: ["__complete", "status", "sh"],
      alsoOwn: [],
    }),
  );

  it.each<[readonly string[], readonly string[]]>([
    [["init", ""], [":16"]],
    [
      ["bump", "--env", ""],
      ["staging", "production", ":4"],
    ],
    [
      ["bump", "-e", "p"],
      ["production", ":4"],
    ],
    [
      ["bump", "--env", "staging", ""],
      ["api=", "web=", ":6"],
    ],
    [
      ["bump", "--env", "staging", "--latest", "w"],
      ["web", ":4"],
    ],
    [["bump", "--ssh-key", ""], [":0"]],
    [["bump", "--tag", ""], [":4"]],
    [
      ["promote", "--service", "api", ""],
      ["api", "web", ":4"],
    ],
    [
      ["promote", "--source", ""],
      ["record", "file", ":4"],
    ],
    [["promote", "--yes", ""], [":4"]],
    [
      ["live", "--env", "staging", "p"],
      ["production", ":4"],
    ],
    [
      ["tags", "acme/api", "-o", ""],
      ["table", "json", ":4"],
    ],
    [["announce", ""], [":4"]],
  ])("%j gives %j", (words, lines) => {
    expect(completed(...words)).toEqual({ kind: "answer", lines });
  });

  it("knows our options and what they are for", () => {
    expect(completed("bump", "--so")).toEqual({
      kind: "answer",
      lines: ["--source-ref\tthe branch or tag it was built from", ":4"],
    });
    expect(completed("lock", "--")).toMatchObject({
      lines: expect.arrayContaining([expect.stringMatching(/^--reason\t/), ":4"]),
    });
  });
});

describe("errors", () => {
  it("what the user can fix is a message and a hint", () => {
    expect(toFailure(new NotifyError("X", "a.yaml is not valid", { hint: "Mend it." }))).toEqual({
      lines: ["a.yaml is not valid", "hint: Mend it."],
      exitCode: 1,
    });
  });

  it("anything else shows its stack", () => {
    const { lines, exitCode } = toFailure(new TypeError("boom"));
    expect(exitCode).toBe(1);
    expect(lines[0]).toContain("bug");
    expect(lines.join("\n")).toContain("TypeError: boom");
  });
});
