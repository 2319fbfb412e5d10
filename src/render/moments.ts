// Moments and spans of time, as people write them.

const SECONDS: readonly (readonly [string, number])[] = [
  ["d", 86_400],
  ["h", 3600],
  ["m", 60],
  ["s", 1],
];

/** `45s`, `2m10s`, `1h5m`, `3d2h`: the two largest units. Nothing for less than a second: clocks of two machines may disagree. */
export function toDuration(ms: number): string {
  return toUnits(ms, 2);
}

/** `3d`, `5h`, `2m`: how old something is, by the largest unit. */
export function toAge(ms: number): string {
  return toUnits(ms, 1) || "0s";
}

function toUnits(ms: number, count: number): string {
  let left = Math.round(ms / 1000);
  if (!(left > 0)) return "";
  const first = SECONDS.findIndex(([, seconds]) => left >= seconds);
  return SECONDS.slice(first, first + count)
    .map(([unit, seconds]) => {
      const whole = Math.floor(left / seconds);
      left -= whole * seconds;
      return whole === 0 ? "" : `${whole}${unit}`;
    })
    .join("");
}

/** `2026-11-21 12:00:05 UTC`; the text itself where it is no moment. */
export function toUtc(moment: string): string {
  const date = new Date(moment);
  if (Number.isNaN(date.getTime())) return moment;
  return `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
}
