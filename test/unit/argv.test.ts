import { describe, expect, it } from "vitest";
import {
  commandPlaces,
  flagValue,
  flagValues,
  isSwitchedOn,
  parseArgv,
  quoteCsv,
  splitCsv,
} from "../../src/helm/argv.ts";
import { toDeployRequest } from "../../src/helm/deploy-request.ts";
import { parseHelp, verbFlags } from "../../src/helm/flags.ts";

const upgrade = verbFlags("upgrade");
const parse = (...argv: string[]) => parseArgv(argv, upgrade);

describe("Helm's command line", () => {
  it.each([
    ["flags after", ["shop", "./chart", "-f", "a.yaml"]],
    ["flags before", ["-f", "a.yaml", "shop", "./chart"]],
    ["flags between", ["shop", "--values", "a.yaml", "./chart"]],
    ["glued", ["shop", "./chart", "-fa.yaml"]],
    ["with =", ["shop", "./chart", "-f=a.yaml"]],
    ["long with =", ["shop", "./chart", "--values=a.yaml"]],
    ["in a group", ["-if", "a.yaml", "shop", "./chart"]],
    ["glued in a group", ["-ifa.yaml", "shop", "./chart"]],
    ["before --", ["-f", "a.yaml", "--", "shop", "./chart"]],
  ])("-f is read %s", (_, argv) => {
    const parsed = parse(...argv);
    expect(parsed.positionals).toEqual(["shop", "./chart"]);
    expect(flagValues(parsed, "values")).toEqual(["a.yaml"]);
    expect(parsed.rest).toEqual(argv);
  });

  it("a value that looks like a flag is a value", () => {
    const parsed = parse("--description", "-f", "shop", "./chart");
    expect(flagValue(parsed, "description")).toBe("-f");
    expect(parsed.positionals).toEqual(["shop", "./chart"]);
  });

  it.each(["--wait", "--dry-run", "--atomic", "-i", "--kube-insecure-skip-tls-verify"])(
    "%s never takes the next word",
    (flag) => expect(parse(flag, "shop", "./chart").positionals).toEqual(["shop", "./chart"]),
  );

  it("--server-side takes a value on upgrade and none on install", () => {
    expect(parse("--server-side", "auto", "a", "b").positionals).toEqual(["a", "b"]);
    const install = parseArgv(["--server-side", "a", "b"], verbFlags("install"));
    expect(install.positionals).toEqual(["a", "b"]);
  });

  it.each([
    ["-C", "3"],
    ["--context", "3"],
    ["-D", "0.5"],
    ["-a", "apps/v1"],
    ["--kube-version", "1.34.3"],
    ["--suppress", "Secret"],
    ["--suppress-output-line-regex", "x"],
    ["--output", "dyff"],
  ])("helm-diff's %s takes the next word", (...flag) =>
    expect(parseArgv([...flag, "a", "b"], verbFlags("diff upgrade")).positionals).toEqual([
      "a",
      "b",
    ]),
  );

  it.each(
    `--allow-unreleased --color --detailed-exitcode --install --no-color --no-hooks --normalize-manifests -q
     --reset-values --reuse-values --show-secrets --three-way-merge --dry-run`.split(/\s+/),
  )("helm-diff's %s does not", (flag) =>
    expect(parseArgv([flag, "a", "b"], verbFlags("diff upgrade"))).toMatchObject({
      positionals: ["a", "b"],
      unknown: [],
    }),
  );

  it.each([
    ["--install", true],
    ["--install=true", true],
    ["--install=false", false],
    ["-i=0", false],
  ])("%s is %s", (flag, on) => expect(isSwitchedOn(parse(flag), "install")).toBe(on));

  it("words of ours are taken out, also between Helm's", () => {
    const parsed = parse("shop", "--notify-config", "n.yaml", "./chart", "--notify-timeout=3s");
    expect(parsed.own).toEqual([
      { name: "notify-config", value: "n.yaml" },
      { name: "notify-timeout", value: "3s" },
    ]);
    expect(parsed.rest).toEqual(["shop", "./chart"]);
  });

  it("after -- nothing is ours", () => {
    expect(parse("a", "--", "--notify-config").rest).toEqual(["a", "--", "--notify-config"]);
  });

  it.each([
    ["at the front", ["upgrade", "a", "b"], [0]],
    ["after a glued namespace", ["-nx", "upgrade", "a", "b"], [1]],
    ["after a flag with a value", ["--burst-limit", "5", "upgrade"], [2]],
    ["after a switch", ["--debug=true", "upgrade"], [1]],
    [
      "after a flag of its own, which cobra takes for one with a value",
      ["-f", "upgrade", "upgrade"],
      [2],
    ],
    ["after a long flag of its own", ["--set", "a=1", "upgrade", "a", "b"], [2]],
    ["after one with =", ["--set=a=1", "-fa.yaml", "upgrade"], [2]],
    ["after a flag of ours", ["--notify-config", "n.yaml", "upgrade"], [2]],
    ["after a switch of ours", ["--notify-test", "upgrade"], [1]],
    ["nowhere behind --", ["--", "upgrade"], []],
    ["nowhere", ["--help"], []],
    ["in two words", ["diff", "upgrade", "a", "b"], [0, 1]],
    ["in two words, helm-diff's flags between", ["diff", "-C", "3", "--color", "upgrade"], [0, 4]],
    ["in one word where helm-diff has no second", ["-nx", "diff", "--help"], [1]],
  ])("the command stands %s", (_, argv, places) => expect(commandPlaces(argv)).toEqual(places));

  it.each([
    ["a.yaml,b.yaml", ["a.yaml", "b.yaml"]],
    ['"a,b.yaml",c.yaml', ["a,b.yaml", "c.yaml"]],
    ["a.yaml", ["a.yaml"]],
    ["", [""]],
    ['"say ""x"".yaml"', ['say "x".yaml']],
  ])("-f %s names the files %j", (text, files) => expect(splitCsv(text)).toEqual(files));

  it.each(["/tmp/a.json", "/tmp/a,b/c.json", '/tmp/"x"/c.json'])("%s survives Helm's CSV", (path) =>
    expect(splitCsv(quoteCsv(path))).toEqual([path]),
  );

  it("flags of a newer Helm are learnt from its help", () => {
    const flags = parseHelp(`Flags:
      --new-switch                 does a thing
  -z, --new-value string           takes a thing
      --new-choice Mode[="auto"]   may take a thing
`);
    expect(Object.fromEntries(flags)).toEqual({
      "new-switch": "none",
      "new-value": "required",
      "new-choice": "optional",
    });
  });
});

describe("what is asked for", () => {
  it("is read off the flags", () => {
    expect(
      toDeployRequest(
        "upgrade",
        parse("shop", "repo/chart", "-f", "a,b", "--set", "x=1", "--version", "1.2", "--devel"),
      ),
    ).toEqual({
      verb: "upgrade",
      release: "shop",
      chart: "repo/chart",
      mayInstall: false,
      sources: {
        files: ["a", "b"],
        set: ["x=1"],
        setString: [],
        setJson: [],
        setFile: [],
        setLiteral: [],
      },
      keep: "none",
      chartFlags: ["--version=1.2", "--devel=true"],
    });
  });

  it("the chart is looked for where Helm is told to", () => {
    const flags = [
      "--registry-config",
      "r.json",
      "--repository-config=r.yaml",
      "--repository-cache",
      "c",
    ];
    expect(toDeployRequest("upgrade", parse("shop", "repo/chart", ...flags))?.chartFlags).toEqual([
      "--registry-config=r.json",
      "--repository-config=r.yaml",
      "--repository-cache=c",
    ]);
  });

  it.each([
    [["--reuse-values"], "reuse"],
    [["--reset-then-reuse-values"], "reset-then-reuse"],
    [["--reuse-values", "--reset-values"], "reset"],
    [[], "none"],
  ])("%j keeps values like %s", (flags, keep) =>
    expect(toDeployRequest("upgrade", parse("shop", "./chart", ...flags))?.keep).toBe(keep),
  );

  it.each([
    ["help", ["shop", "./chart", "--help"]],
    ["one word", ["shop"]],
    ["three words", ["shop", "./chart", "x"]],
  ])("%s is left to Helm", (_, argv) =>
    expect(toDeployRequest("upgrade", parse(...argv))).toBeUndefined(),
  );

  it.each([
    [[], true],
    [["--dry-run=server"], true],
    [["--dry-run=false"], true],
    [["--dry-run"], false],
    [["--dry-run=client"], false],
    [["--dry-run=true"], false],
    [["--help"], false],
  ])("a diff with %j looks at the cluster: %s", (flags, isAsked) => {
    const parsed = parseArgv(["shop", "./chart", ...flags], verbFlags("diff upgrade"));
    expect(toDeployRequest("diff upgrade", parsed) !== undefined).toBe(isAsked);
  });

  it("an install without a name has none", () => {
    const parsed = parseArgv(["./chart", "-g"], verbFlags("install"));
    expect(toDeployRequest("install", parsed)).toMatchObject({
      release: undefined,
      chart: "./chart",
    });
  });
});
