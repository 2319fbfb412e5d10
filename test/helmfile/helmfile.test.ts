// examples/helmfile, as its README says: helm-notify in helm's place, and beside it. Three releases at once.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { HelmMajor } from "../../scripts/toolbox.ts";
import { succeed } from "../support/bed.ts";
import { useBed } from "../support/use-bed.ts";
import { type DiffPlugin, openRepository, type Repository } from "./repository.ts";

const RELEASES = ["outlet", "shop", "wholesale"];
const LIVE = { web: { image: { tag: "2.9.0" } } };
const SETTINGS = { "helm-notify": { environment: "staging", slack: { secretRef: "slack" } } };
const WITHOUT = ["-f", "without-replacing-helm.yaml.gotmpl"];

const bump = (release: string, service: string, tag: string) => [
  "--state-values-set",
  `bump.${release}.${service}.image.tag=${tag}`,
];
const bumpWeb = RELEASES.flatMap((release) => bump(release, "web", "2.9.0"));
const bumpApi = bump("shop", "api", "1.4.0");

/** What helm-diff would find, the recorder has to be told. */
const changed = (...names: string[]) => ({ env: { DIFF_RECORDER_CHANGED: names.join() } });

const bed = useBed();

describe.each<[HelmMajor, DiffPlugin]>([
  [4, "recorder"],
  [3, "helm-diff"],
])("Helm %i with the %s", (major, diff) => {
  const openSynced = async () => {
    const shops = await openRepository(bed(), major, diff);
    await succeed(shops.helmfile(["sync", ...bumpWeb]));
    return shops;
  };

  describe("that changes nothing", () => {
    let shops: Repository;
    beforeAll(async () => {
      shops = await openSynced();
    });
    afterAll(() => shops.close());

    it("sync deploys all three, each with its announcements", async () => {
      expect(await revisions(shops)).toEqual({ outlet: 1, shop: 1, wholesale: 1 });
      expect(shops.transcripts()).toHaveLength(2 * RELEASES.length);
    });

    it.each(["lint", "template"])("%s prints what it prints with helm itself", async (command) => {
      const ours = await succeed(shops.helmfile([command, ...bumpApi]));
      const plain = await succeed(shops.helmfile(["--helm-binary", "helm", command, ...bumpApi]));
      expect(ours.stdout).toBe(plain.stdout);
      expect(ours.stdout.length).toBeGreaterThan(100);
    });

    it("diff finds nothing after a sync, and what a bump changes", async () => {
      const same = await shops.helmfile(["diff", "--detailed-exitcode"]);
      expect([same.code, same.stdout], same.stderr).toEqual([
        0,
        expect.not.stringMatching(/^[+-] /m),
      ]);
      const other = await shops.helmfile(
        ["diff", "--detailed-exitcode", ...bumpApi],
        changed("shop"),
      );
      expect(other.code).toBe(2);
    });
  });

  describe("that deploys", () => {
    let shops: Repository;
    beforeEach(async () => {
      shops = await openSynced();
    });
    afterEach(() => shops.close());

    it.each([
      ["sync", "--state-values-set", ["sync", ...bumpApi]],
      ["apply", "--state-values-set", ["apply", ...bumpApi]],
      ["apply", "--set", ["-l", "name=shop", "apply", "--set", "api.image.tag=1.4.0"]],
    ])(
      "%s with one service's tag by %s keeps the others' live tags, though helmfile resets the values",
      async (_, _flag, argv) => {
        await succeed(shops.helmfile(argv, changed("shop")));
        expect(await shops.userValues("shop")).toEqual({
          ...SETTINGS,
          api: { image: { tag: "1.4.0" } },
          web: { image: { tag: "2.9.0" }, replicas: 1 },
        });
        expect(shops.transcripts().join("\n")).toMatch(
          /Applied shop to staging(?: in \d+s)?: api 1\.3\.2 → 1\.4\.0/,
        );
      },
    );

    it("apply upgrades the release that differs, and the next apply none", async () => {
      await succeed(shops.helmfile(["apply", ...bumpApi], changed("shop")));
      expect(await revisions(shops)).toEqual({ outlet: 1, shop: 2, wholesale: 1 });
      await succeed(shops.helmfile(["apply"]));
      expect(await revisions(shops)).toEqual({ outlet: 1, shop: 2, wholesale: 1 });
    });

    it("destroy takes all three away", async () => {
      await succeed(shops.helmfile(["destroy"]));
      expect(await revisions(shops)).toEqual({});
    });

    it("a first entry of `values:` that runs helm-notify does it too, in sync, diff and template", async () => {
      await succeed(shops.helmfile([...WITHOUT, "sync", ...bumpApi]));
      expect(await shops.userValues("shop")).toMatchObject({
        api: { image: { tag: "1.4.0" } },
        ...LIVE,
      });
      const same = await shops.helmfile([...WITHOUT, "diff", "--detailed-exitcode"]);
      expect([same.code, same.stdout], same.stderr).toEqual([
        0,
        expect.not.stringMatching(/^[+-] /m),
      ]);
      const { stdout } = await succeed(shops.helmfile([...WITHOUT, "template"]));
      expect(stdout.match(/\/web:.*(?=")/g)).toEqual(RELEASES.map(() => "/web:2.9.0"));
      expect(stdout.match(/\/api:.*(?=")/g)?.toSorted()).toEqual([
        "/api:1.3.2",
        "/api:1.3.2",
        "/api:1.4.0",
      ]);
    });

    it("the README's commands work, one after the other", async () => {
      const readme = readFileSync(join(shops.repository, "README.md"), "utf8");
      const lines = readme.match(/^helmfile .*$/gm) ?? [];
      expect(lines).toHaveLength(6);
      for (const line of lines) {
        const name = /bump\.(\w+)|name=(\w+)/.exec(line);
        await succeed(shops.shell(line, changed(name?.[1] ?? name?.[2] ?? "")));
      }
      expect(await revisions(shops)).toEqual({});
      const told = shops.transcripts().join("\n");
      expect(told).toMatch(/Applied shop to staging(?: in \d+s)?: api 1\.3\.2 → 1\.4\.0/);
      expect(told).toMatch(/Applied outlet to staging(?: in \d+s)?: worker 1\.3\.2 → 1\.5\.0/);
      expect(told.match(/✅ Applied/g)).toHaveLength(RELEASES.length + 2);
    });
  });
});

async function revisions(shops: Repository): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await succeed(shops.helm(["list", "-o", "json"]));
  const releases: { name: string; revision: string }[] = JSON.parse(stdout);
  return Object.fromEntries(releases.map(({ name, revision }) => [name, Number(revision)]));
}
