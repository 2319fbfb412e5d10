// A message as Slack's Block Kit. Slack refuses a message that breaks one limit, so all of them hold for any input.
import type { ServiceChange } from "../domain/diff.ts";
import type { Message } from "../domain/message.ts";
import { toChangeView, toView, type ViewOptions } from "./view.ts";
import { say } from "./wording.ts";

interface Mrkdwn {
  readonly type: "mrkdwn";
  readonly text: string;
  /** Keeps Slack from making links of what merely looks like one. */
  readonly verbatim: true;
}

type Block =
  | { readonly type: "section"; readonly text: Mrkdwn }
  | { readonly type: "context"; readonly elements: readonly Mrkdwn[] };

export interface BlockKit {
  /** For notifications and screen readers, which do not see the blocks. */
  readonly text: string;
  readonly blocks: readonly Block[];
}

// https://docs.slack.dev/reference/block-kit/blocks/section-block
const SECTION_LIMIT = 3000;
// Undocumented: `msg_blocks_too_long` at about 13,200 characters, https://github.com/slackapi/bolt-js/issues/2509.
// What Slack counts is not known; this is as JSON, and some way below.
const LINES_LIMIT = 9000;
const SUMMARY_LIMIT = 1500;
const SUMMARY_COUNT = 5;

/** The announcement of a run, or the short confirmation that it ended. Changes that do not fit are counted, never the first. */
export function toBlockKit(message: Message): BlockKit {
  const headline = say(message.phase, toView(message));
  const text = plain(`${headline}: ${summarize(message, false)}`);
  const notes = [
    ...(message.before === "unknown" ? [say("unknown", {})] : []),
    ...(message.isWaited === false ? [say("applied", {})] : []),
  ];
  if (message.phase === "end") {
    const blocks = [section(`${headline}: ${summarize(message, true)}`)];
    return { text, blocks: notes.length === 0 ? blocks : [...blocks, context(notes)] };
  }
  return {
    text,
    blocks: [
      section(headline),
      ...lineSections(message).map(section),
      context([say("footer", toView(message)), ...notes]),
    ],
  };
}

/** One line a change, filled up to sections. */
function lineSections(message: Message): readonly string[] {
  if (message.changes.length === 0) return [say("none", {})];
  const lines = fold(message, { isShort: false, count: Infinity, limit: LINES_LIMIT });
  const sections: string[] = [];
  for (const line of lines) {
    const joined = `${sections.at(-1)}\n${line}`;
    if (sections.length > 0 && joined.length <= SECTION_LIMIT)
      sections[sections.length - 1] = joined;
    else sections.push(line);
  }
  return sections;
}

function summarize(message: Message, isLinked: boolean): string {
  if (message.changes.length === 0) return say("none", {});
  const options = { isShort: true, count: SUMMARY_COUNT, limit: SUMMARY_LIMIT, isLinked };
  return fold(message, options).join(", ");
}

interface FoldOptions {
  readonly isShort: boolean;
  readonly isLinked?: boolean;
  readonly count: number;
  /** Characters in all, as JSON. */
  readonly limit: number;
}

/** The texts of as many changes as fit, links given up before changes, and the count of the rest. */
function fold(message: Message, options: FoldOptions): readonly string[] {
  const texts: string[] = [];
  let length = 0;
  for (const change of message.changes.slice(0, options.count)) {
    const fits = (text: string) =>
      text.length <= SECTION_LIMIT && length + jsonLength(text) <= options.limit;
    const sayChange = (isLinked: boolean) =>
      changeText(change, message, { isShort: options.isShort, isLinked });
    const text = [sayChange(options.isLinked ?? true), sayChange(false)].find(fits);
    if (text === undefined) break;
    texts.push(text);
    length += jsonLength(text);
  }
  const rest = message.changes.length - texts.length;
  return rest === 0 ? texts : [...texts, say("more", { count: rest })];
}

function changeText(change: ServiceChange, message: Message, options: ViewOptions): string {
  const view = toChangeView(change, message, options);
  return say(options.isShort ? `short ${change.kind}` : change.kind, view);
}

function jsonLength(text: string): number {
  return JSON.stringify(text).length;
}

function section(text: string): Block {
  return { type: "section", text: mrkdwn(text) };
}

function context(notes: readonly string[]): Block {
  return { type: "context", elements: [mrkdwn(notes.join(" · "))] };
}

function mrkdwn(text: string): Mrkdwn {
  return { type: "mrkdwn", text, verbatim: true };
}

/** Without the markup of our own texts: a screen reader would read the asterisks. */
function plain(text: string): string {
  return text.replaceAll(/\*([^*]+)\*/g, "$1");
}
