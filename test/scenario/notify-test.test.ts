// `--notify-test`: what helm test says counts as the deploy's end.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { toThreadTranscript } from "../support/slack/transcript.ts";
import { withoutSecrets } from "../support/without-secrets.ts";
import { BOT, upgradeShop } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const SETTINGS = ["--set", "helm-notify.environment=staging"];

const bed = useBed();

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  beforeEach(async () => {
    shop = await openDeployer(bed(), major, BOT);
  });
  afterEach(() => shop.close());

  const upgrade = (...more: string[]) => upgradeShop(shop, "--install", "--notify-test", ...more);
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
    expect(told.end).toContain("shop-test");
    expect(told.end).not.toContain("Upgrade complete");
    expect(await statuses()).toEqual(["superseded", "superseded", "deployed"]);
  });

  it("what runs without hooks is rolled back without", async () => {
    const job = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "shop-undo", annotations: { "helm.sh/hook": "pre-rollback" } },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: "Never",
            containers: [
              { name: "undo", image: "registry.example.com/shop/undo:1", command: ["false"] },
            ],
          },
        },
      },
    };
    writeFileSync(join(shop.chart, "templates/undo.yaml"), JSON.stringify(job));
    await succeed(shop.helm(["install", "shop", shop.chart, ...SETTINGS]));
    expect((await shop.notify(upgrade("--set", "test=fails", "--atomic", "--no-hooks"))).code).toBe(
      1,
    );
    expect(await statuses()).toEqual(["superseded", "superseded", "deployed"]);
  });

  it("a first install with --atomic goes, and the message still says why", async () => {
    const told = await tellOf(shop, "shop", async () => {
      const { code } = await shop.notify(upgrade("--set", "test=fails", "--atomic"));
      expect(code).toBe(1);
    });
    expect(told.end).toContain("Helm undid it");
    expect(told.end).toContain("shop-test");
    const { stdout } = await succeed(shop.helm(["list", "-q"]));
    expect(stdout.trim()).toBe("");
  });

  it("with --atomic and nothing good to go back to, what is there stays", async () => {
    const fails = ["--set", "notReady=true,test=fails", "--wait", "--timeout", "1s"];
    expect((await shop.helm(["install", "shop", shop.chart, ...SETTINGS, ...fails])).code).toBe(1);
    const { code, stderr } = await shop.notify(upgrade("--set", "test=fails", "--atomic"));
    expect(code).toBe(1);
    expect(stderr).toContain("helm test failed, and there is no good revision to go back to");
    expect(await statuses()).toEqual(["superseded", "deployed"]);
  });

  it("a test that does not end is given as long as Helm is", async () => {
    changeTest(shop.chart, () => "image: registry.invalid/shop/test:1.0.0");
    const told = await tellOf(shop, "shop", async () => {
      const { code } = await shop.notify(upgrade("--set", "test=passes", "--timeout", "15s"));
      expect(code).toBe(1);
    });
    expect(told.end).toMatch(/Failed: install of .*what was applied is still there/);
    expect(told.end).toMatch(/shop-test.*(ImagePullBackOff|ErrImagePull)/);
  });

  const nothingUndone = "helm test failed, and nothing is undone: revision 3 is somebody else's";
  it.each([
    ["the plugin tells", async () => ({}), [], "helm test failed\n"],
    ["the pod tells", withoutSecrets, [], "helm test failed\n"],
    ["the plugin tells, --atomic", async () => ({}), ["--atomic"], nothingUndone],
  ])(
    "a plain helm meanwhile is a run of its own, and stays (%s)",
    async (_, toEnv, flags, said) => {
      withWaitingTest(shop.chart);
      const env = await toEnv(shop);
      const plain = (...more: string[]) => succeed(shop.helm(upgradeShop(shop, ...more), { env }));
      await tellOf(shop, "shop", () => plain("--install"));
      const tested = ["--set", "test=fails,api.image.tag=1.4.0", ...flags];
      const first = shop.notify(upgrade(...tested), {
        env: { ...env, HELM_NOTIFY_ACTOR: "alice" },
      });
      await succeed(shop.kubectl(["wait", "--for=create", "pod/shop-test", "--timeout=100s"]));
      const told = await tellOf(shop, "shop", async () => {
        await plain("--set", "web.image.tag=2.9.0");
        await goAhead(shop);
        const { code, stderr } = await first;
        expect(code).toBe(1);
        expect(stderr).toContain(said);
      });
      expect(told.run).toMatchObject({ by: "hook", outcome: { kind: "applied" } });
      const all = shop.slack.channel().map(toThreadTranscript);
      expect(all).toHaveLength(3);
      const [, alices = "", plains = ""] = all;
      expect(alices).toMatch(/Failed: upgrade of shop.*what was applied is still there/);
      expect(alices).toMatch(/api +1\.3\.2 → 1\.4\.0[^]*by alice/);
      expect(alices).not.toMatch(/web|Upgrade complete/);
      expect(plains).toContain("Applied shop to staging");
      expect(plains).toMatch(/web +2\.8\.0 → 2\.9\.0/);
      expect(plains).not.toContain("alice");
    },
  );

  it("a dry run tests nothing", async () => {
    await succeed(shop.notify(upgrade("--set", "test=fails", "--dry-run=client")));
    const generated = ["install", "-g", shop.chart, ...SETTINGS, "--notify-test", "--dry-run"];
    await succeed(shop.notify(generated));
    expect((await succeed(shop.helm(["list", "-q"]))).stdout.trim()).toBe("");
  });

  it("a release whose name Helm makes up is refused", async () => {
    const generated = ["install", "-g", shop.chart, ...SETTINGS, "--notify-test"];
    const { code, stdout, stderr } = await shop.notify(generated);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toContain("--notify-test needs to know the release");
    expect((await succeed(shop.helm(["list", "-q"]))).stdout.trim()).toBe("");
  });

  it("a test that fails is a failed deploy where the pod tells it", async () => {
    const env = await withoutSecrets(shop);
    await tellOf(shop, "shop", () =>
      succeed(shop.notify(upgrade("--set", "test=passes"), { env })),
    );
    const told = await tellOf(shop, "shop", async () => {
      const { code } = await shop.notify(upgrade("--set", "test=fails"), { env });
      expect(code).toBe(1);
    });
    expect(told.run).toMatchObject({ by: "hook", outcome: { kind: "failed" } });
    expect(told.end).toContain("what was applied is still there");
    expect(told.end).toContain("shop-test");
    expect(told.end).not.toContain("Deployed");
  });
});

/** A test that does not begin before `goAhead`. */
function withWaitingTest(chart: string): void {
  changeTest(chart, (image) => `${image}\n      envFrom: [{ configMapRef: { name: go-ahead } }]`);
}

async function goAhead({ kubectl }: Deployer): Promise<void> {
  await succeed(kubectl(["create", "configmap", "go-ahead"]));
}

function changeTest(chart: string, change: (image: string) => string): void {
  const path = join(chart, "templates/failures.yaml");
  writeFileSync(path, readFileSync(path, "utf8").replace(/image: .*\/test:.*/, change));
}
