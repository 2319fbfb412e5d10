// What people do with plain Helm and a chart with the snippets: odd names, several releases, commands that deploy nothing.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { writeChart } from "../support/rendering.ts";
import { copyShopChart } from "../support/shop-chart.ts";
import { toThreadTranscript } from "../support/slack/transcript.ts";
import { BOT, letItBeReady, shopValues } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

const LONGEST = "a-release-with-a-name-of-53-characters-which-is-the-m";
const NEW_API = ["--set", "api.image.tag=1.4.0"];

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  beforeAll(async () => {
    shop = await openDeployer(bed(), major, BOT);
  });
  afterAll(() => shop.close());

  const withValues = (...argv: string[]) => [...argv, shop.chart, ...shopValues(shop)];
  const told = (release: string, argv: readonly string[]) =>
    tellOf(shop, release, () => succeed(shop.helm(argv)));
  const watcherPods = async () => {
    const ours = "app.kubernetes.io/component=watcher";
    await succeed(shop.kubectl(["wait", "--for=delete", "pod", "-l", ours, "--timeout=100s"]));
    return (await succeed(shop.kubectl(["get", "pods", "-l", ours, "-o", "name"]))).stdout;
  };

  it("a release with the longest name that Helm takes is told, and leaves nothing", async () => {
    await told(LONGEST, withValues("install", LONGEST));
    const { end } = await told(LONGEST, [...withValues("upgrade", LONGEST), ...NEW_API]);
    expect(end).toMatch(/1\.3\.2 → 1\.4\.0/);
    await succeed(shop.helm(["uninstall", LONGEST]));
    expect(await watcherPods()).toBe("");
  });

  it("two releases of one chart in one namespace, deployed at once, are each told", async () => {
    const heard = shop.slack.messages.length;
    const releases = ["one", "two"];
    await Promise.all(releases.map((name) => told(name, withValues("install", name))));
    const texts = shop.slack.channel().map(({ text }) => text);
    for (const name of releases)
      expect(texts.filter((text) => text.includes(` ${name} to staging`))).toHaveLength(1);
    expect(shop.slack.messages.length - heard).toBeGreaterThanOrEqual(releases.length);
    await Promise.all(releases.map((name) => succeed(shop.helm(["uninstall", name]))));
  });

  it("a deploy while the plugin still tells of the one before: each is told once", async () => {
    await told("busy", withValues("install", "busy"));
    const heard = shop.slack.channel().length;
    let isEnded = false;
    shop.slack.onRequest((path) => {
      if (isEnded || !path.endsWith("chat.update")) return;
      isEnded = true;
      shop.slack.addFaults({ kind: "late", ms: 3000 });
    });
    const first = succeed(shop.notify([...withValues("upgrade", "busy"), ...NEW_API]));
    await expect.poll(() => isEnded).toBe(true);
    const next = ["--set", "api.image.tag=1.4.0,web.image.tag=2.9.0"];
    await told("busy", [...withValues("upgrade", "busy"), ...next]);
    await first;
    const deploys = shop.slack.channel().slice(heard);
    expect(deploys.map(toThreadTranscript)).toEqual([
      expect.stringMatching(/Applied busy[^]*api +1\.3\.2 → 1\.4\.0/),
      expect.stringMatching(/Applied busy[^]*web +2\.8\.0 → 2\.9\.0/),
    ]);
    expect(deploys[0]?.replies).toHaveLength(1);
  });

  it("a deploy that has ended well is said so also where the plugin begins the next one first", async () => {
    await told("shop", withValues("install", "shop"));
    const heard = shop.slack.channel().length;
    shop.slack.addFaults({ kind: "late", ms: 8000 });
    const waiting = [...NEW_API, "--set", "notReady=true", "--wait"];
    const first = succeed(shop.helm([...withValues("upgrade", "shop"), ...waiting]));
    await expect.poll(() => shop.slack.channel().length).toBeGreaterThan(heard);
    await letItBeReady(shop);
    await first;
    const next = [...withValues("upgrade", "shop"), "--set", "web.image.tag=2.9.0"];
    await tellOf(shop, "shop", () => succeed(shop.notify(next)));
    const all = shop.slack.channel().slice(heard).map(toThreadTranscript).join("\n");
    expect(all).toMatch(/Applied shop[^]*api +1\.3\.2 → 1\.4\.0/);
    expect(all).not.toContain("Nobody saw");
  });

  it("the snippets of a subchart under an alias tell the umbrella's release", async () => {
    const umbrella = join(shop.folder, "umbrella");
    const dependencies = [{ name: "shop", version: "*", alias: "store" }];
    writeChart(umbrella, {
      "Chart.yaml": { apiVersion: "v2", name: "umbrella", version: "1.0.0", dependencies },
    });
    copyShopChart(join(umbrella, "charts/shop"));
    const { apiUrl } = shop.slack;
    const settings = { environment: "staging", slack: { secretRef: "slack", apiUrl } };
    const values = join(shop.folder, "umbrella.yaml");
    writeFileSync(values, JSON.stringify({ store: { "helm-notify": settings } }));
    const deploy = ["upgrade", "--install", "umbrella", umbrella, "-f", values];
    await told("umbrella", deploy);
    const { end } = await told("umbrella", [...deploy, "--set", "store.api.image.tag=1.4.0"]);
    expect(end).toMatch(/api +1\.3\.2 → 1\.4\.0/);
  });

  it("what deploys nothing tells nothing: a dry run, a test, templates applied by hand", async () => {
    await told("quiet", withValues("install", "quiet"));
    const heard = shop.slack.messages.length;
    await succeed(shop.helm([...withValues("upgrade", "quiet"), ...NEW_API, "--dry-run=server"]));
    await succeed(shop.helm(["test", "quiet"]));
    const manifests = join(shop.folder, "manifests.yaml");
    const { stdout } = await succeed(shop.helm(withValues("template", "applied")));
    writeFileSync(manifests, stdout);
    await succeed(shop.kubectl(["apply", "-f", manifests]));
    await succeed(shop.kubectl(["apply", "-f", manifests]));
    expect(await watcherPods()).toBe("");
    expect(shop.slack.messages.length).toBe(heard);
  });
});
