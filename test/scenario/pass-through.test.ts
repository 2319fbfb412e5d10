// What is not ours is Helm's: the same bytes out, the same exit status, the same stdin.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import type { Finished } from "../support/process.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

const CHART = "chart";
const VALUES = ["-f", `${CHART}/staging.yaml`, "-f", `${CHART}/first-deploy.yaml`];

/** Read-only, so that both sides see the same. */
const COMMANDS: readonly (readonly string[])[] = [
  ["version"],
  ["version", "--short"],
  ["version", "--template", "{{.Version}}"],
  ["env", "HELM_NAMESPACE"],
  ["env", "HELM_DRIVER"],
  ["help"],
  ["help", "upgrade"],
  ["help", "install"],
  ["help", "nonsense"],
  ["nonsense"],
  ["upgrade", "--help"],
  ["upgrade", "-h"],
  ["install", "--help"],
  ["upgrade"],
  ["upgrade", "shop"],
  ["upgrade", "a", "b", "c"],
  ["install"],
  ["list"],
  ["list", "-o", "json"],
  ["list", "-o", "yaml"],
  ["list", "-q"],
  ["list", "--filter", "^shop$"],
  ["list", "--deployed", "--short"],
  ["ls", "--failed"],
  ["status", "shop"],
  ["status", "none", "-o", "json"],
  ["status", "none"],
  ["history", "shop"],
  ["history", "shop", "-o", "json"],
  ["hist", "shop", "--max", "1"],
  ["history", "none"],
  ["get", "values", "shop"],
  ["get", "values", "shop", "--all", "-o", "json"],
  ["get", "manifest", "shop"],
  ["get", "hooks", "shop"],
  ["get", "notes", "shop"],
  ["get", "metadata", "shop"],
  ["get", "all", "shop", "--template", "{{.Release.Name}}"],
  ["get", "values", "none"],
  ["get", "nonsense", "shop"],
  ["show", "chart", CHART],
  ["show", "values", CHART],
  ["show", "values", "no-chart"],
  ["show", "readme", CHART],
  ["lint", CHART, ...VALUES],
  ["lint", CHART, "--strict", ...VALUES],
  ["lint", CHART],
  ["template", "shop", CHART, ...VALUES],
  ["template", "shop", CHART, ...VALUES, "--set", "api.image.tag=9"],
  ["template", "shop", CHART, ...VALUES, "-s", "templates/services.yaml"],
  ["template", "shop", CHART],
  ["template", "shop", CHART, ...VALUES, "--no-hooks"],
  ["dependency", "list", CHART],
  ["dep", "ls", "no-chart"],
  ["plugin", "list"],
  ["repo", "list"],
  ["search", "repo", "x"],
  ["rollback", "none"],
  ["rollback", "shop", "99"],
  ["uninstall", "none"],
  ["uninstall", "none", "--ignore-not-found"],
  ["uninstall", "shop", "--dry-run"],
  ["test", "none"],
  ["verify", "no-chart.tgz"],
  ["pull", "no-repo/chart"],
  ["completion", "bash", "--no-descriptions"],
  ["completion", "nonsense"],
  ["-n", "elsewhere", "list"],
  ["--kube-context", "none", "list"],
  ["list", "--nonsense"],
  ["--nonsense"],
  ["registry", "logout", "127.0.0.1:9"],
  ["diff", "revision", "a", "1"],
];

/** A status without the ages of its objects, in one order: Helm walks a Go map. */
function comparable(argv: readonly string[], finished: Finished): Finished {
  if (argv.join(" ") !== "status shop") return finished;
  const lines = finished.stdout.split("\n").map((line) => line.replace(/ \d+[smh]\S*$/, " AGE"));
  return { ...finished, stdout: lines.toSorted().join("\n") };
}

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  // Other tests' releases come and go.
  const label = `suite=pass-through-helm-${major}`;
  let shop: Deployer;
  beforeAll(async () => {
    shop = await openDeployer(bed(), major);
    const flags = ["--no-hooks", "--wait", "--labels", label];
    await succeed(shop.helm(["install", "shop", shop.chart, ...VALUES, ...flags]));
  });
  afterAll(() => shop.close());

  const commands = [...COMMANDS, ["list", "-A", "--selector", label]];
  it.each(commands.map((argv) => [argv.join(" "), argv] as const))("helm %s", async (_, argv) => {
    const plain = await shop.helm(argv);
    const ours = await shop.notify(argv);
    expect(comparable(argv, ours)).toEqual(comparable(argv, plain));
  });

  it.each([
    ["template", ["template", "x", "duo", "-f", "-"]],
    ["lint", ["lint", "duo", "-f", "-"]],
  ])("stdin goes through: %s", async (_, argv) => {
    const chart = join(shop.folder, "duo");
    mkdirSync(join(chart, "templates"), { recursive: true });
    writeFileSync(join(chart, "Chart.yaml"), "apiVersion: v2\nname: duo\nversion: 1.0.0\n");
    writeFileSync(join(chart, "templates/a.yaml"), "a: {{ .Values.a }}\n");
    const plain = await shop.helm(argv, { stdin: "a: from-stdin\n" });
    const ours = await shop.notify(argv, { stdin: "a: from-stdin\n" });
    expect(ours).toEqual(plain);
  });
});
