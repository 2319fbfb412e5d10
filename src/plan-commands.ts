// The commands that show what a deploy would do, from the words Helm would get.
import { resolveSettings } from "./cli/settings.ts";
import { clusterAccess, deployPorts, namespaceOf, parseHelmWords } from "./deploy-ports.ts";
import { NotifyError } from "./domain/errors.ts";
import type { DeployRequest } from "./domain/request.ts";
import type { Values } from "./domain/values.ts";
import { type DeployPorts, planDeploy } from "./flow/deploy-plan.ts";
import { flagValue, isSwitchedOn, type ParsedArgv } from "./helm/argv.ts";
import { toDeployRequest } from "./helm/deploy-request.ts";
import { verbFlags } from "./helm/flags.ts";
import type { Host } from "./host.ts";

export async function printPlan(
  argv: readonly string[],
  help: () => void,
  host: Host,
): Promise<number> {
  const { reportPlan } = await import("./flow/plan.ts");
  const table = new Map([...verbFlags("upgrade"), ["detailed-exitcode", "none"] as const]);
  const parsed = await parseHelmWords(argv, "upgrade", table, host);
  if (isSwitchedOn(parsed, "help")) help();
  const request = requireRequest(parsed, "plan RELEASE CHART");
  const output = chooseOutput(parsed, ["table", "json"]);
  const report = await withDeployPorts(parsed, host, (ports) =>
    reportPlan(request, { output }, ports),
  );
  host.writeOut(report.text);
  for (const warning of report.warnings) host.say(`warning: ${warning}`);
  return report.hasChanges && isSwitchedOn(parsed, "detailed-exitcode") ? 2 : 0;
}

export async function printValues(
  argv: readonly string[],
  help: () => void,
  host: Host,
): Promise<void> {
  const { carriedValues } = await import("./flow/carried-values.ts");
  const parsed = await parseHelmWords(argv, "upgrade", verbFlags("upgrade"), host);
  if (isSwitchedOn(parsed, "help")) help();
  const [release, ...more] = parsed.positionals;
  const request =
    release !== undefined && more.length === 0
      ? { release }
      : requireRequest(parsed, "values RELEASE [CHART]");
  const output = chooseOutput(parsed, ["yaml", "json"]);
  const carried = await withDeployPorts(parsed, host, (ports) => carriedValues(request, ports));
  host.writeOut(
    output === "json" ? `${JSON.stringify(carried, null, 2)}\n` : await toYaml(carried),
  );
}

export async function preview(
  argv: readonly string[],
  help: () => void,
  host: Host,
): Promise<void> {
  const { previewMessages } = await import("./flow/preview.ts");
  const { createWording } = await import("./render/wording.ts");
  // Installing names the release or not, and looks up none.
  const parsed = await parseHelmWords(argv, "install", verbFlags("install"), host);
  if (isSwitchedOn(parsed, "help")) help();
  const request =
    toDeployRequest("install", parsed) ?? badArguments("preview [RELEASE] CHART", parsed);
  const output = chooseOutput(parsed, ["text", "json"]);
  const plan = await withDeployPorts(parsed, host, (ports) => planDeploy(request, ports));
  const { say, problems } = await createWording(plan.settings.messages);
  for (const problem of problems) host.say(`warning: ${problem}`);
  host.writeOut(
    previewMessages(
      {
        release: plan.release ?? plan.recordAfter.chart.name,
        namespace: namespaceOf(parsed, host),
        record: plan.recordAfter,
        output,
        isColoured: host.isColoured,
      },
      say,
    ),
  );
}

async function withDeployPorts<T>(
  parsed: ParsedArgv,
  host: Host,
  use: (ports: DeployPorts) => Promise<T>,
): Promise<T> {
  const settings = resolveSettings(parsed.own, host.env);
  const access = clusterAccess(parsed, settings, host);
  try {
    return await use(deployPorts(parsed, settings, host.readDescriptor, access));
  } finally {
    access.close();
  }
}

/** Strings in quotes: Helm reads YAML 1.1, where 1.10, on and 0777 are no strings. */
async function toYaml(values: Values): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(values, {
    version: "1.1",
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "PLAIN",
    lineWidth: 0,
  });
}

function requireRequest(parsed: ParsedArgv, usage: string): DeployRequest {
  return toDeployRequest("upgrade", parsed) ?? badArguments(usage, parsed);
}

function badArguments(usage: string, parsed: ParsedArgv): never {
  const given = parsed.positionals.map((word) => `"${word}"`).join(", ") || "nothing";
  throw new NotifyError("BAD_ARGUMENTS", `a release and a chart are needed, ${given} was given`, {
    hint: `Use it like this: helm notify ${usage} [flags of helm upgrade].`,
  });
}

function chooseOutput<Name extends string>(
  parsed: ParsedArgv,
  names: readonly [Name, ...Name[]],
): Name {
  const text = flagValue(parsed, "output");
  const name = text === undefined ? names[0] : names.find((known) => known === text);
  if (name !== undefined) return name;
  throw new NotifyError("BAD_FLAG", `--output is "${text}"`, {
    hint: `Use ${names.join(" or ")}.`,
  });
}
