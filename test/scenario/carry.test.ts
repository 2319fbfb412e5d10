// What an upgrade keeps, on both Helms: every way to give values, every rule of Helm's own about them.
import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, HELM_NOTIFY, openDeployer, succeed } from "../support/bed.ts";
import { readContents } from "../support/bed/contents.ts";
import { run } from "../support/process.ts";
import { writeChart } from "../support/rendering.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

const CHART = {
  "Chart.yaml": "apiVersion: v2\nname: duo\nversion: 1.0.0\nappVersion: 9.0.0\n",
  "values.yaml":
    "api: {image: {repository: api, tag: '1'}}\nweb: {image: {repository: web, tag: '1'}}\ncolour: red\n",
  "templates/config-map.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {values: {{ toJson .Values | quote }}, web: 'web:{{ ((.Values.web).image).tag }}'}\n",
};

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  let chart: string;
  beforeEach(async () => {
    shop = await openDeployer(bed(), major);
    chart = join(shop.folder, "duo");
    mkdirSync(join(chart, "templates"), { recursive: true });
    for (const [name, text] of Object.entries(CHART)) writeFileSync(join(chart, name), text);
    await succeed(
      shop.helm([
        "install",
        "duo",
        chart,
        "--set-string",
        "web.image.tag=1.10",
        "--set",
        "colour=blue",
      ]),
    );
  });
  afterEach(() => shop.close());

  const userValues = async () =>
    JSON.parse((await succeed(shop.helm(["get", "values", "duo", "-o", "json"]))).stdout);
  const temporary = () =>
    readdirSync(shop.folder).filter((name) => name.startsWith("helm-notify-"));

  it.each([
    ["as a plugin", (argv: string[]) => shop.helm(["notify", "upgrade", ...argv])],
    [
      "with flags in front of the plugin's name",
      (argv: string[]) =>
        shop.helm([`-n${shop.namespace}`, "--burst-limit", "50", "notify", "upgrade", ...argv]),
    ],
    ["in helm's place", (argv: string[]) => shop.notify(["upgrade", ...argv])],
    [
      "with flags in front of the verb",
      (argv: string[]) => shop.notify(["--namespace", shop.namespace, "upgrade", ...argv]),
    ],
    [
      "with flags of the verb in front of it",
      ([release = "", path = "", ...flags]: string[]) =>
        shop.notify([...flags, "upgrade", release, path]),
    ],
    [
      "with flags of the verb in front of the plugin's name",
      ([release = "", path = "", ...flags]: string[]) =>
        shop.helm([...flags, "notify", "upgrade", release, path]),
    ],
  ])(
    "%s: a service not named keeps its tag and its type, and other values are Helm's business",
    async (_, upgrade) => {
      const { stderr } = await succeed(
        upgrade(["duo", chart, "--set-string", "api.image.tag=2.0"]),
      );
      expect(await userValues()).toEqual({
        api: { image: { tag: "2.0" } },
        web: { image: { tag: "1.10" } },
      });
      expect(stderr).toMatch(/web +1\.10 +live revision 1/);
      expect(temporary()).toEqual([]);
    },
  );

  it.each(["1234567", "20250101123456", "20250101123456789"])(
    "the tag %s, a number to --set, is rendered as it was",
    async (tag) => {
      await succeed(shop.helm(["upgrade", "duo", chart, "--set", `web.image.tag=${tag}`]));
      const { stderr } = await succeed(
        shop.notify(["upgrade", "duo", chart, "--set", "colour=green"]),
      );
      expect(stderr).toMatch(new RegExp(`web +${tag} +live revision 2`));
      const { stdout } = await succeed(shop.helm(["get", "manifest", "duo"]));
      expect(stdout).toContain(`web: 'web:${tag}'`);
    },
  );

  it("a subchart that is off is no service, and keeps its tag for the day it is on again", async () => {
    mkdirSync(join(chart, "charts/db"), { recursive: true });
    const dependency = "dependencies: [{name: db, version: 1.0.0, condition: db.enabled}]\n";
    writeFileSync(join(chart, "Chart.yaml"), CHART["Chart.yaml"] + dependency);
    writeFileSync(join(chart, "values.yaml"), `${CHART["values.yaml"]}db: {enabled: false}\n`);
    writeFileSync(
      join(chart, "charts/db/Chart.yaml"),
      "apiVersion: v2\nname: db\nversion: 1.0.0\n",
    );
    writeFileSync(join(chart, "charts/db/values.yaml"), "image: {repository: db, tag: '17'}\n");
    const on = ["--set", "db.enabled=true", "--set-string", "db.image.tag=16"];
    const { stderr } = await succeed(shop.notify(["upgrade", "duo", chart, ...on]));
    expect(stderr).toMatch(/db +16 +--set-string/);
    const off = await succeed(shop.notify(["upgrade", "duo", chart, "--set", "colour=green"]));
    expect(off.stderr).not.toMatch(/notify: db /);
    expect(await userValues()).toMatchObject({ db: { image: { tag: "16" } } });
  });

  it("a subchart that Helm has yet to fetch keeps its tag", async () => {
    const umbrella = writeChart(join(shop.folder, "umbrella"), {
      "Chart.yaml": "apiVersion: v2\nname: umbrella\nversion: 1.0.0\n",
      "values.yaml": "own: {image: {repository: own, tag: '1'}}\n",
    });
    const dependency = "dependencies: [{name: duo, version: 1.0.0, repository: 'file://../duo'}]\n";
    appendFileSync(join(umbrella, "Chart.yaml"), dependency);
    const upgrade = (...flags: string[]) => {
      rmSync(join(umbrella, "charts"), { recursive: true, force: true });
      const argv = ["upgrade", "--install", "front", umbrella, "--dependency-update", ...flags];
      return succeed(shop.notify(argv));
    };
    await upgrade("--set-string", "duo.web.image.tag=2.2,own.image.tag=5");
    const { stderr } = await upgrade("--set-string", "own.image.tag=6");
    expect(stderr).toMatch(/duo\.web +2\.2 +live revision 1/);
    const { stdout } = await succeed(shop.helm(["get", "values", "front", "-o", "json"]));
    expect(JSON.parse(stdout)).toEqual({
      duo: { web: { image: { tag: "2.2" } } },
      own: { image: { tag: "6" } },
    });
  });

  it("after init a subchart that is off in the chart and on in production keeps its tag, and is recorded where it runs", async () => {
    const dependencies = ["api", "web"].map(
      (alias) => `{name: base, alias: ${alias}, version: 1.0.0, condition: ${alias}.enabled}`,
    );
    const umbrella = writeChart(join(shop.folder, "umbrella"), {
      "Chart.yaml": `apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies: [${dependencies.join(", ")}]\n`,
      "values.yaml": 'web: {enabled: false, image: {tag: "2"}}\n',
      "charts/base/Chart.yaml": "apiVersion: v2\nname: base\nversion: 1.0.0\n",
      "charts/base/values.yaml": 'image: {repository: base, tag: "1"}\n',
    });
    writeFileSync(join(shop.folder, "prod.yaml"), "web: {enabled: true}\n");
    await succeed(shop.notify(["init", umbrella]));
    const settings = "helm-notify.environment=prod,helm-notify.slack.secretRef=slack";
    const flags = ["--install", "--no-hooks", "--set", settings];
    const upgrade = (...more: string[]) =>
      succeed(shop.notify(["upgrade", "umbrella", umbrella, ...flags, ...more]));
    const recorded = async () =>
      (await succeed(shop.helm(["get", "manifest", "umbrella"]))).stdout.match(/"tag": ".*"/g);

    const off = await upgrade("--set", "api.image.tag=1.0");
    expect(off.stderr).not.toContain("web");
    expect(await recorded()).toEqual(['"tag": "1.0"']);
    await upgrade("-f", "prod.yaml", "--set", "api.image.tag=1.1", "--set", "web.image.tag=2.1");
    const { stderr } = await upgrade("-f", "prod.yaml", "--set", "api.image.tag=1.2");
    expect(stderr).toMatch(/web +2\.1 +live revision 2/);
    expect(await recorded()).toEqual(['"tag": "1.2"', '"tag": "2.1"']);
    await upgrade("--set", "api.image.tag=1.3");
    expect(await recorded()).toEqual(['"tag": "1.3"']);
    const back = await succeed(shop.notify(["values", "umbrella"]));
    expect(back.stdout).toContain('"2.1"');
    await succeed(shop.notify(["rollback", "umbrella", "1", "--no-hooks"]));
  });

  it("--set-json replaces a map whole: the table says that its tag is not carried", async () => {
    const map = 'web={"image":{"repository":"mirror/web"}}';
    const { stderr } = await succeed(shop.notify(["upgrade", "duo", chart, "--set-json", map]));
    expect(stderr).toMatch(/web +1\.10 → 1 +chart \(live not carried: --set-json replaces/);
    const { stdout } = await succeed(shop.helm(["get", "manifest", "duo"]));
    expect(stdout).toContain("web: 'web:1'");
  });

  it("without a folder for what is carried nothing is run", async () => {
    const argv = ["upgrade", "duo", chart, "--set", "colour=green"];
    const before = await readContents(shop);
    const { code, stdout, stderr } = await shop.notify(argv, { env: { TMPDIR: "/nowhere" } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain("helm notify: cannot write to /nowhere (ENOENT)\nhelm notify: hint: ");
    expect(await readContents(shop)).toEqual(before);
  });

  it.each([
    ["an upgrade of a release that is not there", ["upgrade", "none"]],
    ["an upgrade of a release that was uninstalled", ["upgrade", "gone"]],
    ["an install under a name that is taken", ["install", "duo"]],
  ])("%s is Helm's to refuse", async (_, words) => {
    await succeed(shop.helm(["install", "gone", chart]));
    await succeed(shop.helm(["uninstall", "gone", "--keep-history"]));
    const argv = [...words, chart, "--set", "colour=green"];
    const plain = await shop.helm(argv);
    expect(plain.code).toBe(1);
    expect(await shop.notify(argv)).toEqual(plain);
  });

  it("an install that replaces one is told with what is there", async () => {
    await succeed(shop.helm(["uninstall", "duo", "--keep-history"]));
    const { stderr } = await succeed(shop.notify(["install", "duo", chart, "--replace"]));
    expect(stderr).toContain("duo: nothing is live, revision 1 is uninstalled");
  });

  it.each([
    ["no values at all", []],
    ["an empty values file", ["-f", "empty.yaml"]],
    ["--reuse-values", ["--reuse-values"]],
    ["--reset-then-reuse-values", ["--reset-then-reuse-values"]],
  ])("%s: Helm keeps everything, as without us", async (_, flags) => {
    writeFileSync(join(shop.folder, "empty.yaml"), "# nothing\n");
    await succeed(shop.notify(["upgrade", "duo", chart, ...flags]));
    expect(await userValues()).toEqual({ web: { image: { tag: "1.10" } }, colour: "blue" });
  });

  it("--reset-values drops the rest and keeps the tags", async () => {
    await succeed(shop.notify(["upgrade", "duo", chart, "--reset-values"]));
    expect(await userValues()).toEqual({ web: { image: { tag: "1.10" } } });
  });

  it("values from stdin reach Helm, and win", async () => {
    const stdin = "web: {image: {tag: '3'}}\n";
    const { stderr } = await succeed(shop.notify(["upgrade", "duo", chart, "-f", "-"], { stdin }));
    expect(await userValues()).toEqual({ web: { image: { tag: "3" } } });
    expect(stderr).toMatch(/web +1\.10 → 3 +-/);
  });

  it.each([
    ["/dev/stdin", "printf 'web: {image: {tag: \"4\"}}' | $0 upgrade duo $1 -f /dev/stdin"],
    ["a command", "$0 upgrade duo $1 -f <(printf 'web: {image: {tag: \"4\"}}')"],
    ["a command, for --set-file", "$0 upgrade duo $1 --set-file web.image.tag=<(printf 4)"],
    [
      "a command, as a plugin",
      "$2 notify upgrade duo $1 -f <(printf 'web: {image: {tag: \"4\"}}')",
    ],
  ])("values that can be read once only reach Helm too: %s", async (_, script) => {
    const words = [HELM_NOTIFY, chart, join(shop.folder, "helm")];
    await succeed(run(["bash", "-c", script, ...words], { env: shop.env }));
    expect(await userValues()).toEqual({ web: { image: { tag: "4" } } });
  });

  it("an open file that is none is missed before anything is run", async () => {
    const { code, stderr } = await shop.notify(["upgrade", "duo", chart, "-f", "/dev/fd/99"]);
    expect(code).toBe(1);
    expect(stderr).toContain("cannot read /dev/fd/99: there is no such file");
  });

  it("a named pipe, of which Helm would find nothing more, is refused", async () => {
    await succeed(run(["mkfifo", join(shop.folder, "pipe")]));
    const { code, stderr } = await shop.notify(["upgrade", "duo", chart, "-f", "pipe"]);
    expect(code).toBe(1);
    expect(stderr).toContain("pipe is a named pipe, which can be read only once");
  });

  it("what a failed revision said is not carried, and the table says there is one", async () => {
    const failing = ["--set-string", "web.image.tag=6.6.6", "--set", "api=null"];
    writeFileSync(
      join(chart, "templates/bad.yaml"),
      '{{ if eq .Values.web.image.tag "6.6.6" }}\napiVersion: v1\nkind: Secret\nmetadata: {name: NOT_A_NAME}\n{{ end }}',
    );
    expect((await shop.notify(["upgrade", "duo", chart, ...failing])).code).toBe(1);
    const { stderr } = await succeed(
      shop.notify(["upgrade", "duo", chart, "--set", "colour=green"]),
    );
    expect(stderr).toContain("live is revision 1 (deployed), revision 2 is failed");
    expect(await userValues()).toEqual({ colour: "green", web: { image: { tag: "1.10" } } });
  });

  it("releases kept in ConfigMaps are found too", async () => {
    const env = { HELM_DRIVER: "configmap" };
    await succeed(shop.helm(["install", "cm", chart, "--set-string", "web.image.tag=5"], { env }));
    const { stdout } = await succeed(shop.notify(["values", "cm"], { env }));
    expect(stdout).toBe('web:\n  image:\n    tag: "5"\n');
  });

  it("services that detection does not know are named by a config file", async () => {
    writeFileSync(join(chart, "values.yaml"), "jobRunner: {build: '1'}\n");
    writeFileSync(
      join(shop.folder, "helm-notify.yaml"),
      "services:\n  runner: {tag: jobRunner.build}\n",
    );
    await succeed(shop.helm(["install", "jobs", chart, "--set-string", "jobRunner.build=7"]));
    const { stderr } = await succeed(
      shop.notify([
        "upgrade",
        "jobs",
        chart,
        "--set",
        "a=1",
        "--notify-config",
        "helm-notify.yaml",
      ]),
    );
    expect(stderr).toMatch(/runner +7 +live revision 1/);
  });

  it("a service that the chart got after init is named with the tag it loses", async () => {
    const file = join(shop.folder, "helm-notify.yaml");
    writeFileSync(file, "services: {api: {}}\n");
    const argv = ["duo", chart, "--set", "colour=green", "--notify-config", file];
    const { stdout, stderr } = await succeed(shop.notify(["plan", ...argv]));
    expect(stdout).toMatch(
      /web\.image\.tag +1\.10 → 1 +chart \(live not carried: .*helm-notify\.yaml does not name it\)/,
    );
    expect(stderr).toContain("warning: web.image.tag: the live tag 1.10 is not carried");
    expect((await shop.notify(["plan", ...argv, "--detailed-exitcode"])).code).toBe(2);
  });

  it("plan shows it and runs nothing; its exit status tells of changes where asked", async () => {
    const change = ["duo", chart, "--set-string", "api.image.tag=2.0"];
    const before = await readContents(shop);
    const table = await succeed(shop.notify(["plan", ...change]));
    expect(table.stdout).toMatch(/api +1 → 2\.0 +--set-string\nweb +1\.10 +live revision 1\n/);
    const json = JSON.parse((await succeed(shop.notify(["plan", ...change, "-o", "json"]))).stdout);
    expect(json).toMatchObject({
      live: { revision: 1 },
      services: [
        { name: "api", changed: true, after: { tag: "2.0" } },
        { name: "web", changed: false },
      ],
      injected: { web: { image: { tag: "1.10" } } },
    });
    expect((await shop.notify(["plan", ...change, "--detailed-exitcode"])).code).toBe(2);
    expect((await shop.notify(["plan", "duo", chart, "--detailed-exitcode"])).code).toBe(0);
    expect(await readContents(shop)).toEqual(before);
  });

  it("values prints what would be injected: all of it, or what these flags leave", async () => {
    expect((await succeed(shop.notify(["values", "duo"]))).stdout).toBe(
      'web:\n  image:\n    tag: "1.10"\n',
    );
    const json = await succeed(
      shop.notify(["values", "duo", chart, "--set", "web.image.tag=2", "-o", "json"]),
    );
    expect(json.stdout).toBe("{}\n");
    expect((await succeed(shop.notify(["values", "unknown"]))).stdout).toBe("{}\n");
  });
});
