// Waiting out an API server that is away, or that does not know of our rights yet.
import { NotifyError, withHint } from "../domain/errors.ts";
import type { Deadline } from "./ports.ts";

export interface Limits {
  /** Of all waiting. */
  readonly watch: Deadline;
  /** Of one attempt, from now. */
  readonly startDeadline: () => Deadline;
}

/** Again and again while the API is away, until all waiting is over. */
export async function persistently<T>(
  { watch, startDeadline }: Limits,
  attempt: (limit: Deadline) => Promise<T>,
): Promise<T> {
  for (;;) {
    const limit = startDeadline();
    try {
      return await patiently(limit, () => attempt(limit));
    } catch (error) {
      const isAway = mayPass(error) && !isForbidden(error);
      if (!isAway || watch.remainingMs() === 0) throw error;
    }
  }
}

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 2000;

// An install creates much before it comes to our rights.
const UNUSUAL_MS = 60_000;

/**
 * On an install the pod is there before its rights, and every API server learns of them in its own time. `warn` hears of it,
 * once, where that takes unusually long.
 */
export async function patiently<T>(
  limit: Deadline,
  attempt: () => Promise<T>,
  warn?: (line: string) => void,
): Promise<T> {
  let waited = 0;
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (!mayPass(error) || wait >= limit.remainingMs()) throw error;
      if (waited < UNUSUAL_MS && waited + wait >= UNUSUAL_MS)
        warn?.(`still waiting: ${describe(error)}`);
      waited += wait;
      await limit.sleep(wait);
    }
  }
}

function mayPass(error: unknown): error is NotifyError {
  return isKubeTrouble(error) && error.code !== "KUBE_EXPIRED";
}

export function isForbidden({ code }: NotifyError): boolean {
  return code === "KUBE_FORBIDDEN" || code === "KUBE_UNAUTHORIZED";
}

export function isKubeTrouble(error: unknown): error is NotifyError {
  return error instanceof NotifyError && error.code.startsWith("KUBE_");
}

export function describe(error: unknown): string {
  if (!(error instanceof NotifyError)) throw error;
  return withHint(error);
}
