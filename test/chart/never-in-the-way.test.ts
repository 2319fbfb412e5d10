// Helm and a watcher that cannot start, as the objects show it; test/scenario/never-in-the-way.test.ts has the whole way.
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS, type HelmMajor } from "../../scripts/toolbox.ts";
import { type EmbeddedKube, startKube } from "../support/kube/embedded-kube.ts";
import { textAt } from "../support/kube/json.ts";
import { openWorkbench, type Workbench } from "../support/kube/workbench.ts";
import { copyShopChart } from "../support/shop-chart.ts";

let kube: EmbeddedKube;
let bench: Workbench;
let chart: string;

beforeAll(async () => {
  kube = await startKube({ notReady: /^registry\.invalid\// });
  bench = openWorkbench(kube);
  chart = copyShopChart(join(bench.directory, "chart"));
});

afterAll(async () => {
  bench.remove();
  await kube.stop();
});

async function helm(major: HelmMajor, namespace: string, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await bench.helm(major, ...argv, "--namespace", namespace);
  expect(code, `helm ${argv.join(" ")}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

function upgrade(major: HelmMajor, namespace: string, ...more: string[]): Promise<string> {
  const values = ["-f", join(chart, "staging.yaml")];
  const image = ["--set", "helm-notify.image.repository=registry.invalid/hook"];
  const argv = ["upgrade", "--install", "shop", chart, "--create-namespace", "--wait"];
  return helm(major, namespace, ...argv, ...values, ...image, ...more);
}

const KINDS =
  "configmaps serviceaccounts roles rolebindings replicasets pods secrets services".split(" ");

/** Names of what is in the namespace, but for what every namespace has. */
function contents(namespace: string): string[] {
  return KINDS.flatMap((kind) => kube.list(kind, namespace))
    .map(({ kind, metadata }) => `${kind}/${metadata.name}`)
    .filter((name) => !["ConfigMap/kube-root-ca.crt", "ServiceAccount/default"].includes(name));
}

function watchers(namespace: string): string[] {
  return kube
    .list("pods", namespace)
    .filter(({ metadata }) => metadata.labels?.["app.kubernetes.io/component"] === "watcher")
    .map((pod) => textAt(pod, "status", "containerStatuses", 0, "state", "waiting", "reason"));
}

describe.each(HELM_MAJORS)("with Helm %i and an image that does not exist", (major) => {
  it("every command ends well, and an uninstall leaves nothing", async () => {
    const namespace = `whole-way-${major}`;
    await upgrade(major, namespace);
    await upgrade(major, namespace, "--set", "api.image.tag=1.4.0");
    expect(watchers(namespace)).toEqual(["ImagePullBackOff"]);
    await helm(major, namespace, "rollback", "shop", "1", "--wait");
    const history = await helm(major, namespace, "history", "shop", "-o", "json");
    expect(JSON.parse(history).map(({ status }: { status: string }) => status)).toEqual([
      "superseded",
      "superseded",
      "deployed",
    ]);
    await helm(major, namespace, "uninstall", "shop", "--wait");
    expect(contents(namespace)).toEqual([]);
  });

  it("every run has a beginning and an end of its own, in this order", async () => {
    const namespace = `marks-${major}`;
    const version = (name: string) =>
      Number(kube.get("configmaps", namespace, name)?.metadata.resourceVersion);
    const uid = () => kube.get("configmaps", namespace, "shop-helm-notify-run")?.metadata.uid;
    const uids = new Set<string | undefined>();
    for (const run of [
      () => upgrade(major, namespace),
      () => upgrade(major, namespace, "--set", "api.image.tag=1.4.0"),
      () => helm(major, namespace, "rollback", "shop", "1"),
    ]) {
      await run();
      uids.add(uid());
      const [begin, record, end] = ["run", "record", "end"].map((part) =>
        version(`shop-helm-notify-${part}`),
      );
      expect(begin).toBeLessThan(record ?? 0);
      expect(record).toBeLessThan(end ?? 0);
    }
    expect(uids.size).toBe(3);
  });

  it("a rollback begins with the event and the record of the revision it goes back to", async () => {
    const namespace = `rollback-${major}`;
    await upgrade(major, namespace);
    await upgrade(major, namespace, "--set", "api.image.tag=1.4.0");
    await helm(major, namespace, "rollback", "shop", "1");
    const run = kube.get("configmaps", namespace, "shop-helm-notify-run");
    expect(textAt(run, "data", "record.json")).toContain('"tag": "1.3.2"');
    expect(textAt(run, "data", "record.json")).not.toContain('"tag": "1.4.0"');
    expect(run?.metadata.annotations).toMatchObject({ "helm.sh/hook": "pre-rollback" });
  });

  it("a run that fails has no end", async () => {
    const namespace = `failed-${major}`;
    await upgrade(major, namespace);
    const end = () => kube.get("configmaps", namespace, "shop-helm-notify-end")?.metadata.uid;
    const before = end();
    const argv = ["upgrade", "shop", chart, "--namespace", namespace, "--reuse-values"];
    const { code } = await bench.helm(major, ...argv, "--set", "failingHook=true");
    expect(code).toBe(1);
    expect(end()).toBe(before);
  });

  it("nothing of a run is made with --no-hooks", async () => {
    const namespace = `no-hooks-${major}`;
    await upgrade(major, namespace, "--no-hooks");
    const ours = contents(namespace).filter((name) => /-helm-notify(?:-run|-end)?$/.test(name));
    expect(ours).toEqual([
      "ServiceAccount/shop-helm-notify",
      "Role/shop-helm-notify",
      "RoleBinding/shop-helm-notify",
    ]);
  });
});
