// Comma-separated values: https://www.rfc-editor.org/rfc/rfc4180

type Cell = string | number | boolean | undefined;

/** The name of a column, and what stands in it. */
export type CsvColumn<Row> = readonly [name: string, cellOf: (row: Row) => Cell];

/** A header and a line a row. Lines end in CRLF, the last one too; `undefined` is an empty cell. */
export function toCsv<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const header = columns.map(([name]) => name);
  const lines = rows.map((row) => columns.map(([, cellOf]) => cellOf(row)));
  return [header, ...lines].map((cells) => `${cells.map(toCell).join(",")}\r\n`).join("");
}

function toCell(cell: Cell): string {
  const text = typeof cell === "string" ? defuse(cell) : String(cell ?? "");
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/**
 * A spreadsheet takes these beginnings for a formula, full-width ones too, and a name or tag is anyone's to choose. With an
 * apostrophe in front it is text: https://owasp.org/www-community/attacks/CSV_Injection
 */
function defuse(text: string): string {
  return /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
}
