// A chart's defaults as we read them, against `.Values` of the real Helm.
import { mkdirSync, renameSync } from "node:fs";
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { HELM_MAJORS, type HelmMajor } from "../../scripts/toolbox.ts";
import type { RunHelmForOutput } from "../../src/flow/ports.ts";
import { readChart } from "../../src/helm/chart/chart-reader.ts";
import { helmOutput } from "../support/helm-output.ts";
import { temporaryFolder, writeChart } from "../support/rendering.ts";

const PRINT = { "templates/values.yaml": '{"values": {{ .Values | toJson | b64enc | quote }}}\n' };
const refuseHelm: RunHelmForOutput = () => Promise.reject(new Error("helm was asked"));

function chartYaml(name: string, more: object = {}): object {
  return { apiVersion: "v2", name, version: "1.0.0", ...more };
}

/** An application with subcharts: a folder, an alias used twice, one of its own subcharts, globals, imports. */
function writeShop(folder: string): string {
  return writeChart(folder, {
    ...PRINT,
    "Chart.yaml": chartYaml("shop", {
      version: "1.2.3",
      appVersion: 1.1,
      dependencies: [
        { name: "db", version: "1.x.x", alias: "orders" },
        { name: "db", version: "~1.0", alias: "users" },
        { name: "web", version: "1.0.0", condition: "web.enabled", "import-values": ["data"] },
        {
          name: "mail",
          version: "1.0.0",
          "import-values": [{ child: "smtp", parent: "imported.smtp" }],
        },
      ],
    }),
    "values.yaml": [
      "api: {image: {repository: acme/api, tag: '1.0'}}",
      "empty:",
      "imported: {smtp: {host: mine}}",
      "global: {imageRegistry: registry.example.com, labels: {team: a}}",
      "orders: {image: {tag: '17'}, size: 2, global: {own: 1, labels: {team: b}, imageRegistry: {a: b}}}",
      "web: {nginx: {workers: 4}}",
    ].join("\n"),
    "charts/db/Chart.yaml": chartYaml("db"),
    "charts/db/values.yaml":
      "image: {repository: acme/db, tag: '16'}\nsize: 1\nglobal: {labels: {x: y}}\n",
    "charts/web/Chart.yaml": chartYaml("web"),
    "charts/web/values.yaml": "enabled: true\nexports: {data: {theme: dark, api: {port: 1}}}\n",
    "charts/web/templates/page.yaml": "",
    "charts/web/charts/nginx/Chart.yaml": chartYaml("nginx"),
    "charts/web/charts/nginx/values.yaml": "workers: 1\nuser: www\nimage: nginx:1.29\n",
    "charts/web/charts/nginx/templates/nginx.yaml": "# {{ .Values.image }}",
    "charts/mail/Chart.yaml": chartYaml("mail"),
    "charts/mail/values.yaml": "smtp: {host: localhost, port: 25}\n",
    "charts/_ignored/Chart.yaml": chartYaml("ignored"),
    "charts/unlisted/Chart.yaml": chartYaml("unlisted"),
    "charts/unlisted/values.yaml": "a: 1\n",
  });
}

async function valuesOfHelm(major: HelmMajor, chart: string): Promise<unknown> {
  const { stdout, stderr } = await helmOutput(major)(["template", "shop", chart]);
  const base64 = /"values": "(.+)"/.exec(stdout)?.[1];
  expect(base64, stderr).toBeDefined();
  return JSON.parse(Buffer.from(base64 ?? "", "base64").toString());
}

/** Helm 4 drops the nulls of a chart's defaults, Helm 3 keeps them; we keep the place. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, withoutNulls(inner)]),
  );
}

async function packageChart(chart: string, folder: string): Promise<string> {
  const { code, stdout, stderr } = await helmOutput(4)(["package", chart, "--destination", folder]);
  expect(code, stderr).toBe(0);
  return stdout.replace(/^.*saved it to: /s, "").trim();
}

describe.each(HELM_MAJORS)("values are those that Helm %i gives the templates", (major) => {
  it("of a folder with subcharts, aliases, globals and imports", async () => {
    const chart = writeShop(temporaryFolder());
    const { name, version, appVersion, values, switches } = await readChart(
      { chart, chartFlags: [] },
      refuseHelm,
    );
    expect({ name, version, appVersion }).toEqual({
      name: "shop",
      version: "1.2.3",
      appVersion: "1.1",
    });
    expect(withoutNulls(values)).toEqual(withoutNulls(await valuesOfHelm(major, chart)));
    expect(values).toHaveProperty("empty", null);
    expect(switches).toContainEqual({ path: ["web"], condition: "web.enabled", tags: undefined });
  });

  it("of a packed chart with a packed subchart", async () => {
    const folder = temporaryFolder();
    const shop = writeShop(join(folder, "shop"));
    const web = await packageChart(join(shop, "charts/web"), folder);
    mkdirSync(join(folder, "aside"));
    renameSync(join(shop, "charts/web"), join(folder, "aside/web"));
    renameSync(web, join(shop, "charts/web-1.0.0.tgz"));
    const chart = await packageChart(shop, folder);
    const { values } = await readChart({ chart, chartFlags: [] }, refuseHelm);
    expect(withoutNulls(values)).toEqual(withoutNulls(await valuesOfHelm(major, chart)));
  });

  it("a null over a subchart's default leaves the place known", async () => {
    const chart = writeChart(temporaryFolder(), {
      ...PRINT,
      "Chart.yaml": chartYaml("umbrella"),
      "values.yaml": "db: {tag: ~}\n",
      "charts/db/Chart.yaml": chartYaml("db"),
      "charts/db/values.yaml": "tag: '16'\n",
    });
    const { values } = await readChart({ chart, chartFlags: [] }, refuseHelm);
    expect(values).toEqual({ db: { tag: "16", global: {} } });
    expect(await valuesOfHelm(major, chart)).toEqual(major === 4 ? values : { db: { global: {} } });
  });

  it("of a chart of Helm 2's time, with requirements.yaml", async () => {
    const chart = writeChart(temporaryFolder(), {
      ...PRINT,
      "Chart.yaml": { name: "old", version: "0.1.0" },
      "requirements.yaml": { dependencies: [{ name: "db", version: "*", alias: "store" }] },
      "charts/db/Chart.yaml": { name: "db", version: "1.0.0" },
      "charts/db/values.yaml": "image: db:1\n",
    });
    const { values } = await readChart({ chart, chartFlags: [] }, refuseHelm);
    expect(values).toEqual(await valuesOfHelm(major, chart));
  });

  it("of defaults in several documents, which only Helm can tell", async () => {
    const chart = writeChart(temporaryFolder(), {
      ...PRINT,
      "Chart.yaml": chartYaml("several"),
      "values.yaml": "a: 1\n---\nb: 2\n",
    });
    const { values } = await readChart({ chart, chartFlags: [] }, helmOutput(major));
    expect(values).toEqual(await valuesOfHelm(major, chart));
  });

  it("of a chart in a repository, with its version and credentials", async () => {
    const folder = temporaryFolder();
    const archive = await packageChart(writeShop(join(folder, "shop")), folder);
    const repository = await startRepository(archive);
    const reference = {
      chart: "shop",
      chartFlags: [
        `--repo=${repository}`,
        "--version=^1.0.0",
        "--username=me",
        "--password=secret",
      ],
    };
    const { version, values, templates } = await readChart(reference, helmOutput(major));
    expect(version).toBe("1.2.3");
    expect(withoutNulls(values)).toEqual(withoutNulls(await valuesOfHelm(major, archive)));
    expect(templates().get("templates/values.yaml")).toBe(PRINT["templates/values.yaml"]);
  });

  it("of the chart that Helm takes where there is one here and one in the repository", async () => {
    const chart = writeShop(temporaryFolder());
    const repo = "--repo=http://127.0.0.1:9";
    const { code } = await helmOutput(major)(["template", "shop", chart, repo]);
    const reading = readChart({ chart, chartFlags: [repo] }, helmOutput(major));
    const ours = await reading.then(() => 0).catch(() => 1);
    expect(ours).toBe(code);
  });

  it("a chart that Helm cannot fetch is refused in Helm's words", async () => {
    const failure = readChart({ chart: "nowhere/shop", chartFlags: [] }, helmOutput(major));
    await expect(failure).rejects.toThrow("helm cannot fetch nowhere/shop: repo nowhere not found");
  });
});

/** Wants a user and a password. */
async function startRepository(archive: string): Promise<string> {
  const content = await readFile(archive);
  const server = createServer((request, response) => {
    const index = `apiVersion: v1\nentries: {shop: [{apiVersion: v2, name: shop, version: 1.2.3, urls: [shop.tgz]}]}\n`;
    const isAllowed = request.headers.authorization === `Basic ${btoa("me:secret")}`;
    response.writeHead(isAllowed ? 200 : 401);
    response.end(request.url === "/index.yaml" ? index : content);
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("templates", () => {
  it("are those of the chart and its subcharts, by their paths", async () => {
    const chart = writeShop(temporaryFolder());
    const { templates } = await readChart({ chart, chartFlags: [] }, refuseHelm);
    expect([...templates().keys()]).toEqual([
      "templates/values.yaml",
      "charts/web/templates/page.yaml",
      "charts/web/charts/nginx/templates/nginx.yaml",
    ]);
  });

  it("keep names longer than tar's own 100 characters", async () => {
    const folder = temporaryFolder();
    const long = `templates/${"deep/".repeat(30)}${"é".repeat(60)}.yaml`;
    const source = writeChart(join(folder, "long"), {
      "Chart.yaml": chartYaml("long"),
      [long]: "x",
    });
    const chart = await packageChart(source, folder);
    const { templates } = await readChart({ chart, chartFlags: [] }, refuseHelm);
    expect([...templates()]).toEqual([[long, "x"]]);
  });
});

describe("what is no chart is refused with its place", () => {
  it.each<[string, Record<string, unknown>, string]>([
    ["no Chart.yaml", { "values.yaml": "a: 1" }, "/bad holds no Chart.yaml"],
    ["broken YAML", { "Chart.yaml": "name: x\nversion: [1\n" }, "/bad/Chart.yaml:3: "],
    ["no version", { "Chart.yaml": "name: x\n" }, "/bad/Chart.yaml: version is missing"],
    ["a list", { "Chart.yaml": "- x\n" }, "/bad/Chart.yaml: it is not a map"],
    [
      "values that are a list",
      { "Chart.yaml": chartYaml("x"), "values.yaml": "- a\n" },
      "/bad/values.yaml holds a list, not a map of values",
    ],
    [
      "a broken subchart",
      { "Chart.yaml": chartYaml("x"), "charts/db/Chart.yaml": "name: [\n" },
      "/bad/charts/db/Chart.yaml:2: ",
    ],
    [
      "a subchart that is no archive",
      { "Chart.yaml": chartYaml("x"), "charts/db.tgz": "text" },
      "/bad/charts/db.tgz is not a packed chart: incorrect header check",
    ],
  ])("%s", async (_, files, message) => {
    const chart = writeChart(join(temporaryFolder(), "bad"), files);
    await expect(readChart({ chart, chartFlags: [] }, refuseHelm)).rejects.toMatchObject({
      name: "NotifyError",
      message: expect.stringContaining(message),
    });
  });

  it("broken values name file and line once Helm has refused them too", async () => {
    const files = { "Chart.yaml": chartYaml("x"), "values.yaml": "a: 1\nb: [\n" };
    const chart = writeChart(join(temporaryFolder(), "bad"), files);
    const failure = readChart({ chart, chartFlags: [] }, helmOutput(4));
    await expect(failure).rejects.toThrow(/bad\/values\.yaml:3: /);
  });

  it("a path with nothing there", async () => {
    const failure = readChart({ chart: "./no-such-chart", chartFlags: [] }, refuseHelm);
    await expect(failure).rejects.toThrow("there is no chart at ./no-such-chart");
  });
});
