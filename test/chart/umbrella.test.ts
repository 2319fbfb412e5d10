import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import {
  objectOf,
  render,
  temporaryFolder,
  writeAnnouncedChart,
  writeChart,
} from "../support/rendering.ts";
import { copyLibraryChart, copyShopChart } from "../support/shop-chart.ts";

const ENABLED = { environment: "staging", slack: { secretRef: "slack" } };

/** An umbrella chart over copies of the shop. */
function writeUmbrella(dependencies: readonly object[], values: object): string {
  const folder = temporaryFolder();
  writeChart(folder, {
    "Chart.yaml": { apiVersion: "v2", name: "umbrella", version: "1.0.0", dependencies },
    "values.yaml": values,
  });
  copyShopChart(join(folder, "charts/shop"));
  return folder;
}

describe.each(HELM_MAJORS)("with Helm %i", (major) => {
  it("an announced chart works as a subchart, and the guard names places from the top", async () => {
    const shop = { "helm-notify": ENABLED };
    const chart = writeUmbrella([{ name: "shop", version: "*", alias: "store" }], { store: shop });
    const rendered = await render(major, chart);
    expect(rendered.stderr).toBe("");
    objectOf(rendered, "ConfigMap", "shop-helm-notify-record");

    const refused = await render(major, chart, ["--set", "store.api.image.tag="]);
    expect(refused.stderr).toContain(
      "service api has no tag: store.api.image.tag is empty: set it (--set store.api.image.tag=TAG)",
    );
    const nameless = await render(major, chart, ["--set", "store.helm-notify.environment="]);
    expect(nameless.stderr).toContain("set store.helm-notify.environment to where");
  });

  it("two announced charts in one release are refused until one is disabled", async () => {
    const chart = writeUmbrella(
      [
        { name: "shop", version: "*", alias: "one" },
        { name: "shop", version: "*", alias: "two" },
      ],
      { one: { "helm-notify": ENABLED }, two: { "helm-notify": ENABLED } },
    );
    const { code, stderr } = await render(major, chart);
    expect(code).toBe(1);
    expect(stderr).toContain(
      "helm-notify: two charts announce this release, umbrella/charts/one and umbrella/charts/two: set helm-notify.enabled to false in one of them",
    );
    const disabled = await render(major, chart, ["--set", "two.helm-notify.enabled=false"]);
    expect(disabled.stderr).toBe("");
    objectOf(disabled, "ConfigMap", "shop-helm-notify-record");
  });

  it("a library chart around the snippets is refused where the application does not depend on them itself", async () => {
    const helmNotify = { name: "helm-notify", version: "*" };
    const write = (more: readonly object[]) => {
      const chart = writeChart(temporaryFolder(), {
        "Chart.yaml": {
          apiVersion: "v2",
          name: "shop",
          version: "1.0.0",
          dependencies: [{ name: "company", version: "1.0.0" }, ...more],
        },
        "values.yaml": {
          api: { image: { tag: "1" } },
          "helm-notify": { ...ENABLED, services: { api: { tag: "api.image.tag" } } },
        },
        "templates/all.yaml": '{{ include "company.all" . }}',
        "charts/company/Chart.yaml": {
          apiVersion: "v2",
          name: "company",
          version: "1.0.0",
          type: "library",
          dependencies: [helmNotify],
        },
        "charts/company/templates/_all.tpl":
          '{{ define "company.all" }}{{ include "helm-notify.all" . }}{{ end }}',
      });
      copyLibraryChart(join(chart, "charts/company/charts/helm-notify"));
      if (more.length > 0) copyLibraryChart(join(chart, "charts/helm-notify"));
      return chart;
    };
    const refused = await render(major, write([]));
    expect(refused.stderr).toContain("make helm-notify a dependency of this chart itself");
    objectOf(await render(major, write([helmNotify])), "ConfigMap", "shop-helm-notify-record");
  });

  it("an umbrella announces its subcharts' images, an empty tag by their own appVersion", async () => {
    const services = { api: { tag: "api.image.tag", fallback: "appVersion" } };
    const folder = writeAnnouncedChart(
      temporaryFolder(),
      { "helm-notify": { ...ENABLED, services } },
      { appVersion: "1.0.0" },
    );
    const chart = writeChart(folder, {
      "charts/api/Chart.yaml": {
        apiVersion: "v2",
        name: "api",
        version: "1.0.0",
        appVersion: "7.7.7",
      },
      "charts/api/values.yaml": { image: { repository: "shop/api", tag: "" } },
    });
    const rendered = await render(major, chart);
    const record = objectOf(rendered, "ConfigMap", "shop-helm-notify-record");
    expect(record["data"]).toMatchObject({
      "record.json": expect.stringContaining('"tag": "7.7.7"'),
    });
  });

  it("the dependency may have an alias: the settings stand under it", async () => {
    const dependencies = [{ name: "helm-notify", version: "*", alias: "announce" }];
    const services = { api: { tag: "tag" } };
    const values = { tag: "1", announce: { ...ENABLED, services } };
    const chart = writeAnnouncedChart(temporaryFolder(), values, { dependencies });
    objectOf(await render(major, chart), "ConfigMap", "shop-helm-notify-record");
    const refused = await render(major, chart, ["--set", "announce.environment="]);
    expect(refused.stderr).toContain("set announce.environment to where");
  });

  it("NOTES list service, tag and revision in columns, and nothing when disabled", async () => {
    // `helm template` prints no NOTES: the same text in a ConfigMap.
    const notes = 'notes: |\n{{ include "helm-notify.notes" . | indent 2 }}\nkind: Notes\n';
    const services = {
      api: { tag: "api.tag", revision: "api.revision" },
      "card-payments": { tag: "card.tag" },
    };
    const folder = writeAnnouncedChart(temporaryFolder(), {
      api: { tag: "1.4.0", revision: "4f1c2b9" },
      card: { tag: 20240101 },
      "helm-notify": { ...ENABLED, services },
    });
    const chart = writeChart(folder, { "templates/notes.yaml": notes });
    expect(objectOf(await render(major, chart), "Notes")["notes"]).toMatchInlineSnapshot(`
      "shop in staging:

        SERVICE        TAG       REVISION
        api            1.4.0     4f1c2b9
        card-payments  20240101  -
      "
    `);
    const disabled = await render(major, chart, ["--set", "helm-notify.enabled=false"]);
    expect(objectOf(disabled, "Notes")["notes"]).toBe("");
  });
});
