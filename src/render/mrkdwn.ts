// Slack's own markup. https://docs.slack.dev/messaging/formatting-message-text: exactly `&`, `<` and `>` are escaped, and an
// unescaped `<!channel>` in a tag would call a whole channel.

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** Makes text of outside safe for mrkdwn, on one line, at most `limit` characters before escaping. */
export function escapeText(text: string, limit = Infinity): string {
  return truncate(tidy(text), limit).replaceAll(/[&<>]/g, (sign) => ENTITIES[sign] ?? sign);
}

/** A link; the label alone where there is no usable address. `label` is text of outside, as for `escapeText`. */
export function link(url: string | undefined, label: string, limit = Infinity): string {
  const text = escapeText(label, limit);
  if (url === undefined || text === "") return text;
  // Slack ends the address at `|` and the link at `>`; a label may hold neither. A backtick would begin code.
  const address = url
    .toWellFormed()
    .replaceAll(/[|<>`\s\p{Cc}]/gu, encodeURIComponent)
    .replaceAll("&", "&amp;");
  if (address.length > MAX_URL_LENGTH) return text;
  return `<${address}|${text.replaceAll("|", "¦")}>`;
}

// Slack takes 3000; three such links would fill a section, and no real address is this long.
const MAX_URL_LENGTH = 600;

/** A moment in the reader's own time zone: https://docs.slack.dev/messaging/formatting-message-text#date-formatting */
export function moment(at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000);
  if (Number.isNaN(seconds)) return "";
  const utc = `${at.toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return `<!date^${seconds}^{date_short_pretty} {time}|${utc}>`;
}

/** Cuts mrkdwn with an ellipsis, never inside an entity, a link or a surrogate pair. */
export function cut(mrkdwn: string, limit: number): string {
  if (mrkdwn.length <= limit) return mrkdwn;
  const head = mrkdwn.slice(0, limit - 1);
  return `${head.replace(/(?:<[^<>]*|&[a-z]*|[\uD800-\uDBFF])$/, "")}…`;
}

/** Cuts text of outside with an ellipsis, never inside a surrogate pair. Cut first, escape then. */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const head = text.slice(0, limit - 1);
  return `${/[\uD800-\uDBFF]$/.test(head) ? head.slice(0, -1) : head}…`;
}

// Line breaks and control characters would break the layout, bidi overrides would turn "1.0 → 2.0" around, and a backtick
// would make code of all that follows.
function tidy(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ")
    .replaceAll(/[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/g, "")
    .replaceAll("`", "'")
    .trim();
}
