// What is wrong is said before Helm runs, with the place and the remedy; nothing is changed.
import { mkdirSync, symlinkSync, writeFileSync, chmodSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, HELM_NOTIFY, openDeployer, succeed } from "../support/bed.ts";
import { readContents } from "../support/bed/contents.ts";
import type { RunOptions } from "../support/process.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  let base: string[];
  beforeAll(async () => {
    shop = await openDeployer(bed(), major);
    base = [
      "upgrade",
      "shop",
      shop.chart,
      "-f",
      `${shop.chart}/staging.yaml`,
      "-f",
      `${shop.chart}/first-deploy.yaml`,
    ];
    await succeed(shop.notify([...base, "--install", "--no-hooks", "--wait"]));
    writeFileSync(join(shop.folder, "broken.yaml"), "api:\n  image: {tag: 1\nweb: x\n");
    writeFileSync(join(shop.folder, "list.yaml"), "- a\n");
    writeFileSync(join(shop.folder, "kubeconfig-broken"), "apiVersion: v1\nclusters: [\n");
  });
  afterAll(() => shop.close());

  async function expectStop(
    argv: readonly string[],
    said: RegExp,
    options: RunOptions = {},
  ): Promise<void> {
    const before = await readContents(shop);
    const { code, stdout, stderr } = await shop.notify(argv, options);
    expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(said);
    expect(
      stderr.split("\n").filter((line) => line !== "" && !line.startsWith("helm notify: ")),
    ).toEqual([]);
    expect(stderr).toContain("helm notify: hint: ");
    expect(await readContents(shop)).toEqual(before);
  }
  it.each([
    ["a values file that is not there", ["-f", "missing.yaml"], /missing\.yaml/],
    ["a values file that is no YAML", ["-f", "broken.yaml"], /broken\.yaml:\d+/],
    ["a values file that is a list", ["-f", "list.yaml"], /list\.yaml holds a list/],
    ["a broken --set", ["--set", "api.image[=1"], /--set/],
    ["a broken --set-json", ["--set-json", "api={"], /--set-json/],
    [
      "a service whose path leads nowhere",
      ["--set", "helm-notify.services.api.tag=api.img.tag"],
      /service api: nothing stands at api\.img\.tag/,
    ],
    [
      "a mapping with a typo",
      ["--set", "helm-notify.services.api.tga=x"],
      /helm-notify\.services\.api/,
    ],
    ["a config file that is not there", ["--notify-config", "none.yaml"], /none\.yaml/],
    ["an unknown flag of ours", ["--notify-timout=1s"], /--notify-timout/],
    ["a context that is in no kubeconfig", ["--kube-context", "prod"], /context "prod"/],
    ["a kubeconfig that is not there", ["--kubeconfig", "none"], /kubeconfig .*none/],
    ["a kubeconfig that is no YAML", ["--kubeconfig", "kubeconfig-broken"], /kubeconfig-broken/],
    [
      "an API server that is not there",
      ["--kube-apiserver", "https://127.0.0.1:9"],
      /127\.0\.0\.1:9/,
    ],
  ])("%s", (_, flags, said) => expectStop([...base, ...flags], said));

  it("a chart that is not there", () => expectStop(["upgrade", "shop", "./no-chart"], /no-chart/));

  it("no access to the release", async () => {
    await succeed(shop.kubectl(["create", "serviceaccount", "nobody"]));
    const { stdout: token } = await succeed(shop.kubectl(["create", "token", "nobody"]));
    const view = ["config", "view", "--raw", "--minify", "--flatten", "-o", "json"];
    const config = JSON.parse((await succeed(shop.kubectl(view))).stdout);
    config.users[0].user = { token: token.trim() };
    writeFileSync(join(shop.folder, "kubeconfig-nobody"), JSON.stringify(config), { mode: 0o600 });
    await expectStop(
      [...base, "--kubeconfig", "kubeconfig-nobody"],
      /secrets is forbidden: User "system:serviceaccount:\S+:nobody"/,
    );
  });

  it("an API server that never answers, within the time set", async () => {
    const server = createServer((socket) => socket.on("error", () => {}).resume());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const argv = ["--kube-apiserver", `https://127.0.0.1:${port}`, "--notify-timeout=1s"];
      await expectStop([...base, ...argv], /1s|1000 ms|time/i);
    } finally {
      server.close();
    }
  });

  it("no helm", () => expectStop(base, /no helm found on the PATH/, { env: { PATH: "/nowhere" } }));

  it("a helm that is helm-notify itself", async () => {
    await expectStop(base, /is helm-notify itself/, { env: { HELM_NOTIFY_HELM: HELM_NOTIFY } });
    const bin = join(shop.folder, "only-us");
    mkdirSync(bin);
    symlinkSync(HELM_NOTIFY, join(bin, "helm"));
    await expectStop(base, /is helm-notify itself/, { env: { PATH: bin } });
  });

  it("a helm script that starts helm-notify again", async () => {
    const script = join(shop.folder, "helm-script");
    writeFileSync(script, `#!/bin/sh\nexec ${HELM_NOTIFY} "$@"\n`);
    chmodSync(script, 0o755);
    await expectStop(["version"], /starts helm-notify again/, {
      env: { HELM_NOTIFY_HELM: script },
    });
  });
});
