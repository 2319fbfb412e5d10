// `--notify-test`: what helm test says counts as the deploy's end.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Bed, type Deployer, openBed, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";

let bed: Bed;
beforeAll(async () => {
  bed = await openBed();
});
afterAll(() => bed.close());

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  beforeEach(async () => {
    shop = await openDeployer(bed, major, ({ botToken }) => ({ botToken, channel: "C0DEPLOYS" }));
  });
  afterEach(() => shop.close());

  const upgrade = (...more: string[]) => [
    "upgrade",
    "--install",
    "shop",
    shop.chart,
    "-f",
    `${shop.chart}/staging.yaml`,
    "--set",
    `helm-notify.slack.apiUrl=${shop.slack.apiUrl}`,
    "--notify-test",
    ...more,
  ];
  const statuses = async () => {
    const { stdout } = await succeed(shop.helm(["history", "shop", "-o", "json"]));
    return JSON.parse(stdout).map(({ status }: { status: string }) => status);
  };

  it("a test that passes is a good end; its output is not on stdout", async () => {
    const { stdout, stderr } = await succeed(
      shop.notify(upgrade("--set", "test=passes", "--wait", "-o", "json")),
    );
    expect(JSON.parse(stdout)).toMatchObject({ name: "shop" });
    expect(stderr).toMatch(/TEST SUITE: +shop-test/);
    expect(shop.transcripts().join("\n")).toContain("Deployed shop to staging");
  });

  it("a test that fails is a failed deploy", async () => {
    await succeed(shop.notify(upgrade("--set", "test=passes")));
    const told = await tellOf(shop, "shop", async () => {
      const { code } = await shop.notify(upgrade("--set", "test=fails,api.image.tag=1.4.0"));
      expect(code).toBe(1);
    });
    expect(told.end).toContain("what was applied is still there");
    expect(told.end).toContain("shop-test");
    expect(await statuses()).toEqual(["superseded", "deployed"]);
  });

  it("with --atomic it is rolled back", async () => {
    await succeed(shop.notify(upgrade("--set", "test=passes")));
    const told = await tellOf(shop, "shop", async () => {
      const fails = ["--set", "test=fails,api.image.tag=1.4.0", "--atomic"];
      const { code, stderr } = await shop.notify(upgrade(...fails));
      expect(code).toBe(1);
      expect(stderr).toContain("helm test failed, rolling back to revision 1");
    });
    expect(told.end).toContain("rolled back to revision 1");
    expect(await statuses()).toEqual(["superseded", "superseded", "deployed"]);
  });

  it("a first install with --atomic goes", async () => {
    const { code } = await shop.notify(upgrade("--set", "test=fails", "--atomic"));
    expect(code).toBe(1);
    const { stdout } = await succeed(shop.helm(["list", "-q"]));
    expect(stdout.trim()).toBe("");
  });
});
