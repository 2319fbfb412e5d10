// helm diff upgrade shows what helm-notify's upgrade would do, on both Helms; what helm-diff prints is helm-diff's.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { succeed } from "../support/bed.ts";
import { useBed } from "../support/use-bed.ts";
import { openRepository, type Repository } from "./repository.ts";

const LIVE = { api: { image: { tag: "1.4.0", revision: "9f8e7d6" } } };

const bed = useBed();

let shop: Repository;
afterEach(() => shop.close());

const release = () => ["shop", shop.chart, "-f", join(shop.chart, "staging.yaml")];
const diff = (...flags: string[]) => [
  "diff",
  "upgrade",
  ...release(),
  "--detailed-exitcode",
  ...flags,
];
const upgradeApi = async () => {
  await succeed(
    shop.notify([
      "upgrade",
      "--install",
      ...release(),
      "--set",
      "api.image.tag=1.4.0,api.image.revision=9f8e7d6",
    ]),
  );
};

describe.each(HELM_MAJORS)("Helm %i, what the diff plugin is asked", (major) => {
  beforeEach(async () => {
    shop = await openRepository(bed(), major, "recorder");
    await upgradeApi();
  });

  it.each([
    ["in helm's place", () => shop.notify(["diff", "upgrade", ...release(), "-C", "3"])],
    ["as a plugin", () => shop.helm(["notify", "diff", "upgrade", ...release(), "-C", "3"])],
    [
      "with helm-diff's flags between the words",
      () => shop.notify(["diff", "-C", "3", "upgrade", ...release()]),
    ],
    [
      "with flags in front, one of ours among them",
      () =>
        shop.notify([
          "--notify-timeout=9s",
          "--namespace",
          shop.namespace,
          "diff",
          "upgrade",
          ...release(),
          "-C",
          "3",
        ]),
    ],
    [
      "with HELM_BIN naming helm-notify",
      () =>
        shop.notify(["diff", "upgrade", ...release(), "-C", "3"], {
          env: { HELM_BIN: "helm-notify" },
        }),
    ],
  ])("%s: the carried values first, then the words typed, and the real helm", async (_, run) => {
    const { stderr } = await succeed(run());
    expect(stderr).toMatch(/api +1\.4\.0 +9f8e7d6 +live revision 1/);
    const [call] = shop.recordedDiffs();
    expect(call?.argv.slice(0, 2)).toEqual(["upgrade", "-f"]);
    expect(call?.argv.slice(3).toSorted()).toEqual([...release(), "-C", "3"].toSorted());
    expect(call?.values).toEqual([LIVE, { "helm-notify": { environment: "staging" } }]);
    expect(call?.helmBin).toBe(join(shop.folder, "helm"));
    expect(temporary()).toEqual([]);
  });

  it("helmfile's diffs of an apply get the values its upgrades get", async () => {
    const env = { DIFF_RECORDER_CHANGED: "shop,outlet,wholesale" };
    await succeed(
      shop.helmfile(["apply", "--state-values-set", "bump.shop.web.image.tag=2.9.0"], { env }),
    );
    const ofShop = shop.recordedDiffs().find(({ argv }) => argv.includes("shop"));
    expect(ofShop?.values[0]).toEqual(LIVE);
    expect(await shop.userValues("shop")).toMatchObject({
      ...LIVE,
      web: { image: { tag: "2.9.0" } },
    });
  });

  it("the plugin's end is the command's end", async () => {
    const env = { DIFF_RECORDER_CHANGED: "shop" };
    const { code } = await shop.notify(["diff", "upgrade", ...release(), "--detailed-exitcode"], {
      env,
    });
    expect(code).toBe(2);
  });

  it.each([["--dry-run"], ["--dry-run=client"]])(
    "%s needs no cluster: nothing is looked up",
    async (flag) => {
      const env = { KUBECONFIG: join(shop.folder, "none") };
      await succeed(shop.notify(["diff", "upgrade", ...release(), flag], { env }));
      expect(shop.recordedDiffs()[0]?.argv).toEqual(["upgrade", ...release(), flag]);
      expect((await shop.notify(["diff", "upgrade", ...release()], { env })).code).toBe(1);
    },
  );
});

describe("Helm 3 with helm-diff 3.9.14", () => {
  beforeEach(async () => {
    shop = await openRepository(bed(), 3, "helm-diff");
    await upgradeApi();
  });
  it("helm itself would take the live tag back", async () => {
    const { code, stdout } = await shop.helm(diff());
    expect(code).toBe(2);
    expect(stdout).toMatch(/^\+ .*shop\/api:1\.3\.2"$/m);
  });

  it.each([
    [[]],
    [["--allow-unreleased", "--reset-values", "--no-color"]],
    [["--reuse-values"]],
    [["--reset-then-reuse-values"]],
    [["--no-hooks"]],
    // With hooks it calls each of them new, ours or not.
    [["--three-way-merge", "--no-hooks"]],
    [["-C", "3", "-D", "0.5", "-q", "--show-secrets"]],
    [["--suppress", "Secret", "--suppress-output-line-regex", "x"]],
    [["--dry-run=server"]],
  ])("a diff after an upgrade is empty: %j", async (flags) => {
    const { code, stdout } = await shop.notify(diff(...flags));
    expect({ code, stdout }).toEqual({ code: 0, stdout: "" });
  });

  it("a diff without any value is empty as well", async () => {
    const argv = ["diff", "upgrade", "shop", shop.chart, "--detailed-exitcode"];
    expect(await shop.notify(argv)).toMatchObject({ code: 0, stdout: "" });
  });

  it("values from stdin are read by helm-diff too", async () => {
    const stdin = "web: {image: {tag: 2.9.0}}\n";
    const { code, stdout } = await shop.notify(diff("-f", "-"), { stdin });
    expect(code).toBe(2);
    expect(changedImages(stdout)).toEqual(["- web:2.8.0", "+ web:2.9.0"]);
  });

  it("stdout shows the one service that changes; the table is on stderr", async () => {
    const { code, stdout, stderr } = await shop.notify(diff("--set", "web.image.tag=2.9.0"));
    expect(code).toBe(2);
    expect(changedImages(stdout)).toEqual(["- web:2.8.0", "+ web:2.9.0"]);
    expect(stdout).not.toContain("helm notify:");
    expect(stderr).toMatch(/web +2\.8\.0 → 2\.9\.0/);
  });

  it("a release that is not there yet is helm-diff's to judge", async () => {
    const argv = ["diff", "upgrade", "new", ...release().slice(1)];
    const ours = await shop.notify(argv);
    const plain = await shop.helm(argv);
    expect([ours.code, ours.stdout]).toEqual([plain.code, plain.stdout]);
    expect(ours.code).toBe(1);
  });

  it("an upgrade shows in the diff first what it then does", async () => {
    const web = ["--set", "web.image.tag=2.9.0"];
    expect((await shop.notify(diff(...web))).code).toBe(2);
    await succeed(shop.notify(["upgrade", ...release(), ...web]));
    expect(await shop.notify(diff())).toMatchObject({ code: 0, stdout: "" });
  });

  it.each([
    [["diff", "--help"]],
    [["diff", "upgrade", "--help"]],
    [["diff", "upgrade"]],
    [["diff", "upgrade", "shop"]],
    [["diff", "version"]],
    [["diff", "revision", "shop", "1"]],
    [["diff", "rollback", "shop", "1"]],
    [["diff", "release", "shop", "none"]],
  ])("%j is helm-diff's, byte for byte", async (argv) => {
    expect(await shop.notify(argv)).toEqual(await shop.helm(argv));
  });
});

const temporary = () => readdirSync(shop.folder).filter((name) => name.startsWith("helm-notify-"));

/** `- web:2.8.0` for each line of a Deployment's image. */
const changedImages = (stdout: string) =>
  [...stdout.matchAll(/^([-+]) +image: ".*\/shop\/(.*)"$/gm)].map(
    ([, sign, image]) => `${sign} ${image}`,
  );
