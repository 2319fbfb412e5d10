// A real run of each program, for its code cache: an upgrade with values to carry, and one that is watched.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startKube } from "../test/support/kube/embedded-kube.ts";
import { HookBed } from "../test/support/hook-bed.ts";
import { run } from "../test/support/process.ts";
import { recordOf } from "../test/support/records.ts";
import { startSlack } from "../test/support/slack/double.ts";
import { helmPath } from "./toolbox.ts";

export interface WarmUp {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Hands `use` the words and the environment of a typical run of each program, by its name. */
export async function withWarmUps(
  use: (warmUps: Readonly<Record<string, WarmUp>>) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "helm-notify-warm-up-"));
  const bed = new HookBed(await startKube(), await startSlack());
  try {
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      KUBECONFIG: join(folder, "kubeconfig"),
    };
    bed.kube.writeKubeconfig(env.KUBECONFIG);
    const chart = writeChart(folder);
    await run(
      [helmPath(4), "install", "shop", chart, "--set", "api.image.tag=1.3.2,web.image.tag=2.0.0"],
      { env },
    );
    const release = bed.createRelease(recordOf({ api: { tag: "1.3.2" } }));
    release.begin(recordOf({ api: { tag: "1.4.0" } }));
    // No end comes: it tells the beginning, soon gives up on the end, and tells that.
    const watching = release.env({ HELM_NOTIFY_WATCH_SECONDS: "1" });
    await use({
      "helm-notify": {
        argv: [
          "upgrade",
          "shop",
          chart,
          "-f",
          join(chart, "values.yaml"),
          "--set",
          "api.image.tag=1.4.0",
        ],
        env: { ...env, HELM_NOTIFY_HELM: helmPath(4) },
      },
      "helm-notify-hook": { argv: [], env: watching },
    });
  } finally {
    await bed.stop();
    rmSync(folder, { recursive: true });
  }
}

function writeChart(folder: string): string {
  const chart = join(folder, "shop");
  mkdirSync(join(chart, "templates"), { recursive: true });
  writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: shop\nversion: 1.0.0\n");
  writeFileSync(
    join(chart, "values.yaml"),
    'api:\n  image: { repository: api, tag: "" }\nweb:\n  image:\n    repository: web\n',
  );
  return chart;
}
