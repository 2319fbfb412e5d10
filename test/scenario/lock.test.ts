// A person's lock on a release: our verbs refuse, it can be passed for a reason, and people are told of all of it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { readContents } from "../support/bed/contents.ts";
import { tellOf } from "../support/conversation.ts";
import { run } from "../support/process.ts";
import { BOT, upgradeShop } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

const JANE = { USER: "jane" };
const BOB = { USER: "bob" };
const CI = { GITHUB_ACTIONS: "true", GITHUB_ACTOR: "jane" };

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  let upgrade: string[];
  beforeEach(async () => {
    shop = await openDeployer(bed(), major, BOT);
    upgrade = upgradeShop(shop);
    await succeed(shop.notify([...upgrade, "--install"]));
  });
  afterEach(() => shop.close());

  const lock = (...more: string[]) =>
    shop.notify(["lock", "shop", "--reason", "database migration", ...more], { env: JANE });
  const unlock = (env: Record<string, string>, ...more: string[]) =>
    shop.notify(["unlock", "shop", ...more], { env });
  const lastSaid = () => shop.transcripts().at(-1) ?? "";

  it("stops every verb of ours with who, why and until when, and nothing is changed", async () => {
    const { stdout } = await succeed(lock("--until", "2h"));
    expect(stdout).toMatch(/^locked shop in \S+ until 20\S+ \S+ UTC\n$/);
    expect(lastSaid()).toMatch(
      /🔒 Locked: shop in staging until .*: database migration[^]*by jane/,
    );
    const before = await readContents(shop);
    for (const argv of [
      upgrade,
      ["install", ...upgrade.slice(1)],
      ["rollback", "shop"],
      ["uninstall", "shop"],
    ]) {
      const refused = await shop.notify(argv, { env: BOB });
      expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: "" });
      expect(refused.stderr).toMatch(
        /^helm notify: shop is locked by jane on \S+ since 20.* until 20.*: database migration\nhelm notify: hint: .*\n$/,
      );
    }
    expect((await shop.notify(upgrade, { env: CI })).stderr).toContain("locked by jane");
    // What changes nothing is free.
    await succeed(shop.notify([...upgrade, "--dry-run"], { env: BOB }));
    await succeed(shop.notify(["plan", ...upgrade.slice(1)], { env: BOB }));
    expect(await readContents(shop)).toEqual(before);
  });

  it("does not surprise its owner: their own deploy goes on and reminds them", async () => {
    await succeed(lock());
    const { stderr } = await succeed(shop.notify(upgrade, { env: JANE }));
    expect(stderr).toMatch(/shop is locked by jane on \S+ since .*: database migration/);
    expect(lastSaid()).not.toContain("locked");
    expect((await shop.notify(upgrade, { env: BOB })).code).toBe(1);
  });

  it("does not surprise an owner whose environment bears no name", async () => {
    const env = { USER: "", LOGNAME: "", USERNAME: "" };
    await succeed(shop.notify(["lock", "shop", "--reason", "database migration"], { env }));
    expect(await shop.notify(upgrade, { env })).toMatchObject({ code: 0 });
    expect(await unlock(env)).toMatchObject({ code: 0 });
  });

  it("does not stop plain helm, but its message says so", async () => {
    await succeed(lock());
    const told = await tellOf(shop, "shop", () => succeed(shop.helm(upgrade)));
    expect(told.end).toContain("🔓 Although jane had locked it: database migration");
  });

  it("is taken away by its owner, by others only with --force; both are told", async () => {
    await succeed(lock());
    const refused = await unlock(BOB);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /locked by jane.*database migration\nhelm notify: hint: .*--force/,
    );
    await succeed(unlock(BOB, "--force"));
    expect(lastSaid()).toMatch(
      /🔓 Unlocked: shop in staging, which jane had locked: database migration[^]*by bob/,
    );
    await succeed(shop.notify(upgrade, { env: BOB }));
    await succeed(lock());
    expect((await succeed(unlock(JANE))).stdout).toMatch(/^unlocked shop in /);
    expect(lastSaid()).toMatch(/🔓 Unlocked: shop in staging: database migration/);
    expect((await succeed(unlock(BOB))).stdout).toMatch(/^shop in \S+ is not locked\n$/);
  });

  it("that has expired is gone", async () => {
    await succeed(lock("--until", "1ms"));
    await succeed(shop.notify(upgrade, { env: BOB }));
    expect((await succeed(unlock(BOB))).stdout).toMatch(/is not locked/);
  });

  it("the README's commands work as shown, one after the other", async () => {
    const readme = readFileSync(join(import.meta.dirname, "../../README.md"), "utf8");
    const section = readme.slice(readme.indexOf("### One after the other"));
    const [, block = ""] = /^```sh\n(.*?)^```/ms.exec(section) ?? [];
    const commands = block.trim().split("\n");
    expect(commands).toHaveLength(3);
    for (const line of commands) {
      await succeed(run(["sh", "-c", line], { env: { ...shop.env, ...JANE }, cwd: shop.folder }));
    }
  });

  it("of a release that is not there is refused", async () => {
    const { code, stderr } = await shop.notify(["lock", "shp", "--reason", "x"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/there is no release shp in /);
  });
});
