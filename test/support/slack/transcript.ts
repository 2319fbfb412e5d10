// Messages as a person would read them in Slack, as plain text for terminals.
import type { SlackMessage } from "./channel.ts";
import { isObject } from "./limits.ts";
import type { SlackReceived } from "./received.ts";

/** One message as it came. */
export function toTranscript(message: SlackReceived): string {
  const place = message.method === "webhook" ? "Slack" : `Slack ${message.channelName}`;
  return [`${place}${kindOf(message)}`, ...linesOf(message).map((line) => `  │ ${line}`)].join(
    "\n",
  );
}

/** A message as it stands, with its thread. */
export function toThreadTranscript(message: SlackMessage): string {
  const replies = message.replies.flatMap((reply) => {
    const [first, ...rest] = linesOf(reply);
    const mark = reply.isBroadcast ? " (also sent to the channel)" : "";
    return [`  └ ${first}${mark}`, ...rest.map((line) => `    ${line}`)];
  });
  return [message.channel, ...linesOf(message).map((line) => `  │ ${line}`), ...replies].join("\n");
}

function kindOf({ method, threadTs, payload }: SlackReceived): string {
  if (method === "chat.update") return " (edited)";
  if (threadTs === undefined) return "";
  return payload["reply_broadcast"] === true ? " (in thread and channel)" : " (in thread)";
}

function linesOf({ text, blocks }: Pick<SlackReceived, "text" | "blocks">): readonly string[] {
  const lines = blocks.length === 0 ? [text] : blocks.flatMap(blockLines);
  return lines.flatMap((line) => readable(line).split("\n"));
}

function blockLines(block: unknown): readonly string[] {
  if (!isObject(block)) return [];
  if (block["type"] === "divider") return ["───"];
  const texts = [block["text"], ...asArray(block["fields"]), ...asArray(block["elements"])];
  const found = texts.map(textOf).filter((text) => text !== "");
  // Context elements stand in one row.
  return block["type"] === "context" ? [found.join("  ")] : found;
}

function asArray(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  return isObject(value) ? textOf(value["text"]) : "";
}

/** Links as their labels, without markup and entities. */
function readable(mrkdwn: string): string {
  return mrkdwn
    .replaceAll(/<([^<>|]+)\|([^<>]*)>/g, "$2")
    .replaceAll(/<([^<>|]+)>/g, "$1")
    .replaceAll(/\*([^*\n]+)\*/g, "$1")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
