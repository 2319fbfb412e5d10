// Trying again where that can help, within the deadline.
import type { Deadline, Delivery } from "../flow/ports.ts";

export type Attempt =
  | { readonly kind: "done"; readonly delivery: Delivery }
  /** `afterMs`: how long the other side asked to be left alone. */
  | { readonly kind: "again"; readonly reason: string; readonly afterMs?: number | undefined };

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
/** One connection that hangs must not use up the whole deadline. */
const ATTEMPT_MS = 8000;

/** Gives up with the last reason as soon as the next try could not begin before the deadline. */
export async function withRetry(
  attempt: (signal: AbortSignal) => Promise<Attempt>,
  deadline: Deadline,
): Promise<Delivery> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const result = await attempt(deadline.sooner(ATTEMPT_MS).signal);
    if (result.kind === "done") return result.delivery;
    const afterMs = result.afterMs ?? wait;
    if (afterMs >= deadline.remainingMs()) return { kind: "gave-up", reason: result.reason };
    await deadline.sleep(afterMs);
  }
}
