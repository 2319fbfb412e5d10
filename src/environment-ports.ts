// The edges that the environments of a deployment repository are looked at with.
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type BumpChoices, runBump } from "./bump-ports.ts";
import type { LogRequest } from "./cli/log-command.ts";
import type { PromoteOptions } from "./cli/promote-command.ts";
import { resolveSettings } from "./cli/settings.ts";
import {
  CONFIG_FILE,
  type DeploymentConfig,
  type Environment,
  parseDeploymentConfig,
  requireNamed,
} from "./domain/deployment-config.ts";
import { NotifyError } from "./domain/errors.ts";
import { openEnvironment } from "./environment-cluster.ts";
import type { Ledger } from "./domain/ledger.ts";
import type { Values } from "./domain/values.ts";
import type { BumpEnd } from "./flow/bump.ts";
import { type OpenCluster, requireRelease } from "./flow/environment.ts";
import { type LiveOptions, type LiveReport, showLive } from "./flow/live.ts";
import { readLedger } from "./flow/ledger-book.ts";
import { showLog } from "./flow/log.ts";
import type { ReadShipped, SendHttp } from "./flow/ports.ts";
import { choosePromotion } from "./flow/promote.ts";
import { createShippedReader } from "./git/shipped-reader.ts";
import { readLocalFile } from "./helm/local-file.ts";
import { readEditableValues, readStrictValues } from "./helm/values/scalar-edit.ts";
import type { Host } from "./host.ts";
import { createDeadline } from "./io/deadline.ts";
import { createOutgoingHttp } from "./io/http.ts";
import { getConfigMap } from "./kube/config-maps.ts";
import type { KubeApi } from "./kube/kube-api.ts";
import { listPodImages } from "./kube/pod-images.ts";
import { gitTokens } from "./report-ports.ts";
import { createSlack } from "./transport/slack.ts";
import { findSlack, noSlackError } from "./slack-credentials.ts";

interface Deployment {
  readonly config: DeploymentConfig;
  readonly readValues: (file: string) => Values;
}

/** The text of `live`, and its exit status. */
export async function runLive(
  options: LiveOptions,
  host: Host,
  folder: string,
): Promise<LiveReport> {
  const { config, readValues } = readDeployment(folder);
  return withWorld(host, ({ openCluster, readShipped, send, timeoutMs }) =>
    showLive(config, options, {
      readValues,
      openCluster,
      readShipped,
      openSlack: () => openSlack(host.env, send),
      createDeadline: () => createDeadline(timeoutMs),
      now: new Date(),
    }),
  );
}

/** The text of `log`. */
export async function runLog(request: LogRequest, host: Host, folder: string): Promise<string> {
  const { place } = request;
  const { release, ...where } = place.kind === "release" ? place : findEnvironment(place, folder);
  return withWorld(host, async ({ openCluster, timeoutMs }) =>
    showLog(
      release,
      request,
      await openCluster(where),
      createDeadline(timeoutMs).signal,
      new Date(),
    ),
  );
}

/** `ask` puts a question to a person; it is called only where one is there. */
export async function runPromote(
  { request, bump }: PromoteOptions,
  host: Host,
  ask: (question: string) => Promise<string>,
  hasTag?: BumpChoices["hasTag"],
): Promise<BumpEnd> {
  return withWorld(host, ({ openCluster, readShipped, timeoutMs }) => {
    const choose = choosePromotion(request, {
      readConfig: readStrictValues,
      readValues: readEditableValues,
      openCluster,
      readShipped,
      createDeadline: () => createDeadline(timeoutMs),
      ask: host.isInteractive ? ask : undefined,
      say: host.say,
    });
    return runBump(bump, host, hasTag === undefined ? { choose } : { choose, hasTag });
  });
}

/** Reads the ledger of an environment's release; without a release, or a way to it, there is none. */
export function ledgerReader(host: Host) {
  return async ({ release, ...where }: Environment): Promise<Ledger | undefined> => {
    if (release === undefined) return undefined;
    return withWorld(host, async ({ openCluster, timeoutMs }) => {
      const { readConfigMap } = await openCluster(where);
      return readLedger(release, readConfigMap, createDeadline(timeoutMs).signal);
    });
  };
}

function findEnvironment(
  { environment: name, release }: LogRequest["place"] & { readonly kind: "environment" },
  folder: string,
) {
  const { config } = readDeployment(folder);
  const environment = requireNamed(config.environments, "environment", name);
  return { ...environment, release: release ?? requireRelease(name, environment) };
}

/** The nearest helm-notify.yaml, in `folder` or above it. */
export function readDeployment(folder: string): Deployment {
  const root = findRoot(resolve(folder));
  const textOf = (file: string) => readLocalFile(join(root, file)).toString();
  const content = readStrictValues(textOf(CONFIG_FILE), CONFIG_FILE);
  return {
    config: parseDeploymentConfig(content, CONFIG_FILE),
    readValues: (file) => readEditableValues(textOf(file), file),
  };
}

function findRoot(folder: string): string {
  if (existsSync(join(folder, CONFIG_FILE))) return folder;
  if (dirname(folder) !== folder) return findRoot(dirname(folder));
  throw new NotifyError("NO_CONFIG", `there is no ${CONFIG_FILE} in this folder or above it`, {
    hint: "Change to the deployment repository.",
  });
}

interface EnvironmentWorld {
  readonly openCluster: OpenCluster;
  readonly readShipped: ReadShipped;
  readonly send: SendHttp;
  readonly timeoutMs: number;
}

/** Closes what was opened when `use` settles. */
async function withWorld<T>(host: Host, use: (world: EnvironmentWorld) => Promise<T>): Promise<T> {
  const { env } = host;
  const warn = (line: string) => host.say(`warning: ${line}`);
  const { timeoutMs } = resolveSettings([], env);
  const http = createOutgoingHttp(env);
  const tokens = gitTokens(env["HELM_NOTIFY_GIT_TOKEN"], env, warn);
  const opened: KubeApi[] = [];
  try {
    return await use({
      openCluster: clusterOpener(host, timeoutMs, opened),
      readShipped: createShippedReader({
        send: http.send,
        tokenOf: (name) => tokens.get(name),
        warn,
      }),
      send: http.send,
      timeoutMs,
    });
  } finally {
    for (const api of opened) api.close();
    http.close();
  }
}

function clusterOpener(host: Host, timeoutMs: number, opened: KubeApi[]): OpenCluster {
  return async (environment) => {
    const { api, lookUpRelease } = await openEnvironment(environment, host, timeoutMs);
    opened.push(api);
    return {
      namespace: api.namespace,
      readConfigMap: (name, signal) => getConfigMap(api, name, signal),
      listPodImages: (signal) => listPodImages(api, signal),
      lookUpRelease,
    };
  };
}

function openSlack(env: Host["env"], send: SendHttp) {
  const access = findSlack(env);
  if (access) return createSlack(access, send);
  throw noSlackError("nothing says which Slack to post to");
}
