// Changes what a stored release says of itself, and leaves every other byte: the rest may hold numbers and texts that a JSON
// parser of another language would not write back as Helm wrote them.
import { NotifyError } from "../domain/errors.ts";

/** Sets a text of `info` in a release's JSON, which must be valid; refuses one without `info` as `RELEASE_UNREADABLE`. */
export function editInfo(json: string, key: string, text: string): string {
  const info = findMember(json, json.indexOf("{"), "info");
  if (info === undefined || json[info.start] !== "{") {
    throw new NotifyError("RELEASE_UNREADABLE", "the stored release has no info");
  }
  const value = JSON.stringify(text);
  const member = findMember(json, info.start, key);
  if (member !== undefined) return json.slice(0, member.start) + value + json.slice(member.end);
  const at = info.start + 1;
  const isEmpty = json[skipSpace(json, at)] === "}";
  return `${json.slice(0, at)}${JSON.stringify(key)}:${value}${isEmpty ? "" : ","}${json.slice(at)}`;
}

/** Where a value stands. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** In the object that begins at `start`. */
function findMember(json: string, start: number, key: string): Span | undefined {
  let at = skipSpace(json, start + 1);
  while (json[at] === '"') {
    const keyEnd = endOfString(json, at);
    const valueStart = skipSpace(json, skipSpace(json, keyEnd) + 1);
    const valueEnd = endOfValue(json, valueStart);
    if (JSON.parse(json.slice(at, keyEnd)) === key) return { start: valueStart, end: valueEnd };
    at = skipSpace(json, skipSpace(json, valueEnd) + 1);
  }
  return undefined;
}

function endOfValue(json: string, start: number): number {
  const isNested = json[start] === "{" || json[start] === "[";
  let at = start;
  for (let depth = 0; at < json.length; at++) {
    const char = json[at] ?? "";
    // What ends a number or a literal is not part of it.
    if (!isNested && /[,}\s]/.test(char)) break;
    if (char === '"') at = endOfString(json, at) - 1;
    else if (char === "{" || char === "[") depth++;
    else if (char === "}" || char === "]") depth--;
    if (isNested && depth === 0) return at + 1;
  }
  return at;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at + 1;
}

function skipSpace(json: string, start: number): number {
  let at = start;
  while (/\s/.test(json[at] ?? "")) at++;
  return at;
}
