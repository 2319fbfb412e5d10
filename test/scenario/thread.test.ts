// The life of an image in the thread of its announcement: pushed, in staging, promoted to production, taken back.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { parseThread } from "../../src/domain/thread.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { run } from "../support/process.ts";
import { useBed } from "../support/use-bed.ts";

const ENVIRONMENTS = ["staging", "production"] as const;
type Environment = (typeof ENVIRONMENTS)[number];

const withBot = ({ botToken }: { botToken: string }) => ({ botToken, channel: "#deploys" });

const bed = useBed();

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shops: Record<Environment, Deployer>;
  let repository: string;
  beforeEach(async () => {
    const [staging, production] = await Promise.all([
      openDeployer(bed(), major, withBot),
      openDeployer(bed(), major, withBot),
    ]);
    shops = { staging, production };
    repository = join(staging.folder, "deploy");
    await writeRepository();
    await Promise.all(
      ENVIRONMENTS.map((name) => succeed(shops[name].notify(upgrade(name, "--install")))),
    );
  });
  afterEach(async () => {
    await Promise.all(Object.values(shops).map((shop) => shop.close()));
  });

  const fileOf = (name: Environment) => join(repository, `${name}.yaml`);
  const upgrade = (name: Environment, ...more: string[]) => [
    "upgrade",
    "shop",
    shops[name].chart,
    "-f",
    fileOf(name),
    "--wait",
    ...more,
  ];

  /** No thread has a place in it yet. Both environments tell the same Slack. */
  async function writeRepository(): Promise<void> {
    const { staging } = shops;
    mkdirSync(repository);
    const context = (await succeed(staging.kubectl(["config", "current-context"]))).stdout.trim();
    const environments = ENVIRONMENTS.map((name) => {
      const settings = { environment: name, slack: { apiUrl: staging.slack.apiUrl } };
      const image = "api:\n  image:\n    tag: 1.3.2\n    revision: 4f1c2b9 # of the tag\n";
      writeFileSync(fileOf(name), `helm-notify: ${JSON.stringify(settings)}\n${image}`);
      const { namespace } = shops[name];
      const place = { release: "shop", namespace, kubeContext: context };
      return [name, { values: `${name}.yaml`, ...place }] as const;
    });
    writeFileSync(
      join(repository, "helm-notify.yaml"),
      JSON.stringify({ environments: Object.fromEntries(environments), services: { api: {} } }),
    );
    for (const argv of [
      ["init", "--quiet", "--initial-branch=main"],
      ["config", "user.email", "ci@example.com"],
      ["config", "user.name", "CI"],
      ["add", "."],
      ["commit", "--quiet", "-m", "Begin"],
    ]) {
      await succeed(run(["git", ...argv], { cwd: repository, env: staging.env }));
    }
  }

  const ours = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    succeed(shops.staging.notify(argv, { cwd: repository, env }));

  /** As the job of a CI does: announces the image, and hands on what that prints. */
  async function pushApi(
    tag: string,
    revision: string,
    env = botOf(shops.staging),
  ): Promise<string> {
    const thread = (await ours(["announce", `acme/api:${tag}`], env)).stdout.trim();
    const bump = ["bump", "--env", "staging", "--no-verify-image", `api=${tag}@${revision}`];
    await ours([...bump, "--thread", thread]);
    return thread;
  }

  const messageOf = (thread: string) =>
    shops.staging.slack.channel().find(({ ts }) => ts === parseThread(thread)?.ts);
  /** First lines; how long it took is left out. */
  const repliesTo = (thread: string) =>
    (messageOf(thread)?.replies ?? []).map(({ text, isBroadcast }) => {
      expect(isBroadcast).toBe(false);
      return text.replace(/\n.*/s, "").replace(/ (?:in|after) \d+m?\d*s/, "");
    });

  /** A pod replies when it can. */
  const untilReplies = (thread: string, count: number) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (repliesTo(thread).length >= count) resolve();
      };
      shops.staging.slack.onMessage(look);
      look();
    });

  it("the deploys of an image reply to its announcement, in staging and in production", async () => {
    const { staging, production } = shops;
    const thread = await pushApi("1.4.0", "9f8e7d6");
    expect(messageOf(thread)?.text).toBe("Pushed api 1.4.0");
    const values = readFileSync(fileOf("staging"), "utf8");
    expect(values).toContain(
      `    tag: 1.4.0\n    revision: 9f8e7d6 # of the tag\n    thread: ${thread}\n`,
    );
    await succeed(staging.notify(upgrade("staging")));
    const inStaging = "✅ Deployed shop to staging: api 1.3.2 → 1.4.0";
    expect(repliesTo(thread)).toEqual([inStaging]);

    await succeed(staging.notify(upgrade("staging", "--set", "web.image.tag=2.9.0")));
    // Carried forward, for the promotion.
    const settings = `helm-notify.environment=staging,helm-notify.slack.apiUrl=${staging.slack.apiUrl}`;
    await succeed(
      staging.notify([
        "upgrade",
        "shop",
        staging.chart,
        "--set",
        settings,
        "--set",
        "web.image.tag=3",
      ]),
    );
    expect(repliesTo(thread)).toEqual([inStaging]);

    await ours([
      "promote",
      "--from",
      "staging",
      "--to",
      "production",
      "--yes",
      "--no-verify-image",
    ]);
    expect(readFileSync(fileOf("production"), "utf8")).toContain(`    thread: ${thread}\n`);
    await tellOf(production, "shop", () => succeed(production.helm(upgrade("production"))));
    await untilReplies(thread, 2);
    expect(repliesTo(thread)).toEqual([
      inStaging,
      "✅ Applied shop to production: api 1.3.2 → 1.4.0",
    ]);
  });

  it("a failure and the way back are replies too, and the older image hears that it is back", async () => {
    const { staging } = shops;
    const first = await pushApi("1.4.0", "9f8e7d6");
    await succeed(staging.notify(upgrade("staging")));
    const second = await pushApi("1.5.0", "0a1b2c3");
    const { code } = await staging.notify(upgrade("staging", "--set", "failingHook=true"));
    expect(code).toBe(1);
    expect(repliesTo(second)).toEqual([
      "❌ Failed: upgrade of shop in staging, what was applied is still there: api 1.4.0 → 1.5.0",
    ]);

    await tellOf(staging, "shop", () => succeed(staging.helm(["rollback", "shop", "2"])));
    await Promise.all([untilReplies(first, 2), untilReplies(second, 2)]);
    const back = "✅ Rolled back shop in staging: api 1.5.0 → 1.4.0 (downgrade)";
    expect(repliesTo(first).slice(1)).toEqual([back]);
    expect(repliesTo(second).slice(1)).toEqual([back]);
  });

  it("what a webhook announces has no thread: an empty one is none, and empties the last", async () => {
    await pushApi("1.4.0", "9f8e7d6");
    const webhook = { HELM_NOTIFY_SLACK_WEBHOOK_URL: shops.staging.slack.webhookUrl };
    expect(await pushApi("1.5.0", "0a1b2c3", webhook)).toBe("");
    expect(readFileSync(fileOf("staging"), "utf8")).toContain('    thread: ""\n');
  });

  it("a thread that cannot be told is a warning, and the deploy is told", async () => {
    const { staging } = shops;
    const gone = "C0123456789/1763719200.000100";
    const { stderr } = await succeed(
      staging.notify(upgrade("staging", "--set", `api.image.tag=1.4.0,api.image.thread=${gone}`)),
    );
    expect(stderr).toContain(
      `helm notify: warning: not told in the thread ${gone}: slack refused the message: thread_not_found.`,
    );
    const told = staging.slack.channel().find(({ text }) => text.includes("1.3.2 → 1.4.0"));
    expect(told?.text).toContain("Deployed shop to staging");
  });
});

function botOf({ slack }: Deployer): Record<string, string> {
  return {
    HELM_NOTIFY_SLACK_BOT_TOKEN: slack.botToken,
    HELM_NOTIFY_SLACK_CHANNEL: "#deploys",
    HELM_NOTIFY_SLACK_API_URL: slack.apiUrl,
  };
}
