// Puts the hook together: environment → flow → exit status.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { NotifyError } from "../src/domain/errors.ts";
import type { Delivery } from "../src/flow/ports.ts";
import { notify } from "../src/flow/notify.ts";
import { createDeadline } from "../src/io/deadline.ts";
import { createHttp } from "../src/io/http.ts";
import { createSlack } from "../src/transport/slack.ts";
import { mayFail, readEnvironment, type Settings } from "./environment.ts";
import { openConfigMaps } from "./kube.ts";
import { readRunFiles } from "./run-files.ts";

export interface HookWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the pod is told to go. */
  readonly stop: AbortSignal;
  readonly print: (line: string) => void;
  readonly warn: (line: string) => void;
}

/** Returns the exit status: 0 for any trouble, unless the chart says that a release may fail over it. */
export async function runHook(world: HookWorld): Promise<number> {
  const isDelivered = await attempt(world);
  return isDelivered || !mayFail(world.env) ? 0 : 1;
}

async function attempt(world: HookWorld): Promise<boolean> {
  try {
    const settings = readEnvironment(world.env);
    const { text, delivery } = await deliverRun(settings, world);
    if (delivery.kind === "delivered") world.print(`told Slack: ${text}`);
    else world.warn(reasonOf(delivery));
    return delivery.kind === "delivered";
  } catch (error) {
    world.warn(describe(error));
    return false;
  }
}

async function deliverRun(settings: Settings, world: HookWorld) {
  const { event, release, namespace, revision } = settings;
  const deadline = createDeadline(settings.deadlineMs, world.stop);
  const files = await readRunFiles(settings.runDir);
  const http = createHttp({ proxyEnv: world.env, tls: trusted(world.env) });
  const kube = settings.kube && openConfigMaps(settings.kube, namespace);
  try {
    return await notify(
      { event, release, namespace, revision, ...files },
      {
        configMaps: kube,
        deliver: createSlack(settings.slack, http.send),
        deadline,
        now: () => new Date(),
        newId: randomUUID,
        warn: world.warn,
      },
    );
  } finally {
    http.close();
    kube?.close();
  }
}

/** Node leaves SSL_CERT_FILE to OpenSSL, which it does not ask; behind a proxy that opens TLS it is the way to trust it. */
function trusted(env: HookWorld["env"]): { ca?: string } {
  const path = env["SSL_CERT_FILE"];
  if (!path) return {};
  try {
    return { ca: readFileSync(path, "utf8") };
  } catch (cause) {
    throw new NotifyError("BAD_ENVIRONMENT", `SSL_CERT_FILE ${path} cannot be read`, { cause });
  }
}

function reasonOf(delivery: Exclude<Delivery, { kind: "delivered" }>): string {
  return delivery.kind === "refused"
    ? `${delivery.reason}. ${delivery.hint}`
    : `gave up on Slack: ${delivery.reason}`;
}

function describe(error: unknown): string {
  if (error instanceof NotifyError) {
    return error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  }
  return `a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
