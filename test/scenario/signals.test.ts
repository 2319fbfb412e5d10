// A deploy that is interrupted ends like Helm ends it, also when only the outer helm is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HELM_MAJORS, helmPath } from "../../scripts/toolbox.ts";
import { type Deployer, HELM_NOTIFY, openDeployer, succeed } from "../support/bed.ts";
import { untilHelmWaits } from "../support/shop.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  let argv: string[];
  beforeEach(async () => {
    shop = await openDeployer(bed(), major);
    await succeed(shop.helm(["install", "shop", shop.chart, ...values(), "--no-hooks"]));
    argv = [
      "upgrade",
      "shop",
      shop.chart,
      ...values(),
      "--no-hooks",
      "--wait",
      "--set",
      "notReady=true",
    ];
  });
  afterEach(() => shop.close());

  const values = () =>
    ["staging", "first-deploy"].flatMap((name) => ["-f", `${shop.chart}/${name}.yaml`]);

  /** Starts an upgrade and returns when Helm waits for a Deployment that never gets ready. */
  async function startWaiting(command: readonly string[]): Promise<ChildProcess> {
    const [file = "", ...words] = command;
    const child = spawn(file, words, { env: shop.env, cwd: shop.folder, stdio: "ignore" });
    await untilHelmWaits(shop);
    return child;
  }
  const status = async () => {
    const { stdout } = await succeed(shop.helm(["status", "shop", "-o", "json"]));
    return JSON.parse(stdout).info.status;
  };
  const temporary = () =>
    readdirSync(shop.folder).filter((name) => name.startsWith("helm-notify-"));

  it.each(["SIGTERM", "SIGINT"] as const)(
    "%s reaches Helm, which marks the release failed",
    async (signal) => {
      const child = await startWaiting([HELM_NOTIFY, ...argv]);
      const end = ended(child);
      child.kill(signal);
      expect(await end).toEqual({ code: 1, signal: null });
      expect(await status()).toBe("failed");
      expect(temporary()).toEqual([]);
    },
  );

  it("a killed outer helm does not leave a deploy running unseen", async () => {
    const child = await startWaiting([join(shop.folder, "helm"), "notify", ...argv]);
    const end = ended(child);
    child.kill("SIGKILL");
    expect(await end).toEqual({ code: null, signal: "SIGKILL" });
    let last = "";
    await until(async () => (last = await status()) !== "pending-upgrade");
    expect(last).toBe("failed");
    await until(() => temporary().length === 0);
  });

  it("interrupted before Helm runs, nothing of the values is left behind, and nothing runs on", async () => {
    const script = join(shop.folder, "slow");
    const pid = join(shop.folder, "pid");
    writeFileSync(script, `#!/bin/sh\necho $$ >${pid}\nexec sleep 30\n`, { mode: 0o755 });
    // Two documents: Helm is asked what they mean, with a copy of the file.
    writeFileSync(join(shop.folder, "two.yaml"), "password: s3cret\n---\na: 1\n");
    const child = spawn(HELM_NOTIFY, [...argv, "-f", "two.yaml"], {
      env: { ...shop.env, HELM_NOTIFY_HELM: script },
      cwd: shop.folder,
      stdio: "ignore",
    });
    const end = ended(child);
    await until(() => temporary().length > 0 && isWritten(pid));
    child.kill("SIGTERM");
    expect(await end).toEqual({ code: null, signal: "SIGTERM" });
    expect(temporary()).toEqual([]);
    await until(() => !isAlive(Number(readFileSync(pid, "utf8"))));
  });

  it("a signal between two uninstalls leaves the next release alone", async () => {
    await succeed(shop.helm(["install", "two", shop.chart, ...values(), "--no-hooks"]));
    const script = join(shop.folder, "signals");
    // Helm has ended well when the signal comes.
    const lines = [
      "#!/bin/sh",
      "trap 'kill $!; exit 0' TERM",
      `[ "$1" != uninstall ] && exec ${helmPath(major)} "$@"`,
      `${helmPath(major)} "$@" && kill -TERM $PPID`,
      "sleep 100 &",
      "wait",
    ];
    writeFileSync(script, lines.join("\n"), { mode: 0o755 });
    const env = { HELM_NOTIFY_HELM: script };
    const end = await shop.notify(["uninstall", "shop", "two"], { env });
    expect(end).toMatchObject({ code: 1, signal: null, stdout: 'release "shop" uninstalled\n' });
    expect(end.stderr).toContain("interrupted, left as they are: two");
    expect((await succeed(shop.helm(["list", "-q"]))).stdout).toBe("two\n");
  });

  it("a helm that dies of a signal is passed on as that signal", async () => {
    const script = join(shop.folder, "dies");
    writeFileSync(script, "#!/bin/sh\nkill -TERM $$\n", { mode: 0o755 });
    const child = spawn(HELM_NOTIFY, ["version"], {
      env: { ...shop.env, HELM_NOTIFY_HELM: script },
      stdio: "ignore",
    });
    await expect(ended(child)).resolves.toEqual({ code: null, signal: "SIGTERM" });
  });
});

function ended(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.on("exit", (code, signal) => resolve({ code, signal })));
}

function isWritten(file: string): boolean {
  return existsSync(file) && readFileSync(file, "utf8").endsWith("\n");
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- the limit is the test's own
  while (!(await isTrue())) await new Promise((resolve) => setTimeout(resolve, 20));
}
