import { describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import {
  decodeRecord,
  RECORD_KEY,
  type ReleaseRecord,
  recordName,
} from "../../src/domain/record.ts";
import { HOOK_EVENTS } from "../../src/domain/run.ts";
import { textAt } from "../support/kube/json.ts";
import {
  objectOf,
  type Rendered,
  render,
  runHelm,
  temporaryFolder,
  writeAnnouncedChart,
} from "../support/rendering.ts";
import { SHOP } from "../support/shop-chart.ts";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const COMMIT = "4f1c2b9e8a7d6c5b4a39281706f5e4d3c2b1a091";
const SETTINGS = { environment: "staging", slack: { secretRef: "slack" } };

function recordTextIn(rendered: Rendered): string {
  return textAt(objectOf(rendered, "ConfigMap", recordName("shop")), "data", RECORD_KEY);
}

function recordIn(rendered: Rendered): ReleaseRecord | undefined {
  return decodeRecord(recordTextIn(rendered));
}

/** One service for each way to write a tag: values, mapping, what the record says. */
const SPELLINGS: Record<string, [object, object, object]> = {
  "a tag alone": [{ tag: "1.4.0" }, { tag: "tag" }, { tag: "1.4.0" }],
  "repository, revision and digest beside it": [
    { repository: "shop/api", tag: "1.4.0", revision: COMMIT, digest: DIGEST },
    { tag: "tag" },
    { image: "shop/api", tag: "1.4.0", revision: COMMIT, digest: DIGEST },
  ],
  "a registry in front": [
    { registry: "registry.example.com:5000/", repository: "shop/api", tag: "1.4.0" },
    { tag: "tag" },
    { image: "registry.example.com:5000/shop/api", tag: "1.4.0" },
  ],
  "an image name beside it": [
    { image: "shop/api", imageTag: "1.4.0" },
    { tag: "imageTag" },
    { image: "shop/api", tag: "1.4.0" },
  ],
  "paths of its own": [
    { tag: "1.4.0", names: { registry: "r.example.com", full: "shop/api" }, git: { sha: COMMIT } },
    { tag: "tag", image: "names.full", revision: "git.sha", digest: "git.digest" },
    { image: "r.example.com/shop/api", tag: "1.4.0", revision: COMMIT },
  ],
  "a thread beside it": [
    { tag: "1.4.0", thread: "C0123456789/1763719200.000100" },
    { tag: "tag" },
    { tag: "1.4.0", thread: "C0123456789/1763719200.000100" },
  ],
  "a thread of its own": [
    { tag: "1.4.0", slack: { api: "C0123456789/1763719200.000100" } },
    { tag: "tag", thread: "slack.api" },
    { tag: "1.4.0", thread: "C0123456789/1763719200.000100" },
  ],
  "what is called thread and is none": [
    { tag: "1.4.0", thread: 4 },
    { tag: "tag" },
    { tag: "1.4.0" },
  ],
  "an empty thread": [{ tag: "1.4.0", thread: "" }, { tag: "tag" }, { tag: "1.4.0" }],
  "a source": [
    { tag: "1.4.0" },
    { tag: "tag", source: "https://github.com/acme/api", carry: false },
    { tag: "1.4.0", source: "https://github.com/acme/api" },
  ],
  "a digest behind the tag": [
    { tag: `1.4.0@${DIGEST}` },
    { tag: "tag" },
    { tag: "1.4.0", digest: DIGEST },
  ],
  "a whole reference": [
    { image: "registry.example.com:5000/shop/api:1.4.0" },
    { tag: "image" },
    { image: "registry.example.com:5000/shop/api", tag: "1.4.0" },
  ],
  "a whole reference with a digest": [
    { repository: `shop/api:1.4.0@${DIGEST}` },
    { tag: "repository" },
    { image: "shop/api", tag: "1.4.0", digest: DIGEST },
  ],
  "a reference by digest alone": [
    { image: `shop/api@${DIGEST}` },
    { tag: "image" },
    { image: "shop/api", tag: "sha256:abababababab", digest: DIGEST },
  ],
  "a date that is a number": [{ tag: 20240101 }, { tag: "tag" }, { tag: "20240101" }],
  "a version that is a number": [{ tag: 1.35 }, { tag: "tag" }, { tag: "1.35" }],
  "a zero": [{ tag: 0 }, { tag: "tag" }, { tag: "0" }],
  "a dot inside a key": [{ "api.v2": { tag: "1" } }, { tag: "api\\.v2.tag" }, { tag: "1" }],
  "a list item": [
    { jobs: [{ tag: "1" }, { tag: "2", repository: "shop/job" }] },
    { tag: "jobs[1].tag" },
    { image: "shop/job", tag: "2" },
  ],
  "an empty tag that means appVersion": [
    { tag: "", repository: "shop/api" },
    { tag: "tag", fallback: "appVersion" },
    { image: "shop/api", tag: "9.9.9" },
  ],
  "a tag that wins over appVersion": [
    { tag: "1.4.0" },
    { tag: "tag", fallback: "appVersion" },
    { tag: "1.4.0" },
  ],
  "an absent tag that means appVersion": [
    { repository: "shop/api" },
    { tag: "tag", fallback: "appVersion" },
    { image: "shop/api", tag: "9.9.9" },
  ],
};

function spellingsChart(): string {
  const entries = Object.entries(SPELLINGS).map(([name, [values, mapping]], index) => ({
    name,
    values,
    mapping: Object.fromEntries(
      Object.entries(mapping).map(([key, text]) =>
        ["tag", "image", "revision", "digest", "thread"].includes(key)
          ? [key, `s${index}.${text}`]
          : [key, text],
      ),
    ),
  }));
  const values = Object.fromEntries(entries.map((entry, index) => [`s${index}`, entry.values]));
  const services = Object.fromEntries(entries.map(({ name, mapping }) => [name, mapping]));
  return writeAnnouncedChart(
    temporaryFolder(),
    { ...values, "helm-notify": { ...SETTINGS, services } },
    { appVersion: "9.9.9" },
  );
}

describe.each(HELM_MAJORS)("with Helm %i the record", (major) => {
  it("says every service as the values spell it", async () => {
    const text = recordTextIn(await render(major, spellingsChart()));
    expect(decodeRecord(text)).toEqual(JSON.parse(text));
    expect(JSON.parse(text)).toEqual({
      v: 1,
      environment: "staging",
      chart: { name: "shop", version: "1.2.3" },
      services: Object.fromEntries(
        Object.entries(SPELLINGS).map(([name, [, , expected]]) => [name, expected]),
      ),
    });
  });

  it("says what --set says, a number written out", async () => {
    const argv = ["-f", `${SHOP}/staging.yaml`, "--set", "api.image.tag=20240101123456789"];
    const { services } = recordIn(await render(major, SHOP, argv)) ?? {};
    expect(services?.["api"]?.tag).toBe("20240101123456789");
    expect(Object.keys(services ?? {})).toEqual(["api", "mailer", "scheduler", "web", "worker"]);
  });

  it("leaves out a service that a values file took out", async () => {
    const argv = ["-f", `${SHOP}/staging.yaml`, "--set", "helm-notify.services.api=null"];
    const { services } = recordIn(await render(major, SHOP, argv)) ?? {};
    expect(Object.keys(services ?? {})).toEqual(["mailer", "scheduler", "web", "worker"]);
  });

  it.each([
    ["with a tag", "worker.enabled=false"],
    ["with an empty tag", "worker.enabled=false,worker.image.tag="],
    ["whose values are not there", "worker.enabled=false,worker.image=null"],
  ])("leaves out a service %s that is switched off", async (_, off) => {
    const argv = ["-f", `${SHOP}/staging.yaml`, "--set", off];
    const { services } = recordIn(await render(major, SHOP, argv)) ?? {};
    expect(Object.keys(services ?? {})).toEqual(["api", "mailer", "scheduler", "web"]);
  });

  it("may be empty: all services are switched off", async () => {
    const values = { api: { enabled: false, tag: "1" }, "helm-notify": { ...SETTINGS } };
    Object.assign(values["helm-notify"], { services: { api: { tag: "api.tag" } } });
    const rendered = await render(major, writeAnnouncedChart(temporaryFolder(), values));
    expect(recordIn(rendered)?.services).toEqual({});
  });

  it("has a service whose image the globals name, which are no component that can be off", async () => {
    const values = {
      global: { enabled: false, image: "hashicorp/consul:1.20" },
      "helm-notify": { ...SETTINGS, services: { consul: { tag: "global.image" } } },
    };
    const rendered = await render(major, writeAnnouncedChart(temporaryFolder(), values));
    expect(recordIn(rendered)?.services).toHaveProperty("consul");
  });

  it("is the same text in the release and at the beginning of a run", async () => {
    const { objects } = await render(major, SHOP, ["-f", `${SHOP}/staging.yaml`]);
    const texts = objects
      .map((object) => textAt(object, "data", RECORD_KEY))
      .filter((text) => text !== "");
    expect(texts).toHaveLength(1 + HOOK_EVENTS.length);
    expect(new Set(texts).size).toBe(1);
  });

  it("is rendered the same every time", async () => {
    const renders = [1, 2, 3].map(() => render(major, SHOP, ["-f", `${SHOP}/staging.yaml`]));
    const texts = (await Promise.all(renders)).map(({ stdout }) => stdout);
    expect(new Set(texts).size).toBe(1);
  });

  it("is not rendered, nor anything else of ours, when disabled", async () => {
    const argv = ["--set", "helm-notify.enabled=false,api.image.tag="];
    const rendered = await render(major, SHOP, argv);
    expect(rendered.code).toBe(0);
    expect(rendered.stdout).not.toContain("helm-notify");
  });

  it("and all the rest pass helm lint --strict, of the shop and of the library chart", async () => {
    const shop = await runHelm(major, ["lint", "--strict", SHOP, "-f", `${SHOP}/staging.yaml`]);
    const library = await runHelm(major, ["lint", "--strict", `${SHOP}/charts/helm-notify`]);
    expect([shop.code, library.code]).toEqual([0, 0]);
    expect(shop.stdout + library.stdout).not.toMatch(/\[(?:WARNING|ERROR)\]/);
  });
});
