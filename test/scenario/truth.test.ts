// What Slack says is what happened: each case on both Helms, by a bot and by a webhook.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { type Told, tellOf } from "../support/conversation.ts";
import { withoutSnippets } from "../support/shop-chart.ts";
import { BOT, shopValues, upgradeShop } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

const CREDENTIALS = [
  ["a bot", BOT],
  ["a webhook", ({ webhookUrl }: { webhookUrl: string }) => ({ webhookUrl })],
] as const;

const RELEASE = "shop";

/** A shop with a first revision: api 1.3.2, web 2.8.0, and three more. */
interface Shop extends Deployer {
  /** `upgrade shop CHART` with the shop's values; `more` is given last. */
  readonly upgrade: (...more: string[]) => string[];
  /** Runs a command and hears what is said of it. */
  readonly told: (command: () => Promise<unknown>) => Promise<Told>;
  readonly fail: (argv: readonly string[]) => Promise<void>;
}

interface Case {
  readonly name: string;
  readonly run: (shop: Shop) => Promise<Told>;
  /** Somewhere in all that is said: a pod that comes after Helm has ended tells all at once. */
  readonly says?: readonly (string | RegExp)[];
  /** In what is to be read in the end. */
  readonly end: readonly (string | RegExp)[];
  readonly never?: RegExp;
}

const API = (tag: string, digit = "b") => [
  "--set",
  `api.image.tag=${tag},api.image.revision=${digit.repeat(40)}`,
];

const DIGEST = (digit: string) => ["--set", `api.image.digest=sha256:${digit.repeat(64)}`];

const CASES: readonly Case[] = [
  {
    name: "a first install by plain helm",
    run: async (shop) => {
      await succeed(shop.helm(["uninstall", RELEASE]));
      return shop.told(() =>
        succeed(shop.helm(["install", RELEASE, shop.chart, ...shopValues(shop)])),
      );
    },
    says: ["first install"],
    end: ["shop", "staging"],
    never: /→/,
  },
  {
    name: "an upgrade by the plugin, waited for",
    run: (shop) =>
      shop.told(() => succeed(shop.notify([...shop.upgrade(...API("1.4.0")), "--wait"]))),
    says: ["Deploying shop to staging", "api  1.3.2 → 1.4.0"],
    end: ["Deployed shop to staging", /1\.3\.2 → 1\.4\.0/],
  },
  {
    name: "an upgrade by the plugin, not waited for",
    run: (shop) => shop.told(() => succeed(shop.notify(shop.upgrade(...API("1.4.0"))))),
    end: ["Applied shop to staging", "not waited for"],
    never: /Deployed/,
  },
  {
    name: "an upgrade by plain helm",
    run: (shop) => shop.told(() => succeed(shop.helm(shop.upgrade(...API("1.4.0"))))),
    says: ["api  1.3.2 → 1.4.0"],
    end: ["Applied shop to staging", /1\.3\.2 → 1\.4\.0/],
  },
  {
    name: "a rollback by the plugin",
    run: async (shop) => {
      await succeed(shop.notify(shop.upgrade(...API("1.4.0"))));
      await succeed(shop.notify(shop.upgrade(...API("1.5.0"))));
      return shop.told(() => succeed(shop.notify(["rollback", RELEASE, "1", "--wait"])));
    },
    says: ["Rolling back shop in staging", "api  1.5.0 → 1.3.2"],
    end: ["Rolled back shop in staging", /1\.5\.0 → 1\.3\.2/],
  },
  {
    name: "a rollback by plain helm",
    run: async (shop) => {
      await shop.told(() => succeed(shop.helm(shop.upgrade(...API("1.4.0")))));
      await shop.told(() => succeed(shop.helm(shop.upgrade(...API("1.5.0")))));
      return shop.told(() => succeed(shop.helm(["rollback", RELEASE, "2"])));
    },
    says: ["api  1.5.0 → 1.4.0"],
    end: ["Rolled back shop in staging", /1\.5\.0 → 1\.4\.0/],
    // What the target revision's hooks once announced.
    never: /1\.3\.2/,
  },
  {
    name: "a failure that stays",
    run: (shop) =>
      shop.told(() => shop.fail(shop.upgrade(...API("1.4.0"), "--set", "failingHook=true"))),
    end: [/[Ff]ailed/, "smoke-test"],
    never: /Deployed|Applied/,
  },
  {
    name: "a failure that Helm rolls back by itself",
    run: (shop) =>
      shop.told(() =>
        shop.fail(shop.upgrade(...API("1.4.0"), "--set", "failingHook=true", "--atomic")),
      ),
    end: [/[Ff]ailed/, /rolled back to revision 1/],
    never: /Deployed|Applied/,
  },
  {
    name: "a failure before anything is applied",
    run: (shop) =>
      shop.told(() =>
        shop.fail(shop.upgrade(...API("1.4.0"), "--set", "helm-notify.deadlineSeconds=soon")),
      ),
    end: [/[Ff]ailed/, /nothing was applied/],
  },
  {
    name: "a hook before an install fails",
    run: async (shop) => {
      await succeed(shop.helm(["uninstall", RELEASE]));
      addFailingHook(shop, "pre-install");
      return shop.told(() =>
        shop.fail(["install", RELEASE, shop.chart, ...shop.upgrade().slice(3)]),
      );
    },
    end: [/[Ff]ailed/, /nothing was applied/, "shop-hook"],
  },
  {
    name: "a hook before a rollback fails",
    run: async (shop) => {
      addFailingHook(shop, "pre-rollback");
      await shop.told(() => succeed(shop.notify(shop.upgrade(...API("1.4.0")))));
      await shop.told(() => succeed(shop.notify(shop.upgrade(...API("1.5.0")))));
      return shop.told(() => shop.fail(["rollback", RELEASE, "2"]));
    },
    end: [/[Ff]ailed/, /nothing was applied/, "shop-hook"],
  },
  {
    name: "a hook after a rollback fails",
    run: async (shop) => {
      addFailingHook(shop, "post-rollback");
      await shop.told(() => succeed(shop.notify(shop.upgrade(...API("1.4.0")))));
      await shop.told(() => succeed(shop.notify(shop.upgrade(...API("1.5.0")))));
      return shop.told(() => shop.fail(["rollback", RELEASE, "2"]));
    },
    end: [/[Ff]ailed/, /what was applied is still there/, "shop-hook"],
  },
  {
    name: "an uninstall without the hook that another one failed at",
    run: async (shop) => {
      addFailingHook(shop, "pre-delete");
      await shop.told(() => succeed(shop.notify(shop.upgrade())));
      const failed = await shop.told(() => shop.fail(["uninstall", RELEASE]));
      expect(failed.end).toContain("Failed: uninstall of shop in staging");
      return shop.told(() => succeed(shop.notify(["uninstall", RELEASE, "--no-hooks"])));
    },
    end: ["Uninstalled shop from staging"],
  },
  {
    name: "two failures in a row, then a good one",
    run: async (shop) => {
      const failing = ["--set", "failingHook=true"];
      await shop.told(() => shop.fail(shop.upgrade(...API("1.4.0"), ...failing)));
      const second = await shop.told(() => shop.fail(shop.upgrade(...API("1.5.0"), ...failing)));
      expect(second.start).toContain("api  1.4.0 → 1.5.0");
      return shop.told(() => succeed(shop.notify(shop.upgrade(...API("1.6.0")))));
    },
    says: ["api  1.5.0 → 1.6.0"],
    end: [/1\.5\.0 → 1\.6\.0/],
  },
  {
    name: "a rollback to before the snippets",
    run: async (shop) => {
      await succeed(shop.helm(["uninstall", RELEASE]));
      const bare = withoutSnippets(shop.chart);
      await succeed(shop.helm(["install", RELEASE, bare, ...shopValues(shop)]));
      await shop.told(() => succeed(shop.helm(shop.upgrade(...API("1.4.0")))));
      return shop.told(() => succeed(shop.notify(["rollback", RELEASE, "1"])));
    },
    says: ["Rolling back shop in staging", "api  1.4.0 → 1.3.2"],
    end: [/1\.4\.0 → 1\.3\.2/],
  },
  {
    name: "the snippets are new: what ran before is not known",
    run: async (shop) => {
      await succeed(shop.helm(["uninstall", RELEASE]));
      const bare = withoutSnippets(shop.chart);
      await succeed(shop.helm(["install", RELEASE, bare, ...shopValues(shop)]));
      return shop.told(() => succeed(shop.helm(shop.upgrade(...API("1.4.0")))));
    },
    end: ["Applied shop to staging", "what ran before is not known"],
    never: /→/,
  },
  {
    name: "an uninstall, and an install after it",
    run: async (shop) => {
      const gone = await shop.told(() => succeed(shop.notify(["uninstall", RELEASE])));
      expect(gone.end).toContain("Uninstalled shop");
      return shop.told(() =>
        succeed(shop.notify(["install", RELEASE, shop.chart, ...shopValues(shop)])),
      );
    },
    says: ["Deploying shop to staging", "first install"],
    end: ["shop"],
    never: /→/,
  },
  {
    name: "an uninstall that fails before anything is removed",
    run: async (shop) => {
      addFailingHook(shop, "pre-delete");
      await shop.told(() => succeed(shop.notify(shop.upgrade())));
      return shop.told(() => shop.fail(["uninstall", RELEASE]));
    },
    end: ["Failed: uninstall of shop", "Job shop-hook"],
    never: /Deletion in progress|applied/,
  },
  {
    name: "a service is added, one is removed",
    run: (shop) =>
      shop.told(() =>
        succeed(
          shop.helm(
            shop.upgrade(
              "--set",
              "helm-notify.services.mailer=null",
              "--set",
              "search.image.tag=0.1.0",
              "--set",
              "helm-notify.services.search.tag=search.image.tag",
            ),
          ),
        ),
      ),
    says: [/mailer.*1\.0\.7.*removed/, /search.*0\.1\.0.*new/],
    end: [/search/],
  },
  {
    name: "a service is renamed",
    run: (shop) =>
      shop.told(() =>
        succeed(
          shop.helm(
            shop.upgrade(
              "--set",
              "helm-notify.services.mailer=null",
              "--set",
              "helm-notify.services.post.tag=mailer.image.tag,helm-notify.services.post.source=https://github.com/acme/mailer",
            ),
          ),
        ),
      ),
    says: [/post.*mailer|mailer.*post/],
    end: [/post/],
    never: /removed/,
  },
  {
    name: "only the digest is another one",
    run: async (shop) => {
      await shop.told(() => succeed(shop.notify(shop.upgrade(...DIGEST("a")))));
      return shop.told(() => succeed(shop.notify(shop.upgrade(...DIGEST("b")))));
    },
    says: [/api {2}1\.3\.2.*digest aaaaaaaaaaaa → bbbbbbbbbbbb/],
    end: [/api/],
  },
  {
    name: "a new tag of the same revision",
    run: async (shop) => {
      await shop.told(() => succeed(shop.notify(shop.upgrade(...API("1.4.0")))));
      return shop.told(() => succeed(shop.notify(shop.upgrade(...API("1.4.0-1")))));
    },
    says: [/api {2}1\.4\.0 → 1\.4\.0-1.*same revision/],
    end: [/1\.4\.0 → 1\.4\.0-1/],
  },
  {
    name: "a downgrade",
    run: (shop) => shop.told(() => succeed(shop.notify(shop.upgrade(...API("1.2.9", "c"))))),
    says: [/api {2}1\.3\.2 → 1\.2\.9.*downgrade/],
    end: [/1\.3\.2 → 1\.2\.9/],
  },
];

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  describe.each(CREDENTIALS)("told by %s", (_, toSecret) => {
    it.concurrent.each(CASES)("$name", async ({ run, says = [], end, never }) => {
      const shop = await openShop(await openDeployer(bed(), major, toSecret));
      try {
        const told = await run(shop);
        const all = `${told.start}\n${told.end}`;
        for (const text of says) expect(all).toMatch(text);
        for (const text of end) expect(told.end || told.start).toMatch(text);
        expect(all).not.toMatch(never ?? /undefined|NaN/);
      } finally {
        await shop.close();
      }
    });
  });
});

function addFailingHook({ chart }: Deployer, event: string): void {
  const image = "registry.example.com/shop/smoke-test:1.0.0";
  const containers = [{ name: "hook", image, command: ["false"] }];
  const job = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "shop-hook", annotations: { "helm.sh/hook": event } },
    spec: { backoffLimit: 0, template: { spec: { restartPolicy: "Never", containers } } },
  };
  writeFileSync(join(chart, "templates/hook.yaml"), JSON.stringify(job));
}

async function openShop(deployer: Deployer): Promise<Shop> {
  const shop: Shop = {
    ...deployer,
    upgrade: (...more) => upgradeShop(deployer, ...more),
    told: (command) => tellOf(deployer, RELEASE, command),
    fail: async (argv) => {
      const { code, stdout, stderr } = await deployer.notify(argv);
      if (code !== 1) throw new Error(`ended with ${code}\n${stdout}\n${stderr}`);
    },
  };
  const first = ["install", RELEASE, deployer.chart, ...shopValues(deployer)];
  await shop.told(() =>
    succeed(deployer.notify([...first, "-f", `${deployer.chart}/first-deploy.yaml`])),
  );
  return shop;
}
