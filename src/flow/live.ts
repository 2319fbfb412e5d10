// helm notify live: what runs where, and what is not as it is declared or recorded.
import { declaredServices } from "../domain/declared-services.ts";
import {
  type DeploymentConfig,
  type Environment,
  requireNamed,
} from "../domain/deployment-config.ts";
import { NotifyError } from "../domain/errors.ts";
import {
  type Distance,
  distanceBy,
  distanceOf,
  type EnvironmentState,
  type LiveTable,
  orNothing,
  ownOf,
  type Reading,
  toLiveTable,
} from "../domain/live-table.ts";
import type { ServiceRecord } from "../domain/record.ts";
import type { Values } from "../domain/values.ts";
import { toLiveMessage } from "../render/live-message.ts";
import { toLiveCsv, toLiveJson, toLiveLines } from "../render/live-table.ts";
import { type OpenCluster, readDeployed, requireRelease } from "./environment.ts";
import { readLedger } from "./ledger-book.ts";
import type { Deadline, ReadShipped, Slack } from "./ports.ts";

export interface LiveOptions {
  /** All where it is empty. */
  readonly environments: readonly string[];
  readonly output: "table" | "json" | "csv";
  /** Whether drift and what could not be read show in the exit status. */
  readonly isDetailed: boolean;
  readonly isPosted: boolean;
}

export interface LivePorts {
  /** A values file by its path in the deployment repository. Refuses with a `NotifyError`. */
  readonly readValues: (file: string) => Values;
  readonly openCluster: OpenCluster;
  readonly readShipped: ReadShipped;
  /** Refuses where there are no credentials. */
  readonly openSlack: () => Slack;
  /** A new limit: for the clusters, for the Git hosts, for Slack. */
  readonly createDeadline: () => Deadline;
  readonly now: Date;
}

export interface LiveReport {
  /** For stdout, ending in a newline. */
  readonly text: string;
  /** 1 where an environment could not be read; where details are asked for, 1 where anything could not, and 2 for drift. */
  readonly exitCode: 0 | 1 | 2;
}

/** An environment that cannot be read is named, and the others are shown. */
export async function showLive(
  config: DeploymentConfig,
  options: LiveOptions,
  ports: LivePorts,
): Promise<LiveReport> {
  const chosen = options.environments.map(
    (name) => [name, requireNamed(config.environments, "environment", name)] as const,
  );
  const slack = options.isPosted ? ports.openSlack() : undefined;
  const shown = chosen.length > 0 ? chosen : Object.entries(config.environments);
  const names = new Set(
    shown.flatMap(([name, { promoteFrom }]) => [name, ...(promoteFrom ? [promoteFrom] : [])]),
  );
  // What the shown ones are promoted from is read too, to compare with.
  const states = new Map(
    await Promise.all(
      [...names].map(async (name) => [name, await readState(name, config, ports)] as const),
    ),
  );
  const visible = shown.flatMap(([name]) => states.get(name) ?? []);
  const distances = await readDistances(visible, states, config, ports);
  const table = toLiveTable(Object.keys(config.services), visible, distances);
  if (slack) await post(table, slack, ports);
  return { text: toText(table, options.output, ports.now), exitCode: exitCodeOf(table, options) };
}

async function readState(
  name: string,
  config: DeploymentConfig,
  ports: LivePorts,
): Promise<EnvironmentState> {
  const environment = requireNamed(config.environments, "environment", name);
  const { release, promoteFrom, values } = environment;
  const declared = reading(async () => declaredServices(config, ports.readValues(values)));
  const cluster = readCluster(name, environment, config, ports);
  return { name, release, promoteFrom, declared: await declared, ...(await cluster) };
}

async function readCluster(
  name: string,
  environment: Environment,
  config: DeploymentConfig,
  { openCluster, createDeadline }: LivePorts,
): Promise<Pick<EnvironmentState, "recorded" | "ledger" | "pods">> {
  const { signal } = createDeadline();
  const opened = await reading(async () => {
    const release = requireRelease(name, environment);
    return { release, cluster: await openCluster(environment) };
  });
  if (opened.kind === "unreadable") return { recorded: opened, ledger: opened, pods: opened };
  const { release, cluster } = opened.value;
  const [recorded, ledger, pods] = await Promise.all([
    reading(async () => readDeployed(name, config, cluster, signal)),
    reading(async () => readLedger(release, cluster.readConfigMap, signal)),
    reading(async () => cluster.listPodImages(signal)),
  ]);
  return { recorded, ledger, pods };
}

async function reading<T>(read: () => Promise<T>): Promise<Reading<T>> {
  try {
    return { kind: "read", value: await read() };
  } catch (error) {
    if (!(error instanceof NotifyError)) throw error;
    return { kind: "unreadable", reason: error.message };
  }
}

type Distances = ReadonlyMap<string, ReadonlyMap<string, Distance>>;

async function readDistances(
  visible: readonly EnvironmentState[],
  states: ReadonlyMap<string, EnvironmentState>,
  config: DeploymentConfig,
  ports: LivePorts,
): Promise<Distances> {
  const { signal } = ports.createDeadline();
  const ofEnvironment = async ({ name, promoteFrom = "", recorded }: EnvironmentState) => {
    const source = states.get(promoteFrom);
    const [theirs, own] = [source && orNothing(source.recorded), orNothing(recorded)];
    const found = await Promise.all(
      Object.keys(config.services).map(async (service) => {
        const [from, to] = [ownOf(theirs, service), ownOf(own, service)];
        return from && to
          ? ([[service, await readDistance(from, to, ports, signal)]] as const)
          : [];
      }),
    );
    return [name, new Map(found.flat())] as const;
  };
  return new Map(await Promise.all(visible.map(ofEnvironment)));
}

/** Commits tell more than tags. */
async function readDistance(
  source: ServiceRecord,
  own: ServiceRecord,
  { readShipped }: LivePorts,
  signal: AbortSignal,
): Promise<Distance> {
  const said = distanceOf(source, own);
  const repository = source.source ?? own.source;
  if (said.kind === "same" || !repository || !source.revision || !own.revision) return said;
  const shipped = await readShipped(repository, own.revision, source.revision, signal);
  return shipped ? distanceBy(shipped) : said;
}

async function post(
  table: LiveTable,
  slack: Slack,
  { createDeadline, now }: LivePorts,
): Promise<void> {
  const delivery = await slack.post(toLiveMessage(table, now), createDeadline());
  if (delivery.kind === "delivered") return;
  const hint = delivery.kind === "refused" ? delivery.hint : "Try again.";
  throw new NotifyError("NOT_POSTED", `Slack did not take the message: ${delivery.reason}`, {
    hint,
  });
}

function toText(table: LiveTable, output: LiveOptions["output"], now: Date): string {
  switch (output) {
    case "table":
      return `${toLiveLines(table, now).join("\n")}\n`;
    case "json":
      return `${JSON.stringify(toLiveJson(table), null, 2)}\n`;
    case "csv":
      return toLiveCsv(table);
  }
}

function exitCodeOf({ environments }: LiveTable, { isDetailed }: LiveOptions): 0 | 1 | 2 {
  if (environments.some(({ isReadable }) => !isReadable)) return 1;
  if (!isDetailed) return 0;
  if (environments.some(({ troubles }) => troubles.length > 0)) return 1;
  const cells = environments.flatMap((environment) => environment.cells);
  return cells.some(({ drifts }) => drifts.length > 0) ? 2 : 0;
}
