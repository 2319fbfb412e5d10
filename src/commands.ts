// What each command is made of: edges put into flows. Loaded only when a command of ours runs, not on the way to Helm.
import type { DeployRequest, HelmVerb } from "./domain/request.ts";
import type { Values } from "./domain/values.ts";
import { NotifyError } from "./domain/errors.ts";
import type { HelmExit } from "./flow/ports.ts";
import { upgrade } from "./flow/upgrade.ts";
import { complete } from "./cli/completion.ts";
import { resolveSettings } from "./cli/settings.ts";
import { flagValue, isSwitchedOn, parseArgv, type ParsedArgv, quoteCsv } from "./helm/argv.ts";
import { toDeployRequest } from "./helm/deploy-request.ts";
import { GLOBAL_FLAGS, verbFlags } from "./helm/flags.ts";
import { runHelm } from "./helm/run.ts";
import { askHelm, deployPorts, parseHelmWords } from "./deploy-ports.ts";
import type { Host } from "./host.ts";
import { withTempFolder, writePrivate } from "./io/temp-folder.ts";

/** helm upgrade, helm install and helm diff upgrade; `places` is where the verb's words stand. */
export async function deploy(
  argv: readonly string[],
  places: readonly number[],
  verb: HelmVerb,
  host: Host,
): Promise<HelmExit> {
  const flagsAndNames = argv.filter((_, at) => !places.includes(at));
  const parsed = await parseHelmWords(flagsAndNames, verb, host);
  const settings = resolveSettings(parsed.own, host.env);
  const request = toDeployRequest(verb, parsed);
  const front = parseArgv(argv.slice(0, places[0]), GLOBAL_FLAGS).rest;
  const head = [...front, ...verb.split(" ")];
  const tail = parsed.rest.slice(front.length);
  if (request === undefined) return runHelm([...head, ...tail], host.helm());

  // Helm gets what we have read of stdin (`-f -`).
  let stdin: Buffer | undefined;
  const readStdin = async () => (stdin = await host.readStdin());
  const run = async (injected: readonly string[]) =>
    runHelm([...head, ...injected, ...tail], host.helm(), stdin);
  return upgrade(request, {
    ...deployPorts(parsed, settings, readStdin, host),
    say: host.say,
    runHelm: async (values) => {
      if (values === undefined) return run([]);
      return withTempFolder(async (folder) => {
        const file = writePrivate(folder, "carried.json", JSON.stringify(values));
        return run(["-f", quoteCsv(file)]);
      });
    },
  });
}

/** Commands of ours, by commander. `words[0]` is the command's name, if any. */
export async function runOwn(words: readonly string[], host: Host): Promise<HelmExit> {
  const { createProgram } = await import("./cli/program.ts");
  let code = 0;
  const program = createProgram(
    {
      plan: async (argv, help) => {
        code = await printPlan(argv, help, host);
      },
      values: async (argv, help) => printValues(argv, help, host),
      init: async (chart, options) => init(chart, options, host),
    },
    { writeOut: host.writeOut, writeErr: (text) => text.trimEnd().split("\n").forEach(host.say) },
    host.version,
  );
  if (words.length === 0) program.outputHelp();
  else await program.parseAsync(words, { from: "user" });
  return { kind: "exited", code };
}

async function printPlan(argv: readonly string[], help: () => void, host: Host): Promise<number> {
  const { reportPlan } = await import("./flow/plan.ts");
  const table = new Map([...verbFlags("upgrade"), ["detailed-exitcode", "none"] as const]);
  const parsed = await parseHelmWords(argv, "upgrade", host, table);
  if (isSwitchedOn(parsed, "help")) help();
  const ports = deployPorts(parsed, resolveSettings(parsed.own, host.env), host.readStdin, host);
  const report = await reportPlan(
    requireRequest(parsed, "plan RELEASE CHART"),
    { output: chooseOutput(parsed, ["table", "json"]) },
    ports,
  );
  host.writeOut(report.text);
  for (const warning of report.warnings) host.say(`warning: ${warning}`);
  return report.hasChanges && isSwitchedOn(parsed, "detailed-exitcode") ? 2 : 0;
}

async function printValues(argv: readonly string[], help: () => void, host: Host): Promise<void> {
  const { carriedValues } = await import("./flow/carried-values.ts");
  const parsed = await parseHelmWords(argv, "upgrade", host);
  if (isSwitchedOn(parsed, "help")) help();
  const [release, ...more] = parsed.positionals;
  const request =
    release !== undefined && more.length === 0
      ? { release }
      : requireRequest(parsed, "values RELEASE [CHART]");
  const output = chooseOutput(parsed, ["yaml", "json"]);
  const ports = deployPorts(parsed, resolveSettings(parsed.own, host.env), host.readStdin, host);
  const carried = await carriedValues(request, ports);
  host.writeOut(
    output === "json" ? `${JSON.stringify(carried, null, 2)}\n` : await toYaml(carried),
  );
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
  const request = toDeployRequest("upgrade", parsed);
  if (request) return request;
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

async function init(folder: string, options: { dryRun: boolean }, host: Host): Promise<void> {
  const { initChart } = await import("./flow/init.ts");
  const { changeChart, readChartTree } = await import("./io/chart-files.ts");
  const { readLibraryChart } = await import("./io/library-chart.ts");
  const { readChart } = await import("./helm/chart/chart-reader.ts");
  await initChart(
    folder,
    { isDryRun: options.dryRun },
    {
      readChartTree,
      changeChart,
      readLibrary: readLibraryChart,
      readChart: async (chart) => readChart({ chart, chartFlags: [] }, askHelm(host)),
      print: (line) => host.writeOut(`${line}\n`),
    },
  );
}

/** Completions in cobra's protocol. */
export async function completeWords(words: readonly string[], host: Host): Promise<HelmExit> {
  const completion = complete(words);
  if (completion.kind === "answer") {
    host.writeOut(`${completion.lines.join("\n")}\n`);
    return { kind: "exited", code: 0 };
  }
  const { code, stdout } = await askHelm(host)(completion.argv);
  host.writeOut([...completion.alsoOwn.map((line) => `${line}\n`), stdout].join(""));
  return { kind: "exited", code };
}
