// One message a run, as far as Slack allows: posted at its beginning, edited to its end.
import type { Message } from "../domain/message.ts";
import { isGood } from "../domain/run.ts";
import { toAnnouncement, toConfirmation } from "../render/block-kit.ts";
import type { Say } from "../render/wording.ts";
import type { Deadline, Delivery, MessagePlace, Slack, Teller } from "./ports.ts";

/** Tells people. */
export function createSlackTeller(slack: Slack, say: Say): Teller {
  return {
    name: "slack",
    tell: (message, { told, place }, deadline) => {
      if (slack.knowsThreads && place) return finish(message, place, slack, say, deadline);
      // Who saw the beginning needs only its end.
      const toPost = told === "start" ? toConfirmation : toAnnouncement;
      return slack.post(toPost(message, say), deadline);
    },
    ...(slack.knowsThreads && {
      tellThread: (thread, message, deadline) =>
        slack.reply(thread, toConfirmation(message, say), { isBroadcast: false }, deadline),
    }),
  };
}

async function finish(
  message: Message,
  place: MessagePlace,
  slack: Slack,
  say: Say,
  deadline: Deadline,
): Promise<Delivery> {
  const whole = toAnnouncement(message, say);
  const edited = await slack.edit(place, whole, deadline);
  if (edited.kind === "delivered") {
    // An edit notifies nobody. The message tells the truth without the reply, so what becomes of that does not matter.
    const isBroadcast = isFailure(message);
    await slack.reply(place, toConfirmation(message, say), { isBroadcast }, deadline);
    return edited;
  }
  if (edited.kind === "gave-up") return edited;
  // Too old to be edited, or gone: why does not matter, for what the reply could not mend either is named when that is
  // refused. In the channel too, where otherwise a run would seem to go on for ever.
  const replied = await slack.reply(place, whole, { isBroadcast: true }, deadline);
  return replied.kind === "refused" ? slack.post(whole, deadline) : replied;
}

function isFailure({ outcome }: Message): boolean {
  return outcome !== undefined && outcome.kind !== "unknown" && !isGood(outcome);
}
