// Two deploys of one release at once: the second one waits, and drops nothing of what the first one brought.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { turnName } from "../../src/domain/turn.ts";
import { type Deployer, HELM_NOTIFY, openDeployer, succeed } from "../support/bed.ts";
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

  const set = (...values: string[]) => [...upgrade, "--set", values.join()];
  /** Starts what waits in the middle of Helm, for a Deployment that is not ready. */
  async function startWaiting(...values: string[]): Promise<Running> {
    const first = start(shop, [...set("notReady=true", ...values), "--wait"]);
    await untilHelmWaits(shop);
    return first;
  }
  const tags = async (): Promise<Record<string, string>> => {
    const { stdout } = await succeed(shop.helm(["get", "values", "shop", "-o", "json"]));
    return Object.fromEntries(
      Object.entries<{ image?: { tag?: string } }>(JSON.parse(stdout)).flatMap(([name, value]) =>
        value.image?.tag === undefined ? [] : [[name, value.image.tag]],
      ),
    );
  };
  const turns = async () => {
    const argv = ["get", "configmap", turnName("shop"), "--ignore-not-found", "-o", "name"];
    return (await succeed(shop.kubectl(argv))).stdout;
  };

  it("the second one waits for the first, and carries its tag; three times in a row", async () => {
    for (const round of [1, 2, 3]) {
      const first = await startWaiting(`api.image.tag=1.4.${round}`);
      const second = start(shop, set(`web.image.tag=2.9.${round}`));
      await second.untilSaid("waiting for our turn: ");
      await letItBeReady(shop);
      expect(await first.ended, first.stderr()).toMatchObject({ code: 0 });
      expect(await second.ended, second.stderr()).toMatchObject({ code: 0 });
      expect(second.stderr()).toMatch(new RegExp(`api +1\\.4\\.${round} .*live revision`));
      expect(await tags()).toMatchObject({ api: `1.4.${round}`, web: `2.9.${round}` });
    }
    expect(await turns()).toBe("");
  });

  it("a rollback and an uninstall take their turn, too, and a wait has an end", async () => {
    const first = await startWaiting("api.image.tag=1.4.0");
    for (const argv of [["rollback", "shop"], ["uninstall", "shop"], set("web.image.tag=2.9.0")]) {
      const refused = await shop.notify([...argv, "--notify-wait-turn=0"]);
      expect(refused.code).toBe(1);
      expect(refused.stderr).toMatch(/it is still the turn of .* \(upgrade since 20/);
    }
    await letItBeReady(shop);
    expect(await first.ended).toMatchObject({ code: 0 });
    expect(await tags()).toMatchObject({ api: "1.4.0" });
  });

  it("a deploy that hangs is not in the way of a rollback", async () => {
    const first = await startWaiting("api.image.tag=1.4.0");
    const back = await succeed(shop.notify(["rollback", "shop", "1"]));
    expect(back.stderr).toMatch(/warning: not waited for any longer: .* \(upgrade since 20/);
    first.child.kill("SIGTERM");
    // Its Helm may have failed by then, for what it waited for is gone: the signal meets the plugin alone.
    const ends = [
      { code: 1, signal: null },
      { code: null, signal: "SIGTERM" },
    ];
    expect(ends).toContainEqual(await first.ended);
    expect(await turns()).toBe("");
  });

  it("a killed plugin blocks nobody for long, and what its Helm did is carried", async () => {
    const first = await startWaiting("api.image.tag=1.4.0");
    const helm = helmOf(first.child);
    first.child.kill("SIGKILL");
    const second = start(shop, set("web.image.tag=2.9.0"));
    await second.untilSaid("waiting for our turn: ");
    await letItBeReady(shop);
    await expect.poll(() => isAlive(helm)).toBe(false);
    expect(await second.ended, second.stderr()).toMatchObject({ code: 0 });
    expect(second.stderr()).toContain("warning: no sign of life of ");
    expect(await tags()).toMatchObject({ api: "1.4.0", web: "2.9.0" });
    expect(await turns()).toBe("");
  });

  it.each(["SIGTERM", "SIGINT"] as const)(
    "%s gives the turn back, and ends a wait",
    async (signal) => {
      const first = await startWaiting("api.image.tag=1.4.0");
      const second = start(shop, set("web.image.tag=2.9.0"));
      await second.untilSaid("waiting for our turn: ");
      second.child.kill(signal);
      expect(await second.ended).toEqual({ code: null, signal });
      expect(second.stderr()).not.toContain("still the turn");
      expect(await turns()).not.toBe("");
      first.child.kill(signal);
      expect(await first.ended).toMatchObject({ code: 1 });
      expect(await turns()).toBe("");
    },
  );

  it("a signal before Helm runs gives it back as well", async () => {
    const script = join(shop.folder, "slow");
    writeFileSync(script, "#!/bin/sh\nexec sleep 3\n", { mode: 0o755 });
    // Two documents: Helm is asked what they mean.
    writeFileSync(join(shop.folder, "two.yaml"), "a: 1\n---\nb: 1\n");
    const early = start(shop, [...upgrade, "-f", "two.yaml"], { HELM_NOTIFY_HELM: script });
    await expect.poll(turns).not.toBe("");
    early.child.kill("SIGTERM");
    expect(await early.ended).toEqual({ code: null, signal: "SIGTERM" });
    expect(await turns()).toBe("");
  });

  it("a Helm that starts us again does not wait for itself", async () => {
    const script = join(shop.folder, "wrapper");
    const again = `HELM_NOTIFY_HELM=${join(shop.folder, "helm")} exec ${HELM_NOTIFY}`;
    writeFileSync(script, `#!/bin/sh\n${again} "$@"\n`, { mode: 0o755 });
    const env = { HELM_NOTIFY_HELM: script, HELM_NOTIFY_WAIT_TURN: "0" };
    await succeed(shop.notify(set("api.image.tag=1.4.0"), { env }));
    expect(await turns()).toBe("");
  });
});

describe.each(HELM_MAJORS)("charts that know nothing of us, Helm %i", (major) => {
  const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h"];
  let shop: Deployer;
  let chart: string;
  beforeEach(async () => {
    shop = await openDeployer(bed(), major);
    chart = join(shop.folder, "eight");
    mkdirSync(join(chart, "templates"), { recursive: true });
    writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: eight\nversion: 1.0.0\n");
    const image = "image: {repository: registry.example.com/eight, tag: '1'}";
    writeFileSync(
      join(chart, "values.yaml"),
      NAMES.map((name) => `${name}: {${image}}\n`).join(""),
    );
    writeFileSync(
      join(chart, "templates/service.yaml"),
      "apiVersion: v1\nkind: Service\nmetadata: {name: {{ .Release.Name }}}\nspec: {type: ExternalName, externalName: example.com}\n",
    );
  });
  afterEach(() => shop.close());

  it("eight at once, each with another service: every tag is live afterwards", async () => {
    await succeed(shop.notify(["install", "eight", chart]));
    const all = await Promise.all(
      NAMES.map((name) =>
        shop.notify(["upgrade", "eight", chart, "--set-string", `${name}.image.tag=2`]),
      ),
    );
    expect(
      all.map(({ code }) => code),
      all.map(({ stderr }) => stderr).join("\n"),
    ).toEqual(NAMES.map(() => 0));
    const { stdout } = await succeed(shop.helm(["get", "values", "eight", "-o", "json"]));
    expect(JSON.parse(stdout)).toEqual(
      Object.fromEntries(NAMES.map((name) => [name, { image: { tag: "2" } }])),
    );
  });

  it("without the right to take turns a deploy goes on, with one warning", async () => {
    const resources = "secrets,services";
    await succeed(shop.kubectl(["create", "serviceaccount", "narrow"]));
    await succeed(
      shop.kubectl(["create", "role", "narrow", "--verb=*", `--resource=${resources}`]),
    );
    const subject = `--serviceaccount=${shop.namespace}:narrow`;
    await succeed(shop.kubectl(["create", "rolebinding", "narrow", "--role=narrow", subject]));
    const { stdout: token } = await succeed(shop.kubectl(["create", "token", "narrow"]));
    const view = ["config", "view", "--raw", "--minify", "--flatten", "-o", "json"];
    const config = JSON.parse((await succeed(shop.kubectl(view))).stdout);
    config.users[0].user = { token: token.trim() };
    const kubeconfig = join(shop.folder, "kubeconfig-narrow");
    writeFileSync(kubeconfig, JSON.stringify(config), { mode: 0o600 });
    const env = { KUBECONFIG: kubeconfig };
    await succeed(shop.notify(["install", "eight", chart], { env }));
    const argv = ["upgrade", "eight", chart, "--set-string", "a.image.tag=2"];
    const { stderr } = await succeed(shop.notify(argv, { env }));
    expect(stderr.match(/warning: .*/g)).toEqual([
      expect.stringMatching(/^warning: no turn is taken: configmaps .*is forbidden/),
    ]);
  });

  it("a namespace that Helm is to create is no hindrance", async () => {
    const fresh = `${shop.namespace}-fresh`;
    const argv = ["upgrade", "--install", "eight", chart, "-n", fresh, "--create-namespace"];
    try {
      const { stderr } = await succeed(shop.notify(argv));
      expect(stderr).not.toContain("warning");
    } finally {
      await succeed(shop.kubectl(["delete", "namespace", fresh, "--wait=false"]));
    }
  });
});

interface Running {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly untilSaid: (text: string) => Promise<void>;
  readonly ended: Promise<{ readonly code: unknown; readonly signal: unknown }>;
}

function start(
  shop: Deployer,
  argv: readonly string[],
  more: Record<string, string> = {},
): Running {
  const child = spawn(HELM_NOTIFY, argv, {
    env: { ...shop.env, ...more },
    cwd: shop.folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close").then(([code, signal]: unknown[]) => ({ code, signal }));
  return {
    child,
    stderr: () => stderr,
    ended,
    untilSaid: async (text) => {
      await expect.poll(() => stderr).toContain(text);
    },
  };
}

/** The helm that a plugin started. */
function helmOf({ pid }: ChildProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  return Number(children.trim().split(" ")[0]);
}

function isAlive(pid: number): boolean {
  try {
    // A zombie has no more to do.
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
