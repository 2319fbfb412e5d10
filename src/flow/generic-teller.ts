import { toCloudEvent } from "../render/cloud-event.ts";
import type { SendEvent, Teller } from "./ports.ts";

/** Tells programs: each beginning and each end is an event. */
export function createGenericTeller(send: SendEvent): Teller {
  return {
    name: "generic",
    tell: (message, _, deadline) => send(toCloudEvent(message), deadline),
  };
}
