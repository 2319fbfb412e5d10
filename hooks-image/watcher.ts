// Puts the watcher together: environment → flow. It never ends by itself, since whatever ends in its pod is started anew: its
// last act is to have the pod taken away.
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import * as z from "zod/mini";
import { NotifyError, withHint } from "../src/domain/errors.ts";
import { readGitTokens } from "../src/domain/git-tokens.ts";
import { parseJson } from "../src/domain/json.ts";
import type { SendHttp, Teller } from "../src/flow/ports.ts";
import { createGenericTeller } from "../src/flow/generic-teller.ts";
import { shippedOf } from "../src/flow/shipped.ts";
import { createSlackTeller } from "../src/flow/slack-teller.ts";
import { findPost, leavePost, type Post, watchRun, type WatchDeps } from "../src/flow/watch.ts";
import { createShippedReader } from "../src/git/shipped-reader.ts";
import { createDeadline } from "../src/io/deadline.ts";
import { createHttp } from "../src/io/http.ts";
import { createWording } from "../src/render/wording.ts";
import { createGeneric } from "../src/transport/generic.ts";
import { createSlack } from "../src/transport/slack.ts";
import { type Place, readPlace, readSettings, type Settings } from "./environment.ts";
import { openCluster } from "./kube.ts";

interface WatcherWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the pod is told to go. */
  readonly stop: AbortSignal;
  readonly warn: (line: string) => void;
}

// For having the pod taken away.
const KUBE_MS = 5000;
// The pod's end follows that of its ReplicaSet within moments.
const TAKEN_AWAY_MS = 5000;
const IDLE_MS = 3600 * 1000;

/** Ends when the pod is told to go; at once where nobody said what the pod is there for. */
export async function runWatcher(world: WatcherWorld): Promise<void> {
  const { env, stop, warn } = world;
  let place: Place;
  try {
    place = readPlace(env);
  } catch (error) {
    return warn(describe(error));
  }
  try {
    await keepPost(place, world);
    await wait(TAKEN_AWAY_MS, undefined, { signal: stop }).catch(() => {});
  } catch (error) {
    if (stop.aborted) return;
    warn(describe(error));
    // Nobody takes the pod away: an end would be followed by a new beginning, and by the same line again.
    await wait(IDLE_MS, undefined, { signal: stop }).catch(() => {});
  }
}

/** Does what the pod is there for, and has it taken away; rejects where that is not possible. */
async function keepPost(place: Place, world: WatcherWorld): Promise<void> {
  const { stop, warn } = world;
  const cluster = openCluster(place);
  const startWatch = () => ({
    ...cluster,
    watch: createDeadline(place.watchMs, stop),
    startDeadline: () => createDeadline(KUBE_MS),
    warn,
  });
  try {
    const post = await findPost(place.release, startWatch());
    try {
      while ((await tellPeople(post, place, startWatch(), world)) === "goes on");
    } catch (error) {
      if (!stop.aborted) warn(describe(error));
    }
    if (!stop.aborted) await leavePost(place.release, post, startWatch());
  } finally {
    cluster.close();
  }
}

async function tellPeople(
  post: Post,
  { release, namespace, pod }: Place,
  deps: Omit<WatchDeps, "createTellers" | "readShipped" | "now" | "stop">,
  { env, stop, warn }: WatcherWorld,
): ReturnType<typeof watchRun> {
  const settings = readSettings(env);
  const http = createHttp({ proxyEnv: env, tls: trusted(env) });
  const gitTokens = readGitTokens(settings.gitToken, warn);
  const tokenOf = (gitHost: string) => gitTokens.get(gitHost);
  const readShipped = createShippedReader({ send: http.send, tokenOf, warn });
  try {
    return await watchRun(
      post,
      { release, namespace, pod },
      {
        ...deps,
        startDeadline: () => createDeadline(settings.deadlineMs),
        createTellers: (texts) => createTellers(settings, texts, http.send, warn),
        readShipped: (run, deadline) => shippedOf(run, readShipped, deadline),
        stop,
        now: () => new Date(),
      },
    );
  } finally {
    http.close();
  }
}

async function createTellers(
  { slack, generic }: Settings,
  texts: string | undefined,
  send: SendHttp,
  warn: (line: string) => void,
): Promise<readonly Teller[]> {
  const ways: Teller[] = [];
  if (slack) {
    const { say, problems } = await createWording(decodeTexts(texts));
    problems.forEach(warn);
    ways.push(createSlackTeller(createSlack(slack, send), say));
  }
  if (generic) ways.push(createGenericTeller(createGeneric(generic, send)));
  return ways;
}

const textsSchema = z.record(z.string(), z.string());

/** As the chart wrote them; the default texts where that is nothing. */
function decodeTexts(json: string | undefined): Readonly<Record<string, string>> {
  return textsSchema.safeParse(parseJson(json ?? "")).data ?? {};
}

/** Node leaves SSL_CERT_FILE to OpenSSL, which it does not ask; behind a proxy that opens TLS it is the way to trust it. */
function trusted(env: WatcherWorld["env"]): { ca?: string } {
  const path = env["SSL_CERT_FILE"];
  if (!path) return {};
  try {
    return { ca: readFileSync(path, "utf8") };
  } catch (cause) {
    throw new NotifyError("BAD_ENVIRONMENT", `SSL_CERT_FILE ${path} cannot be read`, { cause });
  }
}

function describe(error: unknown): string {
  if (error instanceof NotifyError) return withHint(error);
  return `a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
