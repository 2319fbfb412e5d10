// What the plugin tells where the chart knows nothing of it, and what only it can look up.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { startGitHost, TOKEN } from "../support/git-hosts/double.ts";
import { gitlabModel } from "../support/git-hosts/gitlab.ts";
import { createHistory } from "../support/git-hosts/history.ts";
import { withoutSnippets } from "../support/shop-chart.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  beforeAll(async () => {
    shop = await openDeployer(bed(), major);
  });
  afterAll(() => shop.close());

  const slackEnvironment = () => ({
    HELM_NOTIFY_SLACK_BOT_TOKEN: shop.slack.botToken,
    HELM_NOTIFY_SLACK_CHANNEL: "C0DEPLOYS",
    HELM_NOTIFY_SLACK_API_URL: shop.slack.apiUrl,
    HELM_NOTIFY_ENVIRONMENT: "staging",
  });

  it("a chart without the snippets is told with credentials of the environment, failures too", async () => {
    const chart = withoutSnippets(shop.chart);
    const env = slackEnvironment();
    const upgrade = ["upgrade", "--install", "bare", chart, "-f", `${chart}/first-deploy.yaml`];
    await succeed(shop.notify(upgrade, { env }));
    const told = await tellOf(shop, "bare", () =>
      succeed(shop.notify([...upgrade, "--set", "api.image.tag=1.4.0"], { env })),
    );
    expect(told.end).toContain("Applied bare to staging");
    expect(told.end).toMatch(/api +1\.3\.2 → 1\.4\.0/);
    const failed = await tellOf(shop, "bare", () =>
      shop.notify([...upgrade, "--set", "api.image.tag=1.5.0,failingHook=true"], { env }),
    );
    expect(failed.end).toContain("Failed: upgrade of bare in staging");
    expect(failed.end).toContain("bare-smoke-test");
    // Nothing says what runs after a failure without a record.
    const next = await tellOf(shop, "bare", () =>
      succeed(shop.notify([...upgrade, "--set", "api.image.tag=1.6.0"], { env })),
    );
    expect(next.end).toContain("what ran before is not known");
  });

  it("with the snippets switched off nobody is told, whoever has credentials", async () => {
    const off = ["-f", `${shop.chart}/first-deploy.yaml`, "--set", "helm-notify.enabled=false"];
    const upgrade = ["upgrade", "--install", "silent", shop.chart, ...off];
    const told = shop.slack.messages.length;
    for (const env of [{}, slackEnvironment()]) {
      // oxlint-disable no-await-in-loop -- one release
      await succeed(shop.notify(upgrade, { env }));
      expect((await shop.notify([...upgrade, "--set", "failingHook=true"], { env })).code).toBe(1);
      await succeed(shop.notify(["rollback", "silent", "1"], { env }));
      await succeed(shop.notify(["lock", "silent", "--reason", "a freeze"], { env }));
      await succeed(shop.notify(["unlock", "silent", "--force"], { env }));
      await succeed(shop.notify(["uninstall", "silent"], { env }));
      // oxlint-enable no-await-in-loop
    }
    expect(shop.slack.messages).toHaveLength(told);
  });

  it("what Helm refuses before it does anything is told to nobody", async () => {
    const env = slackEnvironment();
    const chart = withoutSnippets(shop.chart);
    const values = ["-f", `${chart}/first-deploy.yaml`];
    const told = shop.slack.messages.length;
    for (const argv of [
      ["upgrade", "--install", "calm", chart, ...values, "--wiat"],
      ["upgrade", "--install", "calm", chart, ...values, "--timeout", "5x"],
      ["upgrade", "--install", "calm", chart, ...values, "-o", "jsn"],
      ["upgrade", "--install", "calm", chart, ...values, "--history-max=-x"],
      ["upgrade", "--install", "CALM", chart, ...values],
      ["upgrade", "--install", "c".repeat(54), chart, ...values],
      ["upgrade", "calm", chart, ...values],
      ["install", "CALM", chart, ...values],
      ["rollback", "bare", "1", "--timeout", "5x"],
      ["uninstall", "bare", "--cascad=x"],
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one release
      const [plain, ours] = [await shop.helm(argv), await shop.notify(argv, { env })];
      expect([ours.code, ours.stderr]).toEqual([1, plain.stderr]);
    }
    expect(shop.slack.messages).toHaveLength(told);
  });

  it("with a token for the Git host it lists the commits that ship", async () => {
    const history = createHistory([
      { name: "old", parents: [], message: "Begin" },
      { name: "middle", parents: ["old"], message: "Mend <the> basket" },
      { name: "new", parents: ["middle"], message: "Add a wish list\n\nAt last." },
    ]);
    const host = await startGitHost(gitlabModel("https://gitlab.test", "acme/api"), history);
    try {
      const upgrade = (tag: string, name: string) => [
        "upgrade",
        "--install",
        "shop",
        shop.chart,
        "-f",
        `${shop.chart}/staging.yaml`,
        "--set",
        `helm-notify.services.api.source=gitlab+${host.url}/acme/api`,
        "--set",
        `api.image.tag=${tag},api.image.revision=${history.hashOf(name)}`,
      ];
      const env = { HELM_NOTIFY_GIT_TOKEN: `${new URL(host.url).host}=${TOKEN}` };
      await succeed(shop.notify(upgrade("1.0.0", "old"), { env }));
      const told = await tellOf(shop, "shop", () =>
        succeed(shop.notify(upgrade("1.1.0", "new"), { env })),
      );
      expect(told.start).toMatch(/api: 2 commits[^]*Add a wish list[^]*Mend <the> basket/);
      const back = await tellOf(shop, "shop", () =>
        succeed(shop.notify(upgrade("1.2.0", "old"), { env })),
      );
      expect(back.start).toMatch(/downgrade/);
    } finally {
      await host.stop();
      history.remove();
    }
  });
});
