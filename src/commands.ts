// What each command is made of: edges put into flows. Loaded only when a command of ours runs, not on the way to Helm.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { complete } from "./cli/completion.ts";
import { resolveSettings, type Settings } from "./cli/settings.ts";
import { NotifyError } from "./domain/errors.ts";
import type { MappingInput } from "./domain/mapped-services.ts";
import type { DeployRequest, HelmVerb } from "./domain/request.ts";
import type { Values } from "./domain/values.ts";
import type { DeployPorts } from "./flow/deploy-plan.ts";
import type { HelmExit, RunHelmForOutput } from "./flow/ports.ts";
import { upgrade } from "./flow/upgrade.ts";
import { flagValue, isSwitchedOn, type ParsedArgv, parseArgv, quoteCsv } from "./helm/argv.ts";
import { readChart } from "./helm/chart/chart-reader.ts";
import { toDeployRequest } from "./helm/deploy-request.ts";
import { type FlagTable, parseHelp, verbFlags } from "./helm/flags.ts";
import { readHelm, runHelm } from "./helm/run.ts";
import { computeUserValues } from "./helm/values/user-values.ts";
import { parseValuesFile } from "./helm/values/values-file.ts";
import { readLocalFile } from "./helm/local-file.ts";
import type { Host } from "./host.ts";
import { withTempFolder, writePrivate } from "./io/temp-folder.ts";
import { runCredentialPlugin } from "./kube/credential-plugin.ts";
import { connectionArgv, connectionRequest } from "./release/connection-flags.ts";
import { lookUpRelease } from "./release/look-up.ts";

const HELM_OUTPUT = { timeoutMs: 60_000, maxBytes: 64 * 1024 * 1024 };

/** The edges of a plan: look-up, values, chart, mapping. */
function deployPorts(
  parsed: ParsedArgv,
  settings: Settings,
  readStdin: () => Promise<Buffer>,
  host: Host,
): DeployPorts {
  const askHelm = helmForOutput(host);
  return {
    readUserValues: async ({ sources }) =>
      computeUserValues(sources, { readStdin, runHelm: askHelm }),
    readChart: async (request) => readChart(request, askHelm),
    readConfig: async () => readConfig(settings.configPath, askHelm),
    lookUpRelease: async (release) =>
      lookUpRelease(
        {
          release,
          connection: connectionRequest(parsed),
          connectionFlags: connectionArgv(parsed),
          timeoutMs: settings.timeoutMs,
        },
        {
          env: host.env,
          homeDir: homedir(),
          isInteractive: host.isInteractive,
          readFile: async (path) => readFile(path),
          runCredentialPlugin,
          runHelm: askHelm,
        },
      ),
  };
}

async function readConfig(
  path: string | undefined,
  askHelm: RunHelmForOutput,
): Promise<MappingInput["config"]> {
  if (path === undefined) return undefined;
  return { file: path, content: await parseValuesFile(path, readLocalFile(path), askHelm) };
}

/** helm upgrade and helm install; `at` is where the verb stands. */
export async function deploy(
  argv: readonly string[],
  at: number,
  verb: HelmVerb,
  host: Host,
): Promise<HelmExit> {
  const words = argv.toSpliced(at, 1);
  const parsed = await parseHelmWords(words, verb, host);
  const settings = resolveSettings(parsed.own, host.env);
  const head = [...argv.slice(0, at), verb];
  const tail = parsed.rest.slice(at);
  let stdin: Buffer | undefined;
  const readStdin = async () => (stdin = await host.readStdin());
  const request = toDeployRequest(verb, parsed);
  if (request === undefined) return runHelm([...head, ...tail], host.helm());
  return upgrade(request, {
    ...deployPorts(parsed, settings, readStdin, host),
    say: host.say,
    runHelm: async (values) => {
      if (values === undefined) return runHelm([...head, ...tail], host.helm(), stdin);
      return withTempFolder(async (folder) => {
        const file = await writePrivate(folder, "carried.json", JSON.stringify(values));
        return runHelm([...head, "-f", quoteCsv(file), ...tail], host.helm(), stdin);
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
        code = await plan(argv, help, host);
      },
      values: async (argv, help) => values(argv, help, host),
      init: async (chart, options) => init(chart, options, host),
    },
    { writeOut: host.writeOut, writeErr: (text) => text.trimEnd().split("\n").forEach(host.say) },
    host.version,
  );
  if (words.length === 0) program.outputHelp();
  else await program.parseAsync(words, { from: "user" });
  return { kind: "exited", code };
}

async function plan(argv: readonly string[], help: () => void, host: Host): Promise<number> {
  const table = new Map([...verbFlags("upgrade"), ["detailed-exitcode", "none"] as const]);
  const parsed = await parseHelmWords(argv, "upgrade", host, table);
  if (isSwitchedOn(parsed, "help")) help();
  const { reportPlan } = await import("./flow/plan.ts");
  const request = requireRequest(parsed, "plan RELEASE CHART");
  const settings = resolveSettings(parsed.own, host.env);
  const report = await reportPlan(
    request,
    { output: chooseOutput(parsed, ["table", "json"]) },
    deployPorts(parsed, settings, host.readStdin, host),
  );
  host.writeOut(report.text);
  for (const warning of report.warnings) host.say(`warning: ${warning}`);
  return report.hasChanges && isSwitchedOn(parsed, "detailed-exitcode") ? 2 : 0;
}

async function values(argv: readonly string[], help: () => void, host: Host): Promise<void> {
  const parsed = await parseHelmWords(argv, "upgrade", host);
  if (isSwitchedOn(parsed, "help")) help();
  const { carriedValues } = await import("./flow/carried-values.ts");
  const [release, chart] = parsed.positionals;
  const request =
    chart === undefined && release !== undefined
      ? { release }
      : requireRequest(parsed, "values RELEASE [CHART]");
  const output = chooseOutput(parsed, ["yaml", "json"]);
  const settings = resolveSettings(parsed.own, host.env);
  const carried = await carriedValues(request, deployPorts(parsed, settings, host.readStdin, host));
  host.writeOut(
    output === "json" ? `${JSON.stringify(carried, null, 2)}\n` : await toYaml(carried),
  );
}

/** Strings in quotes: Helm reads YAML 1.1, where 1.10, on and 0777 are no strings. */
async function toYaml(carried: Values): Promise<string> {
  const { stringify } = await import("yaml");
  return stringify(carried, {
    version: "1.1",
    defaultStringType: "QUOTE_DOUBLE",
    defaultKeyType: "PLAIN",
    lineWidth: 0,
  });
}

function requireRequest(parsed: ParsedArgv, usage: string): DeployRequest {
  const request = toDeployRequest("upgrade", parsed);
  if (request) return request;
  throw new NotifyError("BAD_ARGUMENTS", `${parsed.positionals.length} arguments given`, {
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

async function init(chart: string, options: { dryRun: boolean }, host: Host): Promise<void> {
  const { initChart } = await import("./flow/init.ts");
  const { readLibraryChart } = await import("./io/library-chart.ts");
  const { changeChart, readChartTree } = await import("./io/chart-files.ts");
  const askHelm = helmForOutput(host);
  await initChart(
    chart,
    { isDryRun: options.dryRun },
    {
      readChartTree,
      changeChart,
      readLibrary: readLibraryChart,
      readChartValues: async (folder) =>
        (await readChart({ chart: folder, chartFlags: [] }, askHelm)).values,
      print: (line) => host.writeOut(`${line}\n`),
    },
  );
}

/** A Helm newer than our flag table is asked for its flags. */
async function parseHelmWords(
  words: readonly string[],
  verb: HelmVerb,
  host: Host,
  table: FlagTable = verbFlags(verb),
): Promise<ParsedArgv> {
  const parsed = parseArgv(words, table);
  if (parsed.unknown.length === 0) return parsed;
  const help = await helmForOutput(host)([verb, "--help"]);
  return parseArgv(words, new Map([...parseHelp(help.stdout), ...table]));
}

function helmForOutput(host: Host): RunHelmForOutput {
  return async (argv, input) =>
    readHelm(argv, host.helm(), {
      ...HELM_OUTPUT,
      ...(input === undefined ? {} : { input }),
    });
}

/** Completions in cobra's protocol. */
export async function completeWords(words: readonly string[], host: Host): Promise<HelmExit> {
  const completion = complete(words);
  if (completion.kind === "answer") {
    host.writeOut(`${completion.lines.join("\n")}\n`);
    return { kind: "exited", code: 0 };
  }
  const { code, stdout } = await helmForOutput(host)(completion.argv);
  host.writeOut([...completion.alsoOwn.map((line) => `${line}\n`), stdout].join(""));
  return { kind: "exited", code };
}
