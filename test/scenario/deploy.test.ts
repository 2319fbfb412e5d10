// The whole way, on both Helms: plugin → Helm → chart → hook Jobs → Slack.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { BOT, shopValues } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const NEW_API = { tag: "1.4.0", revision: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432" };
const OLD_API_COMMIT =
  "https://github.com/acme/api/commit/4f1c2b9e8a7d6c5b4a39281706f5e4d3c2b1a091";

const bed = useBed();

const CREDENTIALS = [
  ["a webhook", ({ webhookUrl }: { webhookUrl: string }) => ({ webhookUrl })],
  ["a bot token", BOT],
] as const;

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  describe.each(CREDENTIALS)("with %s", (_, toSecret) => {
    let shop: Deployer;
    beforeAll(async () => {
      shop = await openDeployer(bed(), major, toSecret);
    });
    afterAll(() => shop.close());

    it("install, upgrade of one service, a failure and a rollback are told as they are", async () => {
      const pods = ["--set", "api.replicas=1,web.replicas=1"];
      const common = ["shop", shop.chart, ...shopValues(shop), ...pods, "--wait"];
      const upgrade = (...more: string[]) => ["notify", "upgrade", ...common, ...more];

      const installed = await tellOf(shop, "shop", () =>
        succeed(shop.helm(upgrade("--install", "-f", `${shop.chart}/first-deploy.yaml`))),
      );
      expect(await images(shop)).toEqual({
        api: "1.3.2",
        web: "2.8.0",
        worker: "1.3.2",
        scheduler: "0.9.4",
        mailer: "1.0.7",
      });
      expect(installed.start).toContain("Deploying shop to staging");
      expect(installed.end).toContain("Deployed shop to staging");

      await succeed(shop.helm(upgrade("--set", "web.image.tag=2.9.0,web.image.revision=b0b0b0b")));
      const api = `api.image.tag=${NEW_API.tag},api.image.revision=${NEW_API.revision}`;
      let terminal = "";
      const upgraded = await tellOf(shop, "shop", async () => {
        terminal = (await succeed(shop.helm(upgrade("--set", api)))).stderr;
      });
      expect(await images(shop)).toEqual({
        api: "1.4.0",
        web: "2.9.0",
        worker: "1.3.2",
        scheduler: "0.9.4",
        mailer: "1.0.7",
      });
      expect(await liveRecord(shop)).toMatchObject({
        api: NEW_API,
        web: { tag: "2.9.0", revision: "b0b0b0b" },
      });
      expect(terminal).toMatch(/api +1\.3\.2 → 1\.4\.0 +4f1c2b9 → 9f8e7d6 +--set/);
      expect(terminal).toMatch(/web +2\.9\.0 +b0b0b0b +live revision 2/);
      const links = JSON.stringify(shop.slack.messages.map(({ payload }) => payload));
      expect(links).toContain(OLD_API_COMMIT);
      expect(links).toContain(`https://github.com/acme/api/commit/${NEW_API.revision}`);
      expect(upgraded.start).toContain("Deploying shop to staging");
      expect(upgraded.end).toMatch(/Deployed shop to staging[^]*api +1\.3\.2 → 1\.4\.0/);

      const failed = await tellOf(shop, "shop", async () => {
        const { code } = await shop.helm(
          upgrade("--set", "mailer.image.tag=1.1.0", "--set", "failingHook=true"),
        );
        expect(code).toBe(1);
      });
      expect(failed.start).toContain("Deploying shop to staging");
      expect(failed.end).toContain("Failed: upgrade of shop in staging");
      expect(failed.end).toContain("what was applied is still there");

      const next = await succeed(shop.notify(["plan", ...common]));
      expect(next.stdout).toContain("live is revision 3 (deployed), revision 4 is failed");
      expect(next.stderr).toContain(
        "mailer: the cluster's record says 1.1.0, revision 3 says 1.0.7",
      );

      const back = await tellOf(shop, "shop", () => succeed(shop.helm(["rollback", "shop", "2"])));
      expect(await images(shop)).toMatchObject({ api: "1.3.2", web: "2.9.0", mailer: "1.0.7" });
      const said = `${back.start}\n${back.end}`;
      expect(said).toContain("Rolled back shop in staging");
      expect(said).toMatch(/api +1\.4\.0 → 1\.3\.2/);
      expect(said).toMatch(/mailer +1\.1\.0 → 1\.0\.7/);
    });
  });

  describe("without Slack", () => {
    it("a Slack that refuses, hangs up or is not there never fails a deploy", async () => {
      const shop = await openDeployer(bed(), major, () => ({
        webhookUrl: "http://127.0.0.1:9/services/T0/B0/none",
      }));
      try {
        const argv = [
          "shop",
          shop.chart,
          "-f",
          `${shop.chart}/staging.yaml`,
          "--set",
          "helm-notify.deadlineSeconds=2",
        ];
        await succeed(shop.helm(["notify", "upgrade", "--install", ...argv]));
        expect(await images(shop)).toMatchObject({ api: "1.3.2" });
      } finally {
        await shop.close();
      }
    });
  });

  it("an uninstall of several is told of each, and ends at the first that fails", async () => {
    const shop = await openDeployer(bed(), major);
    try {
      const settings = ["-f", `${shop.chart}/staging.yaml`];
      for (const release of ["one", "two", "three"]) {
        await succeed(shop.helm(["install", release, shop.chart, ...settings, "--no-hooks"]));
      }
      const { namespace } = shop;
      const well = ["-n", namespace, "uninstall", "one", "--timeout", "1m", "two"];
      expect((await succeed(shop.notify(well))).stdout).toBe(
        'release "one" uninstalled\nrelease "two" uninstalled\n',
      );
      const { code, stdout, stderr } = await shop.notify(["uninstall", "gone", "three"]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("gone: release: not found");
      expect((await succeed(shop.helm(["list", "-q"]))).stdout).toBe("three\n");
      const told = shop.transcripts().join("\n");
      expect(told).toContain("Uninstalled one");
      expect(told).toContain("Uninstalled two");
      expect(told).not.toContain("three");
    } finally {
      await shop.close();
    }
  });

  it("an uninstall leaves nothing of ours but the ledger", async () => {
    const shop = await openDeployer(bed(), major);
    try {
      await succeed(
        shop.helm(["notify", "install", "shop", shop.chart, "-f", `${shop.chart}/staging.yaml`]),
      );
      await succeed(shop.helm(["uninstall", "shop"]));
      const left = await succeed(
        shop.kubectl(["get", "role,rolebinding,serviceaccount,configmap", "-o", "name"]),
      );
      expect(left.stdout.split("\n").filter((name) => name.includes("helm-notify"))).toEqual([
        "configmap/helm-notify-ledger.shop",
      ]);
    } finally {
      await shop.close();
    }
  });
});

/** Tags by service, as the cluster runs them. */
async function images(shop: Deployer): Promise<Record<string, string>> {
  const { stdout } = await succeed(
    shop.kubectl([
      "get",
      "deployments",
      "-o",
      'jsonpath={range .items[*]}{.spec.template.spec.containers[0].name}={.spec.template.spec.containers[0].image}{"\\n"}{end}',
    ]),
  );
  const lines = stdout.trim().split("\n");
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", image = ""] = line.split("=");
      return [name, image.split(":").at(-1) ?? ""];
    }),
  );
}

async function liveRecord(shop: Deployer): Promise<unknown> {
  const { stdout } = await succeed(
    shop.kubectl([
      "get",
      "configmap",
      "shop-helm-notify-record",
      "-o",
      "jsonpath={.data.record\\.json}",
    ]),
  );
  return JSON.parse(stdout).services;
}
