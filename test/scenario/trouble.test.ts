// People who cannot be told, and others who are told in another way.
import { describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { decodeLedger, ledgerName } from "../../src/domain/ledger.ts";
import { startGenericReceiver } from "../support/generic-receiver.ts";
import { upgradeShop } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  it("a Slack that refuses is named on stderr and in the ledger; what it missed comes with the next run", async () => {
    const shop = await openDeployer(bed(), major, () => ({
      botToken: "not-a-token",
      channel: "C0DEPLOYS",
    }));
    try {
      const upgrade = upgradeShop(shop, "--install");
      const { stderr } = await succeed(shop.notify(upgrade));
      expect(stderr).toContain("warning: slack refused the message: invalid_auth");
      const { stdout } = await succeed(
        shop.kubectl([
          "get",
          "configmap",
          ledgerName("shop"),
          "-o",
          "jsonpath={.data.ledger\\.json}",
        ]),
      );
      expect(decodeLedger(stdout)?.run).toMatchObject({
        phase: "ended",
        outcome: { kind: "applied" },
        tellings: { slack: { trouble: expect.stringContaining("invalid_auth") } },
      });
      expect(shop.slack.messages).toEqual([]);

      const token = { HELM_NOTIFY_SLACK_BOT_TOKEN: shop.slack.botToken };
      const env = { ...token, HELM_NOTIFY_SLACK_CHANNEL: "C0DEPLOYS" };
      await tellOf(shop, "shop", () =>
        succeed(shop.notify([...upgrade, "--set", "api.image.tag=1.4.0"], { env })),
      );
      const late = shop.transcripts().find((text) => text.includes("late: "));
      expect(late).toContain("Applied shop to staging");
      expect(late).toContain("first install");
    } finally {
      await shop.close();
    }
  });

  it("a Secret that is not there is named on stderr, and Helm runs", async () => {
    const shop = await openDeployer(bed(), major);
    try {
      await succeed(shop.kubectl(["delete", "secret", "slack"]));
      const { stderr } = await succeed(shop.notify(upgradeShop(shop, "--install")));
      expect(stderr).toContain(
        `warning: nobody is told: there is no Secret slack in namespace ${shop.namespace}\n`,
      );
    } finally {
      await shop.close();
    }
  });

  it("anything else than Slack gets each run as signed events", async () => {
    const shop = await openDeployer(bed(), major, () => ({}));
    const receiver = await startGenericReceiver();
    try {
      const env = {
        HELM_NOTIFY_GENERIC_URL: receiver.url,
        HELM_NOTIFY_GENERIC_SECRET: receiver.secret,
        HELM_NOTIFY_ACTOR: "jane",
      };
      const install = ["install", "shop", shop.chart, "-f", `${shop.chart}/staging.yaml`, "--wait"];
      await succeed(shop.notify(install, { env }));
      expect(receiver.events).toMatchObject([
        { specversion: "1.0", data: { action: "install", release: "shop", actor: "jane" } },
        { specversion: "1.0", data: { environment: "staging", outcome: { kind: "rolled-out" } } },
      ]);
    } finally {
      await receiver.stop();
      await shop.close();
    }
  });
});
