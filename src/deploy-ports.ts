// The edges that a plan of an upgrade is made with.
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import type { Settings } from "./cli/settings.ts";
import type { HelmVerb } from "./domain/request.ts";
import type { DeployPorts } from "./flow/deploy-plan.ts";
import type { RunHelmForOutput } from "./flow/ports.ts";
import { type ParsedArgv, parseArgv } from "./helm/argv.ts";
import { type FlagTable, parseHelp, verbFlags } from "./helm/flags.ts";
import { readLocalFile } from "./helm/local-file.ts";
import { readHelm } from "./helm/run.ts";
import { parseValuesFile } from "./helm/values/values-file.ts";
import type { Host } from "./host.ts";
import { runCredentialPlugin } from "./kube/credential-plugin.ts";
import { connectionArgv, connectionRequest } from "./release/connection-flags.ts";
import { lookUpRelease } from "./release/look-up.ts";

// A release is at most 1 MiB of gzip; `helm get all` prints it open.
const HELM_OUTPUT = { timeoutMs: 60_000, maxBytes: 64 * 1024 * 1024 };

export function askHelm(host: Host): RunHelmForOutput {
  return async (argv, input) =>
    readHelm(argv, host.helm(), { ...HELM_OUTPUT, ...(input === undefined ? {} : { input }) });
}

/** A Helm newer than our flag table is asked for its flags. */
export async function parseHelmWords(
  words: readonly string[],
  verb: HelmVerb,
  host: Host,
  table: FlagTable = verbFlags(verb),
): Promise<ParsedArgv> {
  const parsed = parseArgv(words, table);
  if (parsed.unknown.length === 0) return parsed;
  const help = await askHelm(host)([...verb.split(" "), "--help"]);
  return parseArgv(words, new Map([...parseHelp(help.stdout), ...table]));
}

export function deployPorts(
  parsed: ParsedArgv,
  settings: Settings,
  readStdin: () => Promise<Buffer>,
  host: Host,
): DeployPorts {
  const runHelm = askHelm(host);
  const { configPath, timeoutMs } = settings;
  return {
    // Loaded while the API server is being asked.
    readUserValues: async ({ sources }) => {
      const { computeUserValues } = await import("./helm/values/user-values.ts");
      return computeUserValues(sources, { readStdin, runHelm });
    },
    readChart: async (request) => {
      const { readChart } = await import("./helm/chart/chart-reader.ts");
      return readChart(request, runHelm);
    },
    readConfig: async () =>
      configPath === undefined
        ? undefined
        : {
            file: configPath,
            content: await parseValuesFile(configPath, readLocalFile(configPath), runHelm),
          },
    lookUpRelease: async (release) =>
      lookUpRelease(
        {
          release,
          connection: connectionRequest(parsed),
          connectionFlags: connectionArgv(parsed),
          timeoutMs,
        },
        {
          env: host.env,
          homeDir: homedir(),
          isInteractive: host.isInteractive,
          readFile: async (path) => readFile(path),
          runCredentialPlugin,
          runHelm,
        },
      ),
  };
}
