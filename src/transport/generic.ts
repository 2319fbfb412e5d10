// One event to whatever a team uses, signed as https://www.standardwebhooks.com says: receivers find a library for it in their
// language. What is signed is `<webhook-id>.<webhook-timestamp>.<body>`, so that an old request cannot be sent again.
import { createHmac } from "node:crypto";
import type { Secret } from "../domain/secret.ts";
import type { Delivery, HttpResponse, SendEvent, SendHttp } from "../flow/ports.ts";
import { type Attempt, done, sendPatiently } from "./retry.ts";

export interface GenericAccess {
  readonly url: Secret;
  /** `whsec_` and base64. Without one nothing is sent: a receiver could not tell our events from anyone's. */
  readonly key: Secret | undefined;
}

const RECEIVER = {
  name: "the receiver of events",
  addressHint: "Check the address under genericUrl in the Secret.",
  decode,
  knowsRepetition: true,
};

/** Sends events until one is taken: any status 2xx. The receiver tells a repetition by `webhook-id`, which is the event's own. */
export function createGeneric(
  access: GenericAccess,
  send: SendHttp,
  now: () => Date = () => new Date(),
): SendEvent {
  return async (event, deadline) => {
    const key = decodeKey(access.key);
    if (key === undefined) return NEEDS_A_SECRET;
    const body = JSON.stringify(event);
    const toRequest = () => {
      const timestamp = String(Math.floor(now().getTime() / 1000));
      const signed = `${event.id}.${timestamp}.${body}`;
      return {
        method: "POST",
        url: access.url.reveal(),
        headers: {
          "content-type": "application/cloudevents+json; charset=utf-8",
          "webhook-id": event.id,
          "webhook-timestamp": timestamp,
          "webhook-signature": `v1,${createHmac("sha256", key).update(signed).digest("base64")}`,
        },
        body,
      } as const;
    };
    return sendPatiently(toRequest, RECEIVER, send, deadline);
  };
}

const PREFIX = "whsec_";
// https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
const MIN_KEY_BYTES = 24;

const NEEDS_A_SECRET: Delivery = {
  kind: "refused",
  reason: `genericSecret in the Secret is not ${PREFIX} and at least ${MIN_KEY_BYTES} bytes in base64`,
  hint: `Make one: echo "${PREFIX}$(openssl rand -base64 32)".`,
};

function decodeKey(secret: Secret | undefined): Buffer | undefined {
  const text = secret?.reveal().trim() ?? "";
  const base64 = text.slice(PREFIX.length);
  if (!text.startsWith(PREFIX) || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return undefined;
  const key = Buffer.from(base64, "base64");
  return key.length < MIN_KEY_BYTES ? undefined : key;
}

function decode({ status }: HttpResponse): Attempt {
  if (status >= 200 && status < 300) return done({ kind: "delivered" });
  return done({
    kind: "refused",
    reason: `${RECEIVER.name} refused it: HTTP ${status}`,
    hint: "Check genericUrl and genericSecret in the Secret, and the receiver's own log.",
  });
}
