// Whatever is killed, and when: after the next run nothing false is to be read.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, HELM_NOTIFY, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { toThreadTranscript } from "../support/slack/transcript.ts";
import { BOT, letItBeReady, untilHelmWaits, upgradeShop } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  let upgrade: string[];
  beforeEach(async () => {
    shop = await openDeployer(bed(), major, BOT);
    upgrade = upgradeShop(shop);
    await succeed(shop.notify([...upgrade, "--install"]));
  });
  afterEach(() => shop.close());

  /** An upgrade or install that was announced, and waits for a Deployment that is not ready. */
  async function startWaiting(program = HELM_NOTIFY): Promise<ChildProcess> {
    const announced = new Promise<void>((resolve) => {
      shop.slack.onMessage(() => resolve());
    });
    const given = ["--install", "--wait", "--set", "notReady=true,api.image.tag=1.4.0"];
    const argv = [...upgrade, ...given];
    const upgrading = spawn(program, argv, { env: shop.env, cwd: shop.folder, stdio: "ignore" });
    await announced;
    await untilHelmWaits(shop);
    return upgrading;
  }

  /** The channel's messages as they stand, the first install's left out. */
  const channel = () => shop.slack.channel().slice(1).map(toThreadTranscript);
  const said = (index: number) => () => channel()[index] ?? "";

  it("the plugin: its pod tells how the run ended", async () => {
    const plugin = await startWaiting();
    plugin.kill("SIGKILL");
    await letItBeReady(shop);
    await expect.poll(said(0)).toMatch(/Applied shop to staging[^]*api +1\.3\.2 → 1\.4\.0/);
  });

  it("helm: the plugin says that the run was interrupted", async () => {
    const plugin = await startWaiting();
    const ended = once(plugin, "exit");
    process.kill(helmOf(plugin), "SIGKILL");
    await ended;
    expect(said(0)()).toContain("Interrupted: upgrade of shop in staging");
  });

  it("the pod of a plain helm: another one ends the run in the same message", async () => {
    const ended = once(await startWaiting(join(shop.folder, "helm")), "exit");
    const ours = "app.kubernetes.io/component=watcher";
    await succeed(shop.kubectl(["delete", "pod", "-l", ours, "--timeout=100s"]));
    await letItBeReady(shop);
    expect(await ended).toEqual([0, null]);
    await expect.poll(said(0)).toMatch(/Applied shop to staging[^]*api +1\.3\.2 → 1\.4\.0/);
    expect(channel()).toHaveLength(1);
  });

  it("both: the next run says that nobody saw the end, and starts from what is true", async () => {
    const plugin = await startWaiting();
    const helm = helmOf(plugin);
    plugin.kill("SIGKILL");
    process.kill(helm, "SIGKILL");
    const back = await tellOf(shop, "shop", () => succeed(shop.helm(["rollback", "shop", "1"])));
    expect(`${back.start}\n${back.end}`).toMatch(/api +1\.4\.0 → 1\.3\.2/);
    expect(back.end).toContain("Rolled back shop in staging");
    await expect.poll(said(0)).toContain("Nobody saw how the upgrade of shop in staging ended");
  });

  it("both, at an install: its uninstall is told, and that nobody saw the install's end", async () => {
    await succeed(shop.notify(["uninstall", "shop"]));
    const plugin = await startWaiting();
    const helm = helmOf(plugin);
    plugin.kill("SIGKILL");
    process.kill(helm, "SIGKILL");
    const gone = await tellOf(shop, "shop", () => succeed(shop.notify(["uninstall", "shop"])));
    expect(gone.end).toContain("Uninstalled shop from staging");
    await expect.poll(said(1)).toContain("Nobody saw how the install of shop in staging ended");
  });
});

/** The helm that a plugin started. */
function helmOf({ pid }: ChildProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return Number(children.trim().split(" ")[0]);
}
