import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 50;

/** Whether it came true in time. */
export async function waitUntil(isTrue: () => boolean, limitMs: number): Promise<boolean> {
  for (const end = performance.now() + limitMs; performance.now() < end; await sleep(POLL_MS)) {
    if (isTrue()) return true;
  }
  return isTrue();
}
