// The edges that turns are taken with.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Settings } from "./cli/settings.ts";
import type { ClusterAccess } from "./deploy-ports.ts";
import { isInCi, starterOf } from "./domain/starter.ts";
import type { Person } from "./domain/turn.ts";
import { type HeldTurn, takeTurn, type TurnRequest, type TurnStore } from "./flow/turn.ts";
import type { Host } from "./host.ts";
import { createDeadline } from "./io/deadline.ts";
import {
  changeConfigMap,
  createConfigMap,
  deleteConfigMap,
  getConfigMap,
} from "./kube/config-maps.ts";
import type { KubeApi } from "./kube/kube-api.ts";

/** Names the turn to the processes that Helm starts: a wrapper of Helm may start helm-notify again for the same release. */
const WITHIN = "HELM_NOTIFY_TURN";

export interface OpenTurn extends Omit<HeldTurn, "end"> {
  readonly id?: string;
  /** For the environment of Helm. */
  readonly env: Readonly<Record<string, string>>;
}

/** Of what changes nothing. */
export const NO_TURN: OpenTurn = {
  taken: () => Promise.resolve(undefined),
  dead: () => undefined,
  leaveToDead: () => {},
  env: {},
};

/** Runs `use` in the release's turn, which is asked for at once and given back on every way out. */
export async function inTurn<T>(
  { release, action }: { readonly release: string; readonly action: string },
  settings: Settings,
  access: ClusterAccess,
  host: Host,
  use: (turn: OpenTurn) => Promise<T>,
): Promise<T> {
  const person = personOf(host.env);
  const id = randomUUID();
  const held = takeTurn(
    {
      release,
      holder: {
        ...person,
        id,
        host: hostname(),
        pid: host.pid,
        action,
        since: new Date().toISOString(),
        beats: 0,
      },
      person,
      within: host.env[WITHIN],
      ...patienceOf(action, settings),
      overrideReason: settings.overrideReason,
    },
    {
      openStore: async (isAnew) => {
        const api = await (isAnew ? access.openNewApi() : access.openApi());
        return api && turnStore(api);
      },
      createDeadline,
      every: (ms, beat) => {
        const timer = setInterval(beat, ms);
        return () => clearInterval(timer);
      },
      now: () => new Date(),
      say: host.say,
    },
  );
  const forget = host.beforeEnd(held.end);
  try {
    return await use({ ...held, id, env: { [WITHIN]: id } });
  } finally {
    await held.end();
    forget();
  }
}

/** Nothing is in the way of going back, not even a deploy that hangs; it carries no tags that could be lost. */
function patienceOf(
  action: string,
  { turnWaitMs: waitMs }: Settings,
): Pick<TurnRequest, "waitMs" | "after"> {
  if (waitMs !== undefined) return { waitMs, after: "refuse" };
  const isDeploy = action === "upgrade" || action === "install";
  return isDeploy ? { waitMs: 5 * 60_000, after: "refuse" } : { waitMs: 10_000, after: "overtake" };
}

/** Who locks or deploys; a machine of a CI is nobody's. */
export function personOf(env: Host["env"]): Person {
  return { ...starterOf(env), host: isInCi(env) ? undefined : hostname() };
}

export function turnStore(api: KubeApi): TurnStore {
  return {
    read: (name, signal) => getConfigMap(api, name, signal),
    create: async (name, data, signal) => {
      const { resourceVersion } = await createConfigMap(api, { name, data }, signal);
      return resourceVersion;
    },
    change: (name, data, version, signal) => changeConfigMap(api, { name, data }, version, signal),
    remove: (name, version, signal) => deleteConfigMap(api, name, version, signal),
  };
}
