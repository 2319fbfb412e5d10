// A release that was left pending: recovered by what is known of who left it so, and nothing is lost.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HELM_MAJORS, type HelmMajor } from "../../scripts/toolbox.ts";
import { type Deployer, HELM_NOTIFY, openDeployer, succeed } from "../support/bed.ts";
import { run, type RunOptions } from "../support/process.ts";
import { toThreadTranscript } from "../support/slack/transcript.ts";
import { BOT, letItBeReady, untilHelmWaits, upgradeShop } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const README = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
const README_LINES = README.split("\n").filter((line) => line.startsWith("helm notify recover "));

const bed = useBed();

/** A shop that can be deployed to; `first-deploy.yaml` has api 1.3.2 and web 2.8.0. */
interface Shop extends Deployer {
  /** `upgrade shop CHART` with the shop's values; `more` is given last. */
  readonly upgrade: (...more: string[]) => string[];
  /** Starts a command, and returns when its Helm waits for a Deployment that never gets ready. */
  readonly startWaiting: (command: readonly string[]) => Promise<ChildProcess>;
  /** `1 deployed, 2 failed` */
  readonly history: () => Promise<string>;
  readonly tagOf: (service: string) => Promise<unknown>;
  readonly recover: (...more: string[]) => ReturnType<Deployer["notify"]>;
}

const WAITING = ["--wait", "--timeout", "10m", "--set", "notReady=true"];
const FIRST = ["-f", "first-deploy.yaml"];

/** It never ends by itself. */
const HOOK = `{{ if .Values.busy }}
apiVersion: v1
kind: Pod
metadata:
  name: migrate
  annotations: {helm.sh/hook: pre-upgrade}
spec:
  restartPolicy: Always
  containers: [{name: migrate, image: "registry.example.com/shop/migrate:1.0.0"}]
{{ end }}
`;

async function openShop(
  major: HelmMajor,
  env: RunOptions["env"] = {},
  toSecret = BOT,
): Promise<Shop> {
  const shop = await openDeployer(bed(), major, toSecret);
  const cwd = shop.chart;
  const all = { ...shop.env, HELM_NOTIFY_ACTOR: "ci", ...env };
  const helm: Deployer["helm"] = (argv, options) =>
    shop.helm(argv, { cwd, ...options, env: { ...all, ...options?.env } });
  const notify: Deployer["notify"] = (argv, options) =>
    shop.notify(argv, { cwd, ...options, env: { ...all, ...options?.env } });
  const printed = async (argv: string[]) => {
    const { stdout } = await succeed(helm([...argv, "-o", "json"]));
    return JSON.parse(stdout);
  };
  return {
    ...shop,
    helm,
    notify,
    upgrade: (...more) => upgradeShop(shop, ...more),
    startWaiting: async ([file = "", ...argv]) => {
      const child = spawn(file, argv, { env: all, cwd, stdio: "ignore" });
      await untilHelmWaits(shop);
      return child;
    },
    history: async () => {
      const revisions: { revision: number; status: string }[] = await printed(["history", "shop"]);
      return revisions.map(({ revision, status }) => `${revision} ${status}`).join(", ");
    },
    tagOf: async (service) =>
      (await printed(["get", "values", "shop", "--all"]))[service].image.tag,
    recover: (...more) =>
      notify(["recover", "shop", ...more], { env: { HELM_NOTIFY_ACTOR: "jane" } }),
  };
}

/** Both the plugin and its Helm, as when a CI takes the container away. */
async function killAll(plugin: ChildProcess): Promise<void> {
  const helm = helmOf(plugin);
  await kill(plugin);
  process.kill(helm, "SIGKILL");
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}

/** The helm that a plugin started. */
function helmOf({ pid }: ChildProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return Number(children.trim().split(" ")[0]);
}

async function withShop(opening: Promise<Shop>, use: (shop: Shop) => Promise<void>): Promise<void> {
  const shop = await opening;
  try {
    await use(shop);
  } finally {
    await shop.close();
  }
}

// Each takes half a minute of listening.
const PATIENTLY = { timeout: 300_000 };

describe.each(HELM_MAJORS)("Helm %i", PATIENTLY, (major) => {
  it.concurrent("an upgrade that was killed is marked as failed, and the next one works", () =>
    withShop(openShop(major), async (shop) => {
      await succeed(shop.notify([...shop.upgrade(...FIRST), "--install"]));
      const api = shop.upgrade(...WAITING, "--set", "api.image.tag=1.4.0");
      await killAll(await shop.startWaiting([HELM_NOTIFY, ...api]));

      const refused = await shop.notify(shop.upgrade("--set", "web.image.tag=2.9.0"));
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(
        /: revision 2 is pending-upgrade, for \d+s \(since .* UTC\)\n.* started by: ci, on .*\n.* last deployed: revision 1\n.* record is that of: revision 2\n.* its process: gone, its helm-notify has been silent for 15s\n/,
      );
      expect(refused.stderr).toContain("another operation (install/upgrade/rollback)");
      expect(refused.stderr).toContain(
        `revision 2 is pending-upgrade: helm notify recover shop -n ${shop.namespace} says`,
      );

      const both = await Promise.all([shop.recover("--yes"), shop.recover("--yes")]);
      expect(both.map(({ code }) => code)).toEqual([0, 0]);
      const said = both.map(({ stdout }) => stdout);
      expect(said.filter((text) => text.includes("is marked as failed"))).toHaveLength(1);
      expect(said.filter((text) => /pending any more|nothing is pending/.test(text))).toHaveLength(
        1,
      );
      expect(await shop.history()).toBe("1 deployed, 2 failed");

      await succeed(shop.notify(shop.upgrade("--set", "web.image.tag=2.9.0")));
      expect(await shop.history()).toBe("1 superseded, 2 failed, 3 deployed");
      expect(await shop.tagOf("api")).toBe("1.3.2");
      expect(await shop.tagOf("web")).toBe("2.9.0");

      const stuck = shop.slack.channel().map(toThreadTranscript)[1];
      expect(stuck).toContain("Interrupted: upgrade of shop in staging");
      expect(stuck).toContain("api  1.3.2 → 1.4.0");
      expect(stuck).toContain(
        "recovered by jane: revision 2 was left pending, and is marked as failed",
      );
      expect((await succeed(shop.notify(["log", "shop"]))).stdout).toMatch(
        /upgrade +2 +ci .* interrupted, recovered by jane/,
      );
    }));

  it.concurrent("an install that was killed is marked as failed, and upgrade --install works", () =>
    withShop(openShop(major), async (shop) => {
      const install = ["install", ...shop.upgrade(...FIRST, ...WAITING).slice(1)];
      await killAll(await shop.startWaiting([HELM_NOTIFY, ...install]));

      const recovered = await shop.recover("--yes");
      expect(recovered.stdout).toMatch(/last deployed: none\n/);
      expect(recovered.stdout).toMatch(/deploy again: helm notify upgrade shop CHART --install\n$/);
      expect(recovered.code).toBe(0);

      await succeed(shop.notify([...shop.upgrade("--set", "web.image.tag=2.9.0"), "--install"]));
      expect(await shop.history()).toBe("1 superseded, 2 deployed");
      expect(await shop.tagOf("api")).toBe("1.3.2");
    }));

  it.concurrent("a rollback that was killed is marked as failed, and rolled back by --rollback", () =>
    withShop(openShop(major), async (shop) => {
      await succeed(shop.notify([...shop.upgrade(...FIRST), "--install"]));
      const notReady = ["--set", "notReady=true,api.image.tag=1.4.0"];
      await succeed(shop.notify(shop.upgrade(...notReady)));
      await succeed(shop.notify(shop.upgrade("--set", "api.image.tag=1.5.0")));
      await succeed(
        shop.kubectl(["wait", "--for=delete", "deployment/shop-not-ready", "--timeout=100s"]),
      );
      const back = ["rollback", "shop", "2", "--wait", "--timeout", "10m"];
      await killAll(await shop.startWaiting([HELM_NOTIFY, ...back]));
      expect(await shop.history()).toMatch(/3 deployed, 4 pending-rollback$/);

      const { code, stdout } = await shop.recover("--rollback", "--yes", "-o", "json");
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        release: "shop",
        namespace: shop.namespace,
        result: "rolled back",
        pending: {
          revision: 4,
          status: "pending-rollback",
          deployedRevision: 3,
          actor: "ci",
          process: { state: "dead", sign: "silent" },
        },
      });
      expect(await shop.history()).toMatch(/3 superseded, 4 failed, 5 deployed$/);
      expect(await shop.tagOf("api")).toBe("1.5.0");
      const told = shop.slack.channel().map(toThreadTranscript).slice(-2);
      expect(told[0]).toMatch(/Interrupted: rollback of shop[^]*recovered by jane: revision 4/);
      expect(told[1]).toMatch(/Rolled back shop in staging/);
    }));

  it.concurrent("one that lives is refused, and waited for", () =>
    withShop(openShop(major), async (shop) => {
      await succeed(shop.notify([...shop.upgrade(...FIRST), "--install"]));
      const plugin = await shop.startWaiting([HELM_NOTIFY, ...shop.upgrade(...WAITING)]);
      const ended = once(plugin, "exit");

      const refused = await shop.recover("--yes");
      expect(refused.code).toBe(3);
      expect(refused.stdout).toMatch(/its process: alive, a helm-notify is at work\n.*refused: /);

      const waiting = shop.recover("--yes", "--wait", "2m");
      await letItBeReady(shop);
      const waited = await waiting;
      expect(waited.stdout).toBe("nothing is pending: revision 2 of shop is deployed\n");
      expect(waited.code).toBe(0);
      expect(await ended).toEqual([0, null]);
    }));

  it.concurrent("a Helm that outlived its plugin is taken for dead, and writes down its own end", ({
    expect: expectOf,
  }) =>
    withShop(openShop(major), async (shop) => {
      await succeed(shop.notify([...shop.upgrade(...FIRST), "--install"]));
      await kill(await shop.startWaiting([HELM_NOTIFY, ...shop.upgrade(...WAITING)]));
      await succeed(shop.recover("--yes"));
      expect(await shop.history()).toBe("1 deployed, 2 failed");
      await letItBeReady(shop);
      await expectOf.poll(shop.history).toBe("1 superseded, 2 deployed");
    }));

  it.concurrent("--notify-recover does it on the way, also where nobody is told", () =>
    withShop(openShop(major), async (shop) => {
      const untold = ["--set", "helm-notify.enabled=false,helm-notify.slack.secretRef=null"];
      await succeed(shop.notify([...shop.upgrade(...FIRST, ...untold), "--install"]));
      const api = shop.upgrade(...untold, ...WAITING, "--set", "api.image.tag=1.4.0");
      await killAll(await shop.startWaiting([HELM_NOTIFY, ...api]));

      const web = shop.upgrade(...untold, "--set", "web.image.tag=2.9.0");
      const refused = await shop.notify(web);
      expect(refused.stderr).toContain("another operation (install/upgrade/rollback)");
      // It still knows.
      const { stderr } = await succeed(shop.notify([...web, "--notify-recover"]));
      expect(stderr).toMatch(/started by: ci, on .*\n.*\n.* its process: gone/);
      expect(stderr).toContain("revision 2 is marked as failed");
      expect(await shop.history()).toBe("1 superseded, 2 failed, 3 deployed");
      expect(await shop.tagOf("api")).toBe("1.3.2");
    }));

  it.concurrent("of plain helm it is known by its age alone; in a ConfigMap, too", () =>
    withShop(openShop(major, { HELM_DRIVER: "configmap" }), async (shop) => {
      await succeed(shop.helm([...shop.upgrade(...FIRST), "--install", "--no-hooks"]));
      const helm = await shop.startWaiting([
        join(shop.folder, "helm"),
        ...shop.upgrade(...WAITING, "--no-hooks"),
      ]);
      await kill(helm);

      const young = await shop.recover("--yes");
      expect(young.code).toBe(3);
      expect(young.stdout).toMatch(/not known, and it is not older than 5m, the timeout of Helm/);

      const looked = await shop.recover("--timeout", "1ms");
      expect(looked.code).toBe(2);
      expect(looked.stdout).toMatch(
        /would mark revision 2 as failed; nothing is deleted. Add --yes to do it\n$/,
      );
      expect(await shop.history()).toBe("1 deployed, 2 pending-upgrade");

      const old = await shop.recover("--yes", "--timeout", "1ms");
      expect(old.stdout).toContain("revision 2 is marked as failed");
      expect(old.code).toBe(0);
      expect(await shop.history()).toBe("1 deployed, 2 failed");
      const [told] = shop.slack.channel().map(toThreadTranscript);
      expect(told).toMatch(/Interrupted: upgrade of shop in staging[^]*recovered by jane/);
      await succeed(shop.helm(shop.upgrade("--no-hooks", "--set", "notReady=false")));

      // Helm leaves what only a failed revision brought.
      await succeed(shop.kubectl(["delete", "deployment", "shop-not-ready"]));
      const back = ["rollback", "shop", "2", "--wait", "--no-hooks"];
      await kill(await shop.startWaiting([join(shop.folder, "helm"), ...back]));
      expect(await shop.history()).toMatch(/3 deployed, 4 pending-rollback$/);
      await succeed(shop.recover("--yes", "--timeout", "1ms"));
      await succeed(shop.helm(shop.upgrade("--no-hooks", "--set", "notReady=false")));
      expect(await shop.history()).toMatch(/3 superseded, 4 failed, 5 deployed$/);
    }));

  it.concurrent("a hook that outlived its Helm is not worked against", () =>
    withShop(openShop(major), async (shop) => {
      const chart = join(shop.folder, "migrating");
      mkdirSync(join(chart, "templates"), { recursive: true });
      writeFileSync(join(chart, "Chart.yaml"), "{apiVersion: v2, name: migrating, version: 1.0.0}");
      writeFileSync(join(chart, "templates/hook.yaml"), HOOK);
      await succeed(shop.helm(["install", "shop", chart]));
      const argv = ["upgrade", "shop", chart, "--set", "busy=true"];
      const helm = spawn(join(shop.folder, "helm"), argv, { env: shop.env, stdio: "ignore" });
      await succeed(shop.kubectl(["wait", "--for=create", "pod/migrate", "--timeout=100s"]));
      const running = "--for=jsonpath={.status.phase}=Running";
      await succeed(shop.kubectl(["wait", running, "pod/migrate", "--timeout=100s"]));
      await kill(helm);

      const refused = await shop.recover("--yes", "--timeout", "1ms");
      expect(refused.stdout).toMatch(
        /still runs: Pod migrate\n +its process: its hooks still work/,
      );
      expect(refused.code).toBe(3);

      await succeed(shop.kubectl(["delete", "pod", "migrate", "--now"]));
      await succeed(shop.recover("--yes", "--timeout", "1ms"));
      await succeed(shop.helm(["upgrade", "shop", chart]));
    }));

  it.concurrent("who may not do it hears which right is missing", () =>
    withShop(openShop(major), async (shop) => {
      await succeed(shop.helm([...shop.upgrade(...FIRST), "--install", "--no-hooks"]));
      const helm = await shop.startWaiting([
        join(shop.folder, "helm"),
        ...shop.upgrade(...WAITING, "--no-hooks"),
      ]);
      await kill(helm);
      const rules = ["--verb=get,list", "--resource=secrets,configmaps,pods"];
      await succeed(shop.kubectl(["create", "role", "reader", ...rules]));
      await succeed(
        shop.kubectl(["create", "rolebinding", "reader", "--role=reader", "--user=jane"]),
      );
      const env = { HELM_KUBEASUSER: "jane" };
      const argv = ["recover", "shop", "--yes", "--force"];
      const { code, stderr } = await shop.notify(argv, { env });
      expect(code).toBe(1);
      expect(stderr).toMatch(/User "jane" cannot update resource "secrets" in API group ""/);
      expect(await shop.history()).toBe("1 deployed, 2 pending-upgrade");
    }));

  it.concurrent("where nothing is pending it says so, and where only Helm can write it refuses", () =>
    withShop(openShop(major), async (shop) => {
      const none = await shop.recover("-o", "json");
      expect(none.code).toBe(0);
      expect(JSON.parse(none.stdout)).toEqual({
        v: 1,
        release: "shop",
        namespace: shop.namespace,
        pending: null,
        result: "nothing pending",
      });
      expect(README_LINES).toHaveLength(3);
      for (const line of README_LINES) {
        const { stdout } = await succeed(run(["sh", "-c", line], { env: shop.env }));
        expect(stdout, line).toBe("nothing is pending: there is no release shop\n");
      }
      const sql = await shop.notify(["recover", "shop"], { env: { HELM_DRIVER: "sql" } });
      expect(sql.code).toBe(1);
      expect(sql.stderr).toContain('HELM_DRIVER is "sql", a storage that only Helm can write to');
    }));
});
