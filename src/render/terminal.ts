// A message as a person at a terminal reads it: links as their labels, markup as what it does.
import type { BlockKit } from "./block-kit.ts";

export interface TerminalOptions {
  readonly isColoured: boolean;
}

/** Lines without an end. Slack's blocks stand below each other. */
export function toTerminal({ blocks }: BlockKit, options: TerminalOptions): readonly string[] {
  return blocks.flatMap((block) => {
    const texts =
      block.type === "section"
        ? [block.text.text]
        : [block.elements.map(({ text }) => text).join(" · ")];
    return texts.flatMap((text) => toPlain(text, options).split("\n"));
  });
}

function toPlain(mrkdwn: string, { isColoured }: TerminalOptions): string {
  const bold = isColoured ? "\u001B[1m$1\u001B[22m" : "$1";
  return mrkdwn
    .replaceAll(/<(?:https?:[^|>]*)\|([^>]*)>/g, "$1")
    .replaceAll(/<!date\^[^|>]*\|([^>]*)>/g, "$1")
    .replaceAll(/\*([^*\n]+)\*/g, bold)
    .replaceAll(/^```\n?|\n?```$/gm, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
