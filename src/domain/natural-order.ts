// The order people expect of names with numbers in them: 1.0.9, 1.0.10.

/** Compares text as text, and each run of digits by its number. Positive where `a` comes last. */
export function compareNaturally(a: string, b: string): number {
  const [left, right] = [a.split(/(\d+)/), b.split(/(\d+)/)];
  for (const [index, part] of left.entries()) {
    const other = right[index] ?? "";
    // Split by a group, every second part is the digits.
    const order = index % 2 === 1 ? compareDigits(part, other) : compareText(part, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Compares decimal numbers of any length: a number of JavaScript ends at 16 digits, a time in microseconds does not. */
export function compareDecimals(a: string, b: string): number {
  const [wholeA = "", fractionA = ""] = a.split(".");
  const [wholeB = "", fractionB = ""] = b.split(".");
  const length = Math.max(fractionA.length, fractionB.length);
  return (
    compareDigits(wholeA, wholeB) ||
    compareText(fractionA.padEnd(length, "0"), fractionB.padEnd(length, "0"))
  );
}

export function compareText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function compareDigits(a: string, b: string): number {
  const [left, right] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  return left.length - right.length || compareText(left, right);
}
