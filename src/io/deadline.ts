import { setTimeout as wait } from "node:timers/promises";
import type { Deadline } from "../flow/ports.ts";

/** Time is up after `ms`, or at once when `stop` is aborted. */
export function createDeadline(ms: number, stop?: AbortSignal): Deadline {
  const end = performance.now() + ms;
  const timer = AbortSignal.timeout(Math.max(0, Math.ceil(ms)));
  const signal = stop ? AbortSignal.any([stop, timer]) : timer;
  const remainingMs = () => (signal.aborted ? 0 : Math.max(0, end - performance.now()));
  return {
    signal,
    remainingMs,
    sleep: async (sleepMs) => {
      // Rejects only because the deadline came first.
      await wait(sleepMs, undefined, { signal }).catch(() => {});
    },
    sooner: (limitMs) => createDeadline(Math.min(limitMs, remainingMs()), signal),
  };
}
