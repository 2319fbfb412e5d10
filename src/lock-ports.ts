// The edges that a release is locked with.
import type { LockPlace, LockWords, UnlockWords } from "./cli/lock-command.ts";
import { resolveSettings } from "./cli/settings.ts";
import { clusterAccess, releaseRequest } from "./deploy-ports.ts";
import { NotifyError } from "./domain/errors.ts";
import { notifySettings } from "./domain/notify-settings.ts";
import { type LockPorts, lockRelease, unlockRelease } from "./flow/lock.ts";
import { settingsOf } from "./flow/release-record.ts";
import { parseArgv } from "./helm/argv.ts";
import { GLOBAL_FLAGS } from "./helm/flags.ts";
import type { Host } from "./host.ts";
import { createDeadline } from "./io/deadline.ts";
import { createOutgoingHttp } from "./io/http.ts";
import { placeArgv } from "./release/connection-flags.ts";
import { lookUpRelease } from "./release/look-up.ts";
import { toLockMessage } from "./render/lock-message.ts";
import { openSlack } from "./report-ports.ts";
import { personOf, turnStore } from "./turn-ports.ts";

// With all the waiting that Slack asks for.
const TELL_MS = 20_000;

export async function runLock(words: LockWords, host: Host): Promise<void> {
  await withPorts(words, host, (ports) => lockRelease(words, ports));
}

export async function runUnlock(words: UnlockWords, host: Host): Promise<void> {
  await withPorts(words, host, (ports) => unlockRelease(words, ports));
}

async function withPorts(
  { release, ...place }: LockPlace,
  host: Host,
  use: (ports: LockPorts) => Promise<void>,
): Promise<void> {
  const { env, say } = host;
  const parsed = parseArgv(placeArgv(place), GLOBAL_FLAGS);
  const settings = resolveSettings([], env);
  const access = clusterAccess(parsed, settings, host);
  const http = createOutgoingHttp(env);
  try {
    const api = await access.openApi();
    if (api === undefined) {
      throw new NotifyError("KUBE_UNSUPPORTED", "only Helm knows the way to this cluster", {
        hint: "Choose another context with --kube-context.",
      });
    }
    const found = await lookUpRelease(releaseRequest(release, parsed, settings), access);
    if (found.kind === "none" && found.newer === undefined) {
      throw new NotifyError("NO_RELEASE", `there is no release ${release} in ${api.namespace}`, {
        hint: "Check the name, the namespace and the context.",
      });
    }
    const notify = found.kind === "live" ? settingsOf(found.release) : notifySettings({});
    const person = personOf(env);
    await use({
      store: turnStore(api),
      namespace: api.namespace,
      person,
      tell: async (change) => {
        const message = toLockMessage({
          ...change,
          release,
          namespace: api.namespace,
          environment: notify.environment,
          person,
        });
        const deadline = createDeadline(TELL_MS);
        try {
          const slack = await openSlack(notify, env, {
            openApi: access.openApi,
            send: http.send,
            signal: deadline.signal,
            warn: (line) => say(`warning: ${line}`),
          });
          const delivery = await slack?.post(message, deadline);
          if (delivery === undefined || delivery.kind === "delivered") return;
          say(`warning: not announced: ${delivery.reason}`);
        } catch (error) {
          if (!(error instanceof NotifyError)) throw error;
          say(`warning: not announced: ${error.message}`);
        }
      },
      signal: AbortSignal.timeout(settings.timeoutMs),
      now: new Date(),
      print: (line) => host.writeOut(`${line}\n`),
      say,
    });
  } finally {
    access.close();
    http.close();
  }
}
