// A message as Slack's Block Kit. Slack refuses a message that breaks one limit, so all of them hold for any input.
import type { Cause } from "../domain/cause.ts";
import type { ServiceChange } from "../domain/diff.ts";
import type { Message } from "../domain/message.ts";
import { cut, escapeText } from "./mrkdwn.ts";
import type { TextName } from "./texts.ts";
import {
  shippedOf,
  toChangeView,
  toCommitView,
  toEventView,
  toHookView,
  toPassedLockView,
  toPodView,
  toRecoveredView,
  toView,
  type ViewOptions,
} from "./view.ts";
import type { Say } from "./wording.ts";

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
export const SECTION_LIMIT = 3000;
// Undocumented: `msg_blocks_too_long` at about 13,200 characters, https://github.com/slackapi/bolt-js/issues/2509.
// What Slack counts is not known; this is as JSON, and leaves room for what surrounds the texts.
const TOTAL_LIMIT = 11_500;
// Texts of a chart can be long. Together these leave room for the longest line of ours.
const HEADLINE_LIMIT = 1200;
const FOOTER_LIMIT = 1100;
const NOTE_LIMIT = 200;
const LOCK_LIMIT = 1000;
const CAUSE_LIMIT = 3000;
const SUMMARY_LIMIT = 1500;
const SUMMARY_COUNT = 5;
const COMMITS_COUNT = 20;

/** The whole of a run: what it does when it begins, how it ended and why when it has. Changes that do not fit are counted, never the first. */
export function toAnnouncement(message: Message, say: Say): BlockKit {
  const headline = toHeadline(message, say);
  const footer = [
    cut(say("footer", toView(message)), FOOTER_LIMIT),
    ...lateNotes(message, say),
    ...notesOf(message, say),
  ].join(" · ");
  const cause = fitting(message.cause ? toCauseLines(message.cause, say) : [], CAUSE_LIMIT);
  const lock = lockLines(message, say);
  const room = TOTAL_LIMIT - jsonLength([headline, footer, ...lock, ...cause]);
  const changes = changeLines(message, room - MORE_LENGTH, say);
  const commits = commitLines(message, room - jsonLength(changes), say);
  return {
    text: toText(message, say),
    blocks: [
      section(headline),
      ...toSections(lock),
      ...toSections(cause),
      ...toSections(changes),
      ...toSections(commits),
      context(footer),
    ],
  };
}

/** In short: for those who saw the announcement. */
export function toConfirmation(message: Message, say: Say): BlockKit {
  const notes = [...lateNotes(message, say), ...notesOf(message, say)];
  return {
    text: toText(message, say),
    blocks: [
      ...toSections([withSummary(message, true, say), ...tellingLines(message, say)]),
      ...(notes.length > 0 ? [context(notes.join(" · "))] : []),
    ],
  };
}

function toHeadline(message: Message, say: Say): string {
  const { phase, outcome } = message;
  const name: TextName = phase === "start" ? "start" : (outcome?.kind ?? "unknown");
  return cut(say(name, toView(message)), HEADLINE_LIMIT);
}

function lockLines({ passedLock }: Message, say: Say): readonly string[] {
  if (passedLock === undefined) return [];
  return [cut(say("passed lock", toPassedLockView(passedLock)), LOCK_LIMIT)];
}

function withSummary(message: Message, isLinked: boolean, say: Say): string {
  const summary = summarize(message, isLinked, say);
  const headline = toHeadline(message, say);
  return summary === "" ? headline : `${headline}: ${summary}`;
}

function tellingLines({ cause }: Message, say: Say): readonly string[] {
  const line = cause && toTellingLine(cause, say);
  return line === undefined ? [] : [cut(line, SUMMARY_LIMIT)];
}

function notesOf(message: Message, say: Say): readonly string[] {
  const { before, outcome, action, recovered } = message;
  const isUnseen = outcome?.kind === "applied" && action !== "uninstall";
  return [
    ...(before === "unknown" ? [cut(say("before unknown", {}), NOTE_LIMIT)] : []),
    ...(isUnseen ? [cut(say("rollout unknown", {}), NOTE_LIMIT)] : []),
    ...(recovered ? [cut(say("recovered", toRecoveredView(message)), NOTE_LIMIT)] : []),
  ];
}

function lateNotes(message: Message, say: Say): readonly string[] {
  return message.isLate ? [cut(say("late", toView(message)), NOTE_LIMIT)] : [];
}

/** Without markup, which a screen reader would read. */
function toText(message: Message, say: Say): string {
  return [
    [withSummary(message, false, say), ...lateNotes(message, say)].join(" · "),
    ...tellingLines(message, say),
  ]
    .join("\n")
    .replaceAll(/\*([^*]+)\*/g, "$1")
    .replaceAll(/<!date\^[^|>]*\|([^>]*)>/g, "$1");
}

function changeLines(message: Message, limit: number, say: Say): readonly string[] {
  return message.changes.length === 0
    ? noChange(message, say)
    : fold(message, { isShort: false, isLinked: true, count: Infinity, limit }, say);
}

function summarize(message: Message, isLinked: boolean, say: Say): string {
  const options = { isShort: true, isLinked, count: SUMMARY_COUNT, limit: SUMMARY_LIMIT };
  return (message.changes.length === 0 ? noChange(message, say) : fold(message, options, say)).join(
    ", ",
  );
}

/** Where nothing is known of what ran before, nothing is known of changes. */
function noChange({ before }: Message, say: Say): readonly string[] {
  return before === "unknown" ? [] : [cut(say("none", {}), NOTE_LIMIT)];
}

interface FoldOptions extends ViewOptions {
  readonly count: number;
  /** Characters in all, as JSON; without the count of the rest. */
  readonly limit: number;
}

/** The texts of as many changes as fit, links given up before changes, and the count of the rest. */
function fold(message: Message, options: FoldOptions, say: Say): readonly string[] {
  const texts: string[] = [];
  let room = options.limit;
  for (const change of message.changes.slice(0, options.count)) {
    const linked = changeText(change, message, options, say);
    const plain = changeText(change, message, { ...options, isLinked: false }, say);
    const text = [linked, plain, cut(plain, MIN_LINE_LENGTH)].find(
      (line) => line.length <= SECTION_LIMIT && jsonLength([line]) <= room,
    );
    if (text === undefined) break;
    texts.push(text);
    room -= jsonLength([text]);
  }
  const rest = message.changes.length - texts.length;
  return rest === 0 ? texts : [...texts, cut(say("more", { count: rest }), NOTE_LIMIT)];
}

// Of the wording of a chart: enough to tell what it is about.
const MIN_LINE_LENGTH = 500;
// Room for the count of the rest.
const MORE_LENGTH = 2 * NOTE_LIMIT;

function changeText(
  change: ServiceChange,
  message: Message,
  options: ViewOptions,
  say: Say,
): string {
  const view = toChangeView(change, message, options);
  return say(options.isShort ? `short ${change.kind}` : change.kind, view);
}

/** Service by service, newest first, none at the cost of another's; those that do not fit are counted. */
function commitLines(message: Message, limit: number, say: Say): readonly string[] {
  const shipping = message.changes.flatMap(({ name }) => {
    const shipped = shippedOf(message, name);
    return shipped === undefined || shipped.aheadBy === 0 ? [] : [{ name, ...shipped }];
  });
  const share = Math.floor(COMMITS_COUNT / shipping.length);
  let room = limit;
  return shipping.flatMap(({ name, commits, aheadBy }) => {
    const view = { name: escapeText(name, NAME_LABEL), count: aheadBy, isOne: aheadBy === 1 };
    const lines = commits.slice(0, share).map((commit) => say("commit", toCommitView(commit)));
    for (let count = lines.length; count >= 0; count -= 1) {
      const rest = aheadBy - count;
      const own = [
        say("commits", view),
        ...lines.slice(0, count),
        ...(count > 0 && rest > 0 ? [say("more", { count: rest })] : []),
      ];
      if (jsonLength(own) > room) continue;
      room -= jsonLength(own);
      return own;
    }
    return [];
  });
}

const NAME_LABEL = 100;

/** The most telling first; code blocks are lines of their own. Nothing where nothing is known. */
function toCauseLines(cause: Cause, say: Say): readonly string[] {
  const { hook, pods, morePods, events, missing } = cause;
  const description = escapeText(cause.description ?? "", DESCRIPTION_LABEL);
  return [
    ...(hook ? [say("hook", toHookView(hook)), ...codeBlock(hook.log)] : []),
    ...pods.flatMap((pod) => [say("pod", toPodView(pod)), ...codeBlock(pod.log)]),
    ...(morePods > 0 ? [say("more", { count: morePods })] : []),
    ...(description === "" ? [] : [description]),
    ...events.map((event) => say("event", toEventView(event))),
    ...missing.map((what) => say("missing", { what: escapeText(what, NAME_LABEL) })),
  ];
}

/** In one line: what failed, and the last thing it said. */
function toTellingLine(cause: Cause, say: Say): string | undefined {
  const [line] = toCauseLines(cause, say);
  const { log = [] } = cause.hook ?? cause.pods[0] ?? {};
  const lastWords = log.map((text) => escapeText(text, LOG_LINE_LABEL)).findLast(Boolean);
  return lastWords === undefined ? line : `${line}: ${lastWords}`;
}

const DESCRIPTION_LABEL = 300;
const LOG_LINE_LABEL = 200;
const LOG_COUNT = 15;
// Half of what a message has room for.
const LOG_LIMIT = 1200;

/** The end of a log; none of its lines can close the block, since outside text bears no backticks. */
function codeBlock(log: readonly string[] = []): readonly string[] {
  const lines: string[] = [];
  let length = 0;
  for (const line of log.slice(-LOG_COUNT).toReversed()) {
    const text = escapeText(line, LOG_LINE_LABEL);
    length += JSON.stringify(text).length;
    if (length > LOG_LIMIT) break;
    lines.unshift(text);
  }
  return lines.length === 0 ? [] : [`\`\`\`\n${lines.join("\n")}\n\`\`\``];
}

/** As many as fit, in their order. */
export function fitting(lines: readonly string[], limit: number): readonly string[] {
  let room = limit;
  return lines.filter((line) => {
    const isFitting = jsonLength([line]) <= room;
    if (isFitting) room -= jsonLength([line]);
    return isFitting;
  });
}

/** Lines filled up to sections. */
export function toSections(lines: readonly string[]): readonly Block[] {
  return packLines(lines, SECTION_LIMIT).map(section);
}

/** Lines put together to texts of at most `limit` characters; a longer line stands alone. */
export function packLines(lines: readonly string[], limit: number): readonly string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const joined = `${texts.at(-1)}\n${line}`;
    if (texts.length > 0 && joined.length <= limit) texts[texts.length - 1] = joined;
    else texts.push(line);
  }
  return texts;
}

function jsonLength(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + JSON.stringify(text).length, 0);
}

export function section(text: string): Block {
  return { type: "section", text: mrkdwn(text) };
}

export function context(notes: string): Block {
  return { type: "context", elements: [mrkdwn(notes)] };
}

function mrkdwn(text: string): Mrkdwn {
  return { type: "mrkdwn", text, verbatim: true };
}
