// Sending again where that can help, within the deadline.
import { NotifyError } from "../domain/errors.ts";
import type { Deadline, Delivery, HttpRequest, HttpResponse, SendHttp } from "../flow/ports.ts";

export type Attempt =
  | { readonly kind: "done"; readonly delivery: Delivery }
  /** `afterMs`: how long the other side asked to be left alone. */
  | { readonly kind: "again"; readonly reason: string; readonly afterMs?: number | undefined };

/** Someone who takes messages by HTTP. */
export interface Receiver {
  /** As people call it. */
  readonly name: string;
  /** What there is to check where its address is none. */
  readonly addressHint: string;
  readonly decode: (response: HttpResponse) => Attempt;
  /** Whether a message that came twice counts once. */
  readonly knowsRepetition: boolean;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
/** One answer that does not come must not use up the whole deadline, where asking again does no harm. */
const ATTEMPT_MS = 8000;

/**
 * Makes a request and sends it, until there is an answer that is worth decoding. Gives up with the last reason as soon as the
 * next try could not begin before the deadline.
 */
export async function sendPatiently(
  toRequest: () => HttpRequest,
  receiver: Receiver,
  send: SendHttp,
  deadline: Deadline,
): Promise<Delivery> {
  for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const { signal } = receiver.knowsRepetition ? deadline.sooner(ATTEMPT_MS) : deadline;
    const result = await attempt({ ...toRequest(), signal }, receiver, send);
    if (result.kind === "done") return result.delivery;
    const afterMs = Math.max(wait, result.afterMs ?? 0);
    if (afterMs >= deadline.remainingMs()) return { kind: "gave-up", reason: result.reason };
    await deadline.sleep(afterMs);
  }
}

async function attempt(
  request: HttpRequest,
  { name, addressHint, decode }: Receiver,
  send: SendHttp,
): Promise<Attempt> {
  if (!/^https?:$/.test(URL.parse(request.url)?.protocol ?? "")) {
    return done({ kind: "refused", reason: `the address of ${name} is no URL`, hint: addressHint });
  }
  try {
    const response = await send(request);
    return isBusy(response) ? busy(response, name) : decode(response);
  } catch (error) {
    return afterFailure(error);
  }
}

function isBusy({ status }: HttpResponse): boolean {
  return status === 429 || status >= 500;
}

function busy({ status, headers }: HttpResponse, name: string): Attempt {
  const reason =
    status === 429 ? `${name} limits the rate (HTTP 429)` : `${name} answered HTTP ${status}`;
  // Seconds: https://docs.slack.dev/apis/web-api/rate-limits. The other form, a date, is waited for as if none was named.
  const seconds = Number.parseInt(headers["retry-after"] ?? "", 10);
  return { kind: "again", reason, afterMs: Number.isNaN(seconds) ? undefined : seconds * 1000 };
}

/** No answer came. A certificate that is not trusted now will not be in a second. */
function afterFailure(error: unknown): Attempt {
  if (!(error instanceof NotifyError)) throw error;
  return error.code === "HTTP_TLS"
    ? done({ kind: "gave-up", reason: error.message })
    : { kind: "again", reason: error.message };
}

export function done(delivery: Delivery): Attempt {
  return { kind: "done", delivery };
}
