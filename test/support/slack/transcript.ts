// A message as a person would read it in Slack, as plain text for terminals.
import { isObject } from "./limits.ts";
import type { SlackReceived } from "./received.ts";

export function toTranscript(message: SlackReceived): string {
  const lines = message.blocks.length === 0 ? [message.text] : message.blocks.flatMap(blockLines);
  const place = message.method === "webhook" ? "Slack" : `Slack ${message.channel}`;
  const kind =
    message.method === "chat.update" ? " (edited)" : message.threadTs ? " (in thread)" : "";
  const body = lines.flatMap((line) => readable(line).split("\n"));
  return [`${place}${kind}`, ...body.map((line) => `  │ ${line}`)].join("\n");
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
