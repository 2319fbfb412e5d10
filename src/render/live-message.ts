// What runs where, as a message.
import type { LiveTable } from "../domain/live-table.ts";
import { type BlockKit, packLines, section, SECTION_LIMIT, toSections } from "./block-kit.ts";
import { toMatrix, toRemarks } from "./live-table.ts";
import { escapeText, truncate } from "./mrkdwn.ts";

// Of the whole, for the reason block-kit.ts gives for its own.
const TOTAL_LIMIT = 10_000;
// Escaping makes a text up to five times as long.
const LINE_LIMIT = 500;
const HEADLINE = "What runs where";

/** The table as code, so that its columns stand; then the drift. Lines that do not fit are counted. */
export function toLiveMessage(table: LiveTable, now: Date): BlockKit {
  const remarks = toRemarks(table);
  let left = TOTAL_LIMIT;
  const fitting = (lines: readonly string[]): readonly string[] => {
    const taken: string[] = [];
    for (const line of lines.map((text) => escapeLine(text))) {
      left -= JSON.stringify(line).length;
      if (left < 0) return [...taken, `+${lines.length - taken.length} more`];
      taken.push(line);
    }
    return taken;
  };
  // What is wrong is never left out for what is not.
  const told = fitting(remarks);
  const code = packLines(fitting(toMatrix(table, now)), SECTION_LIMIT - "```\n\n```".length);
  return {
    text: `${HEADLINE}: ${summarize(table)}`,
    blocks: [
      section(`*${HEADLINE}*`),
      ...code.map((part) => section(`\`\`\`\n${part}\n\`\`\``)),
      ...toSections(told),
    ],
  };
}

/** Spaces between the columns are the layout, and stay. */
function escapeLine(line: string): string {
  return truncate(line, LINE_LIMIT)
    .split(/( {2,})/)
    .map((part) => (part.trim() === "" ? part : escapeText(part)))
    .join("");
}

function summarize({ environments }: LiveTable): string {
  const cells = environments.flatMap((environment) => environment.cells);
  const drifting = cells.filter(({ drifts }) => drifts.length > 0).length;
  const unreadable = environments.filter(({ isReadable }) => !isReadable);
  return [
    drifting === 0 ? "no drift" : `${drifting} with drift`,
    ...unreadable.map(({ name }) => `${escapeText(name, LINE_LIMIT)} not readable`),
  ].join(", ");
}
