import { describe, expect, it } from "vitest";
import { complete } from "../../src/cli/completion.ts";
import { dispatch } from "../../src/cli/dispatch.ts";
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
    [["history", "a"], { kind: "helm" }],
    [["rollback", "a"], { kind: "told", verb: "rollback" }],
    [["uninstall", "a"], { kind: "told", verb: "uninstall" }],
    // helmfile's word for it
    [["-n", "x", "delete", "a"], { kind: "told", verb: "uninstall" }],
    [["preview", "."], { kind: "own" }],
    [["__complete", "up"], { kind: "complete", words: ["up"] }],
  ])("%j", (argv, expected) => expect(dispatch(argv, commandPlaces(argv))).toEqual(expected));
});

describe("completion", () => {
  it("offers our words beside Helm's", () => {
    const answer = complete(["p"]);
    expect(answer).toMatchObject({ kind: "helm", argv: ["__complete", "p"] });
    expect(answer.kind === "helm" && answer.alsoOwn[0]).toMatch(/^plan\t/);
  });

  it.each(["plan", "values", "upgrade"])("%s is completed like helm upgrade", (word) =>
    expect(complete([word, "--na"])).toEqual({
      kind: "helm",
      argv: ["__complete", "upgrade", "--na"],
      alsoOwn: [],
    }),
  );

  it("init takes a folder", () => {
    expect(complete(["init", ""])).toEqual({ kind: "answer", lines: [":16"] });
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
