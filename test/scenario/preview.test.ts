// helm notify preview, and the chart's own wording all the way to Slack.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { checkBlocks } from "../support/slack/limits.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();
let shop: Deployer;
beforeAll(async () => {
  shop = await openDeployer(bed(), 4);
});
afterAll(() => shop.close());

const staging = () => ["-f", `${shop.chart}/staging.yaml`];
const wording = (text: string) => ["--set-json", `helm-notify.messages=${text}`];
const OWN = wording('{"start":"Los geht es: {{release}}"}');

describe("a preview", () => {
  it("shows every message in the chart's own wording, without a cluster, and sends none", async () => {
    const { stdout, stderr } = await succeed(
      shop.notify(["preview", "shop", shop.chart, ...staging(), ...OWN], {
        env: { KUBECONFIG: "/nowhere" },
      }),
    );
    expect(stderr).toBe("");
    expect(stdout).toContain("── an upgrade begins ──\nLos geht es: shop\n");
    expect(stdout).toMatch(/^✅ Deployed shop to staging in 2m10s$/m);
    expect(stdout).toMatch(
      /^❌ Failed: upgrade of shop in staging after 2m10s, rolled back to revision 4$/m,
    );
    expect(stdout).toContain("https://app.slack.com/block-kit-builder/#%7B%22blocks%22");
    expect(shop.slack.requests).toEqual([]);
  });

  it("as JSON has blocks that Slack takes, and the address of each in its builder", async () => {
    const { stdout } = await succeed(
      shop.notify(["preview", shop.chart, ...staging(), "-o", "json"]),
    );
    const previews: { title: string; blocks: object[]; builder: string }[] = JSON.parse(stdout);
    expect(previews.map(({ title }) => title)).toContain("a rollback begins");
    for (const { blocks, builder } of previews) {
      expect(checkBlocks(blocks)).toEqual({ kind: "accepted" });
      const shown = decodeURIComponent(new URL(builder).hash.slice(1));
      expect(JSON.parse(shown)).toEqual({ blocks });
    }
  });

  it("names a template that is broken, and shows the default text", async () => {
    const broken = wording('{"start":"{{shout release}}"}');
    const { stdout, stderr } = await succeed(
      shop.notify(["preview", shop.chart, ...staging(), ...broken]),
    );
    expect(stderr).toMatch(/^helm notify: warning: messages\.start /);
    expect(stdout).toContain("── an upgrade begins ──\nDeploying shop to staging\n");
  });

  it("a template that cannot be read is refused when the chart is rendered", async () => {
    const { code, stderr } = await shop.helm([
      "template",
      shop.chart,
      ...staging(),
      ...wording('{"start":"{{#if release}}"}'),
    ]);
    expect(code).toBe(1);
    expect(stderr).toContain("helm-notify.messages.start");
  });
});

it("the pod speaks in the chart's own words too", async () => {
  const told = await tellOf(shop, "worded", () =>
    succeed(
      shop.helm([
        "install",
        "worded",
        shop.chart,
        ...staging(),
        ...wording('{"start":"Los geht es: {{release}}","applied":"Fertig: {{release}}"}'),
      ]),
    ),
  );
  expect(`${told.start}\n${told.end}`).toContain("Fertig: worded");
});
