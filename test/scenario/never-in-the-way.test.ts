// A notifier that cannot start holds up nothing, fails nothing and makes nothing untrue.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { BOT, shopValues } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

const NO_IMAGE = ["--set", "helm-notify.image.repository=registry.invalid/none"];
const NO_NODE = ["--set", "helm-notify.nodeSelector.no=such-node"];
const NO_ACCOUNT = [
  "--set",
  "helm-notify.rbac.create=false,helm-notify.rbac.serviceAccountName=no",
];

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  beforeAll(async () => {
    shop = await openDeployer(bed(), major, BOT);
  });
  afterAll(() => shop.close());

  const upgrade = (release: string, ...more: string[]) => [
    "upgrade",
    "--install",
    release,
    shop.chart,
    ...shopValues(shop),
    "--timeout",
    "60s",
    ...more,
  ];

  it.each([
    ["an image that does not exist", "image", NO_IMAGE],
    ["no node to run on", "node", NO_NODE],
    ["no account to run as", "account", NO_ACCOUNT],
  ])("%s: install, upgrade, rollback and uninstall end well", async (_, release, lack) => {
    await succeed(shop.helm(upgrade(release, ...lack)));
    await succeed(shop.helm(upgrade(release, ...lack, "--set", "api.image.tag=1.4.0", "--wait")));
    await succeed(shop.helm(["rollback", release, "1", "--wait", "--timeout", "100s"]));
    const { stdout } = await succeed(shop.helm(["history", release, "-o", "json"]));
    expect(JSON.parse(stdout).map(({ status }: { status: string }) => status)).toEqual([
      "superseded",
      "superseded",
      "deployed",
    ]);
    await succeed(shop.helm(["uninstall", release]));
    const left = await succeed(
      shop.kubectl([
        "get",
        "configmap,replicaset,role,rolebinding,serviceaccount",
        "-l",
        `app.kubernetes.io/name=helm-notify,app.kubernetes.io/instance=${release}`,
        "-o",
        "name",
      ]),
    );
    expect(left.stdout).toBe("");
  });

  it("the plugin tells its runs without the pod, and the next one starts from what is true", async () => {
    await succeed(shop.helm(upgrade("told", ...NO_IMAGE)));
    // Nobody told of this one.
    await succeed(shop.helm(upgrade("told", ...NO_IMAGE, "--set", "api.image.tag=1.4.0")));
    const told = await tellOf(shop, "told", () =>
      succeed(shop.notify(upgrade("told", ...NO_IMAGE, "--set", "api.image.tag=1.5.0"))),
    );
    expect(told.start).toMatch(/api +1\.4\.0 → 1\.5\.0/);
    expect(told.end).toContain("Applied told to staging");
  });
});
