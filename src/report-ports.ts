// The edges that a run is told with.
import { randomUUID } from "node:crypto";
import { type GitTokens, readGitTokens } from "./domain/git-tokens.ts";
import type { NotifySettings } from "./domain/notify-settings.ts";
import { decodeRecord, RECORD_KEY, recordName } from "./domain/record.ts";
import { Secret } from "./domain/secret.ts";
import { starterOf } from "./domain/starter.ts";
import { enrichRecord } from "./flow/enriched-record.ts";
import { createGenericTeller } from "./flow/generic-teller.ts";
import type { Revisions, SendHttp, Slack, Teller } from "./flow/ports.ts";
import type { ReportPorts } from "./flow/report.ts";
import type { ClusterPorts } from "./flow/run-book.ts";
import { shippedOf } from "./flow/shipped.ts";
import { createSlackTeller } from "./flow/slack-teller.ts";
import { createShippedReader } from "./git/shipped-reader.ts";
import type { Host } from "./host.ts";
import { createDeadline } from "./io/deadline.ts";
import { createOutgoingHttp } from "./io/http.ts";
import { findCause } from "./kube/failure.ts";
import { applyConfigMap, getConfigMap } from "./kube/config-maps.ts";
import type { KubeApi } from "./kube/kube-api.ts";
import { getSecret } from "./kube/secrets.ts";
import { readAccount } from "./kube/self-review.ts";
import { openRegistry } from "./registry/registry.ts";
import { failureQuestion } from "./release/failure-question.ts";
import { createWording } from "./render/wording.ts";
import { createGeneric } from "./transport/generic.ts";
import { createSlack } from "./transport/slack.ts";
import { findGeneric, findSlack, isSlackInEnvironment } from "./slack-credentials.ts";
import { homeFolder } from "./io/home-folder.ts";

export interface ReportWorld {
  readonly host: Host;
  readonly release: string;
  /** As Helm's flags and environment say it. */
  readonly namespace: string;
  /** Opens a new connection each time; the caller closes them all. */
  readonly openApi: () => Promise<KubeApi | undefined>;
  readonly openRevisions: () => Promise<Revisions>;
}

export function reportPorts(
  settings: NotifySettings,
  world: ReportWorld,
): ReportPorts & { readonly close: () => void } {
  const { host, openApi, openRevisions, namespace, release } = world;
  const { env } = host;
  const warn = (line: string) => host.say(`warning: ${line}`);
  const http = createOutgoingHttp(env);
  let tokens: GitTokens = new Map();
  const tokenOf = (gitHost: string) => tokens.get(gitHost);
  const readShipped = createShippedReader({ send: http.send, tokenOf, warn });
  // A registry that cannot be read costs links: nothing to bother people with at every deploy.
  const registry = openRegistry({ send: http.send, env, homeDir: homeFolder(), warn: () => {} });
  return {
    openCluster: async () => {
      const api = await openApi();
      return api && clusterPorts(api, release);
    },
    openRevisions,
    openTellers: async (signal) => {
      if (!settings.isEnabled) return [];
      const secret = await readSecret(settings, env, { openApi, signal, warn });
      tokens = gitTokens(env["HELM_NOTIFY_GIT_TOKEN"] || secret["gitToken"], env, warn);
      return tellers(settings, secret, env, http.send, warn);
    },
    enrich: (record, signal) => enrichRecord(record, registry.readLabels, signal),
    readShipped: (run, deadline) => shippedOf(run, readShipped, deadline),
    starter: starterOf(env),
    namespace,
    createDeadline,
    every: (ms, action) => {
      const timer = setInterval(action, ms);
      return () => clearInterval(timer);
    },
    now: () => new Date(),
    newId: randomUUID,
    say: host.say,
    close: () => http.close(),
  };
}

export function clusterPorts(api: KubeApi, release: string): ClusterPorts {
  return {
    namespace: api.namespace,
    read: (name, signal) => getConfigMap(api, name, signal),
    write: async (name, data, resourceVersion, signal) => {
      await applyConfigMap(api, { name, data, resourceVersion }, signal);
    },
    readAccount: (signal) => readAccount(api, signal),
    readRecord: async (signal) => {
      const stored = await getConfigMap(api, recordName(release), signal);
      return decodeRecord(stored?.data[RECORD_KEY] ?? "");
    },
    findCause: async (failed, since, deadline) =>
      findCause(api, await failureQuestion(failed, since), deadline),
  };
}

type Environment = Host["env"];

interface SecretEdges {
  readonly openApi: () => Promise<KubeApi | undefined>;
  readonly signal: AbortSignal;
  readonly warn: (line: string) => void;
}

/** The Secret named in the values; not asked for where the environment says it all. */
async function readSecret(
  { slack }: NotifySettings,
  env: Environment,
  { openApi, signal, warn }: SecretEdges,
): Promise<Readonly<Record<string, string>>> {
  if (isSlackInEnvironment(env) || slack.secretRef === undefined) return {};
  const api = await openApi();
  if (api === undefined) return {};
  const secret = await getSecret(api, slack.secretRef, signal);
  if (secret === undefined) {
    warn(`nobody is told: there is no Secret ${slack.secretRef} in namespace ${api.namespace}`);
  }
  return secret ?? {};
}

async function tellers(
  { slack, messages }: NotifySettings,
  secret: Readonly<Record<string, string>>,
  env: Environment,
  send: SendHttp,
  warn: (line: string) => void,
): Promise<readonly Teller[]> {
  const access = findSlack(env, slack, secret);
  const generic = findGeneric(env, secret);
  const ways: Teller[] = [];
  if (access) {
    const { say, problems } = await createWording(messages);
    problems.forEach(warn);
    ways.push(createSlackTeller(createSlack(access, send), say));
  }
  if (generic) ways.push(createGenericTeller(createGeneric(generic, send)));
  return ways;
}

/** For what is told of no run; `undefined` where there are no credentials, or nobody is to be told. */
export async function openSlack(
  settings: NotifySettings,
  env: Environment,
  edges: SecretEdges & { readonly send: SendHttp },
): Promise<Slack | undefined> {
  if (!settings.isEnabled) return undefined;
  const secret = await readSecret(settings, env, edges);
  const access = findSlack(env, settings.slack, secret);
  return access && createSlack(access, edges.send);
}

/** What is said outright, and the token GitHub gives the jobs of its CI. */
export function gitTokens(
  text: string | undefined,
  env: Environment,
  warn: (line: string) => void,
): GitTokens {
  const { GITHUB_SERVER_URL: server, GITHUB_TOKEN: token } = env;
  const ofCi: [string, Secret][] =
    server && token && URL.canParse(server) ? [[new URL(server).host, new Secret(token)]] : [];
  return new Map([...ofCi, ...readGitTokens(text ?? "", warn)]);
}
