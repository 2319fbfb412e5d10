// The findings of `doctor` on a terminal.
import type { Finding } from "../domain/findings.ts";
import { tidy } from "./columns.ts";

const LEVEL_WIDTH = "problem".length;
const INDENT = " ".repeat(2 + LEVEL_WIDTH + 2);

/** By place, in the order in which the places come; the last line counts. */
export function toFindingLines(findings: readonly Finding[]): string[] {
  const places = [...new Set(findings.map(({ place }) => place))];
  return [
    ...places.flatMap((place) => [
      tidy(place),
      ...findings.filter((finding) => finding.place === place).flatMap(toLines),
    ]),
    `${count(findings, "problem")}, ${count(findings, "warning")}`,
  ];
}

function toLines({ level, message, remedy }: Finding): string[] {
  const [first = "", ...more] = message.split("\n").map(tidy);
  return [
    `  ${level.padEnd(LEVEL_WIDTH)}  ${first}`,
    ...more.map((line) => `${INDENT}${line}`),
    ...(remedy === undefined ? [] : [`${INDENT}→ ${tidy(remedy)}`]),
  ];
}

function count(findings: readonly Finding[], level: Finding["level"]): string {
  const number = findings.filter((finding) => finding.level === level).length;
  return `${number} ${level}${number === 1 ? "" : "s"}`;
}
