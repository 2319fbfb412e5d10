// JSON whose integers keep their digits: a tag such as 20250101123456789, given by --set, is an int64 to Helm.

/** A number, or the text itself where a number would have other digits. */
export function toExactInteger(digits: string): number | string {
  const number = Number(digits);
  return String(number) === digits ? number : digits;
}

const LONG_INTEGER = /[:,[]\s*-?\d{16,}\s*[,\]}]/;
// A string, or such an integer.
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\w.+-])-?\d{16,}(?![\d.eE])/gs;

/** Like JSON.parse, but an integer that no number holds becomes its text. */
export function parseExactJson(text: string): unknown {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text);
  const kept = text.replaceAll(TOKEN, (token) =>
    token.startsWith('"') || typeof toExactInteger(token) === "number" ? token : `"${token}"`,
  );
  return JSON.parse(kept);
}
