// The edges that a plan of an upgrade is made with.
import { readFile } from "node:fs/promises";
import type { Settings } from "./cli/settings.ts";
import type { HelmVerb, ToldVerb } from "./domain/request.ts";
import type { DeployPorts } from "./flow/deploy-plan.ts";
import type { RunHelmForOutput } from "./flow/ports.ts";
import { flagValue, type ParsedArgv, parseArgv } from "./helm/argv.ts";
import { type FlagTable, parseHelp } from "./helm/flags.ts";
import { readLocalFile } from "./helm/local-file.ts";
import { readHelm } from "./helm/run.ts";
import { parseValuesFile } from "./helm/values/values-file.ts";
import type { Host } from "./host.ts";
import { runCredentialPlugin } from "./kube/credential-plugin.ts";
import type { KubeApi } from "./kube/kube-api.ts";
import { openApi } from "./kube/open.ts";
import { connectionArgv, connectionRequest } from "./release/connection-flags.ts";
import { lookUpRelease, type ReleaseRequest, type ReleaseWorld } from "./release/look-up.ts";
import { homeFolder } from "./io/home-folder.ts";

// A release is at most 1 MiB of gzip; `helm get all` prints it open.
const HELM_OUTPUT = { timeoutMs: 60_000, maxBytes: 64 * 1024 * 1024 };

export function askHelm(host: Host): RunHelmForOutput {
  return async (argv, input) =>
    readHelm(argv, host.helm(), { ...HELM_OUTPUT, ...(input === undefined ? {} : { input }) });
}

/** A Helm newer than our flag table is asked for its flags. */
export async function parseHelmWords(
  words: readonly string[],
  verb: HelmVerb | ToldVerb,
  table: FlagTable,
  host: Host,
): Promise<ParsedArgv> {
  const parsed = parseArgv(words, table);
  if (parsed.unknown.length === 0) return parsed;
  const help = await askHelm(host)([...verb.split(" "), "--help"]);
  return parseArgv(words, new Map([...parseHelp(help.stdout), ...table]));
}

/** Connections to the cluster of a command: one for reading, opened once, and any number of others. */
export interface ClusterAccess extends ReleaseWorld {
  /** A connection of its own, with credentials as new as can be. */
  readonly openNewApi: () => Promise<KubeApi | undefined>;
  readonly close: () => void;
}

export function clusterAccess(parsed: ParsedArgv, settings: Settings, host: Host): ClusterAccess {
  const opened: KubeApi[] = [];
  const openNewApi = async () => {
    const api = await openApi(connectionRequest(parsed), settings.timeoutMs, {
      env: host.env,
      homeDir: homeFolder(),
      isInteractive: host.isInteractive,
      readFile: async (path) => readFile(path),
      runCredentialPlugin,
    });
    if (api !== undefined) opened.push(api);
    return api;
  };
  let first: Promise<KubeApi | undefined> | undefined;
  return {
    env: host.env,
    runHelm: askHelm(host),
    openApi: () => (first ??= openNewApi()),
    openNewApi,
    close: () => opened.forEach((api) => api.close()),
  };
}

export function releaseRequest(
  release: string,
  parsed: ParsedArgv,
  settings: Settings,
): ReleaseRequest {
  return {
    release,
    connectionFlags: connectionArgv(parsed),
    timeoutMs: settings.timeoutMs,
  };
}

export function deployPorts(
  parsed: ParsedArgv,
  settings: Settings,
  readDescriptor: (descriptor: number) => Promise<Buffer>,
  access: ClusterAccess,
): DeployPorts {
  const { runHelm } = access;
  const { configPath } = settings;
  return {
    environment: settings.environment,
    // Loaded while the API server is being asked.
    readUserValues: async ({ sources }) => {
      const { computeUserValues } = await import("./helm/values/user-values.ts");
      return computeUserValues(sources, { readDescriptor, runHelm });
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
      lookUpRelease(releaseRequest(release, parsed, settings), access),
  };
}

export function namespaceOf(parsed: ParsedArgv, host: Host): string {
  return flagValue(parsed, "namespace") ?? (host.env["HELM_NAMESPACE"] || "default");
}
