import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HELM_MAJORS, type HelmMajor } from "../../scripts/toolbox.ts";
import { initChart } from "../../src/flow/init.ts";
import { createGit } from "../../src/git/git.ts";
import { isIgnored } from "../../src/git/working-copy.ts";
import { readChart } from "../../src/helm/chart/chart-reader.ts";
import { changeChart, readChartTree } from "../../src/io/chart-files.ts";
import { readLibraryChart } from "../../src/io/library-chart.ts";
import { textAt } from "../support/kube/json.ts";
import { run } from "../support/process.ts";
import { objectOf, render, runHelm, temporaryFolder, writeChart } from "../support/rendering.ts";

const SETTINGS = ["--set", "helm-notify.environment=staging,helm-notify.slack.secretRef=slack"];

async function init(chart: string, isDryRun = false, env = process.env): Promise<string[]> {
  const lines: string[] = [];
  await initChart(
    chart,
    { isDryRun },
    {
      readChartTree,
      changeChart,
      readChart: async (directory) =>
        readChart({ chart: directory, chartFlags: [] }, async () => {
          throw new Error("init needs no helm");
        }),
      readLibrary: readLibraryChart,
      isIgnored: async (file) => isIgnored(createGit(env), chart, file),
      print: (line) => lines.push(line),
    },
  );
  return lines;
}

/** Every file with its text. */
function filesIn(folder: string): Readonly<Record<string, string>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]),
  );
}

async function createChart(major: HelmMajor, folder: string, name: string): Promise<string> {
  const { code, stderr } = await runHelm(major, ["create", join(folder, name)]);
  expect(stderr.replaceAll(/^.*(?:WARN|level=).*\n/gm, "")).toBe("");
  expect(code).toBe(0);
  return join(folder, name);
}

describe.each(HELM_MAJORS)("a chart of `helm create` with Helm %i", (major) => {
  it("is guarded after init, and renders once it is told where and by which Secret", async () => {
    const chart = await createChart(major, temporaryFolder(), "api");
    await init(chart);

    const refused = await render(major, chart);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("environment is empty: set helm-notify.environment");
    expect(refused.stderr).toContain("slack.secretRef is empty: set helm-notify.slack.secretRef");

    const rendered = await render(major, chart, SETTINGS);
    expect({ code: rendered.code, stderr: rendered.stderr }).toEqual({ code: 0, stderr: "" });
    const record = textAt(
      objectOf(rendered, "ConfigMap", "shop-helm-notify-record"),
      "data",
      "record.json",
    );
    expect(JSON.parse(record)).toMatchObject({
      services: { api: { image: "nginx", tag: "1.16.0" } },
    });
    expect(
      textAt(
        objectOf(rendered, "Deployment"),
        "spec",
        "template",
        "spec",
        "containers",
        0,
        "image",
      ),
    ).toBe("nginx:1.16.0");

    const lint = await runHelm(major, ["lint", "--strict", chart, ...SETTINGS]);
    expect(lint.code).toBe(0);
  });

  it("is the same after a second init, byte for byte", async () => {
    const chart = await createChart(major, temporaryFolder(), "api");
    const before = filesIn(chart);
    const lines = await init(chart);
    const once = filesIn(chart);
    const again = await init(chart);
    expect(again).toHaveLength(lines.length - 1);
    expect(again.filter((line) => !line.startsWith("kept "))).toEqual([]);
    expect(filesIn(chart)).toEqual(once);
    expect(once["values.yaml"]?.startsWith(before["values.yaml"] ?? "?")).toBe(true);
    expect(once["Chart.yaml"]?.startsWith(before["Chart.yaml"] ?? "?")).toBe(true);
    expect(once["templates/NOTES.txt"]?.startsWith(before["templates/NOTES.txt"] ?? "?")).toBe(
      true,
    );
  });

  it("keeps what a user changed since", async () => {
    const chart = await createChart(major, temporaryFolder(), "api");
    await init(chart);
    const edits = {
      "templates/helm-notify.yaml":
        '{{- if .Values.announce }}{{ include "helm-notify.all" . }}{{ end }}',
      "templates/NOTES.txt": '{{- include "helm-notify.notes" $ -}}',
      "values.yaml": "image: {tag: 1}\nhelm-notify: {environment: mine}\n",
    };
    writeChart(chart, edits);
    await init(chart);
    expect(filesIn(chart)).toMatchObject(edits);
  });

  it("stays as it is in a dry run, which says what a run does", async () => {
    const chart = await createChart(major, temporaryFolder(), "api");
    const before = filesIn(chart);
    const dry = await init(chart, true);
    expect(filesIn(chart)).toEqual(before);
    expect(dry).toEqual([...(await init(chart)), "dry run: nothing was written"]);
  });

  it("passes `helm dependency build`, which helmfile runs", async () => {
    const chart = await createChart(major, temporaryFolder(), "api");
    await init(chart);
    const { code, stderr } = await runHelm(major, ["dependency", "build", chart]);
    expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" });
    expect((await render(major, chart, SETTINGS)).code).toBe(0);
  });

  it("under an umbrella is announced by the umbrella", async () => {
    const folder = temporaryFolder();
    const umbrella = writeChart(join(folder, "shop"), {
      "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
      "values.yaml": 'web:\n  image:\n    tag: "2.0"\n',
    });
    mkdirSync(join(umbrella, "charts"));
    await createChart(major, join(umbrella, "charts"), "api");
    await createChart(major, join(umbrella, "charts"), "web");
    await init(umbrella);
    const rendered = await render(major, umbrella, SETTINGS);
    expect(rendered.stderr).toBe("");
    const record = textAt(
      objectOf(rendered, "ConfigMap", "shop-helm-notify-record"),
      "data",
      "record.json",
    );
    expect(JSON.parse(record).services).toEqual({
      api: { image: "nginx", tag: "1.16.0" },
      web: { image: "nginx", tag: "2.0" },
    });
  });
});

describe("init", () => {
  const CHART = { "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n" };
  const ignoring = async (text: string) => {
    const folder = temporaryFolder();
    await run(["git", "init", "--quiet", folder]);
    const chart = writeChart(join(folder, "my chart"), CHART);
    writeChart(folder, { ".gitignore": text });
    return { folder, chart };
  };

  it("says how to commit the copy where .gitignore leaves it out, until it is", async () => {
    const { folder, chart } = await ignoring("charts/\n");
    const step = `next     git add -f "${chart}/charts/helm-notify": .gitignore leaves it out`;
    expect(await init(chart, true)).toContain(step);
    expect(await init(chart)).toContain(step);
    await run(["git", "-C", folder, "add", "--force", "."]);
    expect(await init(chart)).not.toContain(step);
  });

  it.each([
    ["archives alone", "*.tgz\n", process.env],
    ["nothing that Git could tell", "charts/\n", { ...process.env, PATH: "/nowhere" }],
  ])("says nothing of it where .gitignore leaves out %s", async (_, text, env) => {
    const { chart } = await ignoring(text);
    expect((await init(chart, true, env)).join("\n")).not.toContain("git add");
  });

  it("refuses what is no chart, and leaves nothing behind", async () => {
    const folder = temporaryFolder();
    await expect(init(folder)).rejects.toThrow(`${folder} holds no Chart.yaml`);
    expect(filesIn(folder)).toEqual({});
  });

  it("does nothing half: what stands in the way of one file stops them all", async () => {
    const files = {
      "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 1.0.0\n",
      "values.yaml": "tag: 1\n",
      "templates/NOTES.txt/oops": "a folder where a file belongs\n",
    };
    const chart = writeChart(temporaryFolder(), files);
    await expect(init(chart)).rejects.toThrow(`cannot write to ${chart}`);
    expect(filesIn(chart)).toEqual(files);
  });

  it("hands out the library chart whole", () => {
    const files = [...readLibraryChart().keys()];
    expect(files).toEqual(
      expect.arrayContaining([
        "Chart.yaml",
        "values.yaml",
        "values.schema.json",
        "README.md",
        "templates/_all.tpl",
      ]),
    );
  });
});
