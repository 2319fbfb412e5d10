import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { Switch } from "../../src/domain/switches.ts";
import type { Values } from "../../src/domain/values.ts";
import { planInit } from "../../src/flow/init.ts";

const LIBRARY = new Map([
  ["Chart.yaml", "name: helm-notify\nversion: 0.2.0\n"],
  ["templates/_all.tpl", "new"],
]);
const CHART = "apiVersion: v2\nname: shop\nversion: 1.0.0\n";
const VALUES = "# the shop\nimage:\n  repository: shop/api\n  tag: 1.4.0 # live\n";

function plan(
  files: Readonly<Record<string, string>>,
  values?: Values,
  switches: readonly Switch[] = [],
) {
  const tree = new Map(Object.entries({ "Chart.yaml": CHART, "values.yaml": VALUES, ...files }));
  const contents = {
    values: values ?? parse(tree.get("values.yaml") ?? ""),
    switches,
    templates: () => new Map([...tree].filter(([file]) => file.startsWith("templates/"))),
  };
  return planInit(tree, contents, LIBRARY);
}

function crlf(text: string): string {
  return text.replaceAll("\n", "\r\n");
}

describe("init plans", () => {
  it("the copy, the dependency, both includes and the settings", () => {
    const { writes, removals, steps } = plan({});
    expect([...writes.keys()]).toEqual([
      "charts/helm-notify/Chart.yaml",
      "charts/helm-notify/templates/_all.tpl",
      "Chart.yaml",
      "templates/helm-notify.yaml",
      "templates/NOTES.txt",
      "values.yaml",
    ]);
    expect(removals).toEqual([]);
    expect(steps).toMatchInlineSnapshot(`
      [
        "added    charts/helm-notify/: 0.2.0",
        "changed  dependency in Chart.yaml",
        "added    templates/helm-notify.yaml",
        "added    templates/NOTES.txt",
        "changed  helm-notify in values.yaml, services: shop",
        "next     set helm-notify.environment and helm-notify.slack.secretRef",
      ]
    `);
  });

  it("nothing where everything is there already", () => {
    const first = plan({});
    const second = plan(Object.fromEntries(first.writes));
    expect(second.writes.size).toBe(0);
    expect(second.steps.every((step) => step.startsWith("kept "))).toBe(true);
  });

  it("the settings behind the values, whose text stays as it is", () => {
    const text = plan({}).writes.get("values.yaml") ?? "";
    expect(text.startsWith(`${VALUES}\n# Tells Slack`)).toBe(true);
    expect(parse(text)["helm-notify"]).toEqual({
      environment: "",
      slack: { secretRef: "" },
      services: { shop: { tag: "image.tag" } },
    });
  });

  it("the service of a dependency that is off: an environment may switch it on", () => {
    const { writes } = plan(
      { "values.yaml": "db: {enabled: false}\n" },
      { db: { enabled: false, image: { tag: "17", repository: "pg" } } },
      [{ path: ["db"], condition: "db.enabled" }],
    );
    const services = { db: { tag: "db.image.tag" } };
    expect(parse(writes.get("values.yaml") ?? "")["helm-notify"].services).toEqual(services);
  });

  it("no service of a dependency that is off by what the chart's guard does not see", () => {
    const { writes } = plan(
      { "values.yaml": "tags: {db: false}\n" },
      { tags: { db: false }, db: { image: { tag: "17", repository: "pg" } } },
      [{ path: ["db"], tags: ["db"] }],
    );
    expect(parse(writes.get("values.yaml") ?? "")["helm-notify"].services).toEqual({});
  });

  it("a tag that is empty as a comment, where the templates take something else", () => {
    const text = "api: {image: {tag: ''}}\nweb: {image: {tag: ''}}\n";
    const { writes, steps } = plan({
      "values.yaml": text,
      "templates/api.yaml": '{{ default (include "tag" .) .Values.api.image.tag }}',
      "templates/web.yaml": "{{ .Values.web.image.tag }}",
    });
    const made = writes.get("values.yaml") ?? "";
    expect(parse(made)["helm-notify"].services).toEqual({ web: { tag: "web.image.tag" } });
    expect(made).toContain("\n    # api: { tag: api.image.tag }\n");
    expect(steps.at(-1)).toBe(
      "next     give a tag to api, comments in values.yaml, to announce them",
    );
  });

  it.each([
    ["pipe", "{{ .Values.image.tag | default .Chart.AppVersion }}", true],
    ["default", "{{ default .Chart.AppVersion .Values.image.tag }}", true],
    ["root variable", "{{ $.Values.image.tag | default $.Chart.AppVersion }}", true],
    [
      "inside with",
      "{{ with .Values.image }}{{ .tag | default $.Chart.AppVersion }}{{ end }}",
      true,
    ],
    ["another path", "{{ .Values.other.tag | default .Chart.AppVersion }}", false],
    ["another action", "{{ .Chart.AppVersion }} {{ .Values.image.tag }}", false],
  ])("a fallback to appVersion where a template has one: %s", (_, template, isFallback) => {
    const text = plan({ "templates/deployment.yaml": template }).writes.get("values.yaml") ?? "";
    const service = { tag: "image.tag", ...(isFallback ? { fallback: "appVersion" } : {}) };
    expect(parse(text)["helm-notify"].services).toEqual({ shop: service });
  });

  it("no service where none is found, but says how to name one", () => {
    const { writes, steps } = plan({ "values.yaml": "replicas: 1\n" });
    expect(writes.get("values.yaml")).toContain("services: {}");
    expect(writes.get("values.yaml")).toContain("api: { tag: api.image.tag }");
    expect(steps).toContain("changed  helm-notify in values.yaml, services: none was detected");
  });

  it.each([
    ["no list", "", 'dependencies:\n  - name: helm-notify\n    version: "*"\n'],
    [
      "a list",
      "dependencies: # ours\n- name: redis # cache\n  version: 1.x\n# end\n",
      'dependencies: # ours\n- name: redis # cache\n  version: 1.x\n- name: helm-notify\n  version: "*"\n# end\n',
    ],
    [
      "an indented list in the middle",
      "dependencies:\n    - name: redis\n\nicon: x\n",
      'dependencies:\n    - name: redis\n    - name: helm-notify\n      version: "*"\n\nicon: x\n',
    ],
    [
      "an empty flow list",
      "dependencies: []\nicon: x\n",
      'dependencies:\n  - name: helm-notify\n    version: "*"\nicon: x\n',
    ],
    [
      "a list that is empty but for comments",
      "dependencies: # ours\n# - name: redis\n\nicon: x\n",
      'dependencies: # ours\n  - name: helm-notify\n    version: "*"\n# - name: redis\n\nicon: x\n',
    ],
    [
      "a list that is null",
      '"dependencies": ~\nicon: x\n',
      '"dependencies": \n  - name: helm-notify\n    version: "*"\nicon: x\n',
    ],
    [
      "a key at the end of the file",
      "dependencies:",
      'dependencies:\n  - name: helm-notify\n    version: "*"\n',
    ],
    [
      "a flow list",
      "dependencies: [{ name: redis }]\n",
      'dependencies: [{ name: redis }, { name: helm-notify, version: "*" }]\n',
    ],
    [
      "a list without a last line end",
      "dependencies:\n  - name: redis",
      'dependencies:\n  - name: redis\n  - name: helm-notify\n    version: "*"\n',
    ],
  ])("the dependency in the style of Chart.yaml: %s", (_, before, after) => {
    const { writes } = plan({ "Chart.yaml": CHART + before });
    expect(writes.get("Chart.yaml")).toBe(CHART + after);
  });

  it("line ends as they are", () => {
    const { writes } = plan({
      "Chart.yaml": crlf(CHART),
      "values.yaml": crlf(VALUES),
      "templates/NOTES.txt": "Hello\r\n",
    });
    for (const file of ["Chart.yaml", "values.yaml", "templates/NOTES.txt"]) {
      expect(writes.get(file)).not.toMatch(/(?<!\r)\n/);
    }
  });

  it.each([
    ["an empty file", ""],
    ["an empty map", "{}\n"],
    ["comments alone", "# nothing yet\n"],
    ["a comment and an empty map", "# nothing yet\n{}\n"],
  ])("the settings into values.yaml that has nothing: %s", (_, text) => {
    const made = plan({ "values.yaml": text }, {}).writes.get("values.yaml") ?? "";
    expect(Object.keys(parse(made))).toEqual(["helm-notify"]);
    expect(made.startsWith(text.replace("{}\n", ""))).toBe(true);
  });

  it("requirements.yaml for a chart of apiVersion v1", () => {
    const { writes } = plan({ "Chart.yaml": CHART.replace("v2", "v1") });
    expect(parse(writes.get("requirements.yaml") ?? "")).toEqual({
      dependencies: [{ name: "helm-notify", version: "*" }],
    });
    expect(writes.has("Chart.yaml")).toBe(false);
  });

  it("a renewed lock file, by whoever can", () => {
    const { steps } = plan({ "Chart.lock": "digest: x\n" });
    expect(steps).toContain("next     helm dependency update, to renew the lock file");
  });

  it("NOTES behind those of the chart", () => {
    const { writes } = plan({ "templates/NOTES.txt": "Hello" });
    expect(writes.get("templates/NOTES.txt")).toBe(
      'Hello\n\n{{ include "helm-notify.notes" . }}\n',
    );
  });

  it("no copy where the dependency comes from somewhere else, and settings under its alias", () => {
    const entry =
      "dependencies:\n  - {name: helm-notify, alias: slack, version: 1.x, repository: oci://r.example.com/c}\n";
    const { writes, steps } = plan({ "Chart.yaml": CHART + entry });
    expect(steps).toContain("kept     charts/helm-notify/: it comes from oci://r.example.com/c");
    expect([...writes.keys()].some((file) => file.startsWith("charts/"))).toBe(false);
    expect(parse(writes.get("values.yaml") ?? "")).toHaveProperty("slack.services");
  });
});

describe("a copy of the library chart", () => {
  const done = Object.fromEntries(plan({}).writes);
  const copy = (version: string, text: string) => ({
    ...done,
    "charts/helm-notify/Chart.yaml": `name: helm-notify\nversion: ${version}\n`,
    "charts/helm-notify/templates/_all.tpl": text,
  });

  it("that is older is replaced, files it no longer has removed, nothing else touched", () => {
    const { writes, removals, steps } = plan({
      ...copy("0.1.9", "old"),
      "charts/helm-notify/templates/_gone.tpl": "old",
    });
    expect(Object.fromEntries(writes)).toEqual({
      "charts/helm-notify/Chart.yaml": "name: helm-notify\nversion: 0.2.0\n",
      "charts/helm-notify/templates/_all.tpl": "new",
    });
    expect(removals).toEqual(["charts/helm-notify/templates/_gone.tpl"]);
    expect(steps[0]).toBe("changed  charts/helm-notify/: 0.1.9 → 0.2.0");
  });

  it.each([
    [
      "that is newer",
      copy("0.10.0", "newer"),
      "kept     charts/helm-notify/: 0.10.0 is newer than 0.2.0",
    ],
    [
      "that was altered",
      copy("0.2.0", "mine"),
      "kept     charts/helm-notify/: altered since 0.2.0; remove the folder to get it anew",
    ],
  ])("%s is kept", (_, files, step) => {
    const { writes, steps } = plan(files);
    expect(writes.size).toBe(0);
    expect(steps[0]).toBe(step);
  });
});

describe("init refuses", () => {
  it.each([
    ["a library chart", { "Chart.yaml": `${CHART}type: library\n` }, "this is a library chart"],
    ["Chart.yaml that is not YAML", { "Chart.yaml": `${CHART}icon: [\n` }, "Chart.yaml, line 5: "],
    [
      "values.yaml of two documents",
      { "values.yaml": "a: 1\n---\nb: 1\n" },
      "values.yaml, line 2: a second YAML document begins",
    ],
    ["values.yaml that is not YAML", { "values.yaml": "a: b: c\n" }, "values.yaml, line 1: "],
    [
      "Chart.yaml in which the key would stand twice",
      { "Chart.yaml": `${CHART}? dependencies\n` },
      "Chart.yaml is written in a way that cannot be added to",
    ],
    ["values.yaml that is a list", { "values.yaml": "- a\n" }, "values.yaml is not a map"],
    [
      "values.yaml in a style that cannot be added to",
      { "values.yaml": "{ image: { tag: 1 } }\n" },
      "values.yaml is written in a way that cannot be added to",
    ],
    [
      "somebody else's template in the way",
      { "templates/helm-notify.yaml": "kind: Job\n" },
      "templates/helm-notify.yaml stands there already and is not of helm-notify",
    ],
    [
      "somebody else's chart in the way",
      { "charts/helm-notify/Chart.yaml": "name: other\n" },
      "charts/helm-notify/ is not a copy of helm-notify",
    ],
    [
      "a schema that knows its own keys only",
      { "values.schema.json": '{"additionalProperties": false, "properties": {"image": {}}}' },
      'values.schema.json allows no key "helm-notify" in the values',
    ],
  ])("%s", (_, files, message) => {
    expect(() => plan(files, {})).toThrow(message);
  });

  it("no schema that knows the settings", () => {
    const schema = '{"additionalProperties": false, "properties": {"helm-notify": {}}}';
    expect(plan({ "values.schema.json": schema }).writes.has("values.yaml")).toBe(true);
  });
});
