// What a promotion brings, before it is written.
import { isDowngrade, type ShownPromotion } from "../domain/promotion.ts";
import type { ServiceRecord } from "../domain/record.ts";
import { alignColumns, tidy } from "./columns.ts";

const NOTHING = "-";
const REVISION_LENGTH = 7;

/** A row a service that changes, the others counted; then the commits. */
export function toPromotionLines(
  from: string,
  to: string,
  promotions: readonly ShownPromotion[],
): string[] {
  const changed = promotions.filter(({ isChanged }) => isChanged);
  const unchanged = promotions.length - changed.length;
  const rows = changed.map((promotion) => {
    const { bump, before, after } = promotion;
    const mark = isDowngrade(promotion) ? " (downgrade)" : "";
    return [
      bump.service,
      `${toChange(before?.tag, after.tag)}${mark}`,
      toChange(shorten(before), shorten(after)),
    ];
  });
  return [
    `${from} → ${to}: ${changed.length === 0 ? "nothing changes" : `${changed.length} to change`}${unchanged > 0 ? `, ${unchanged} unchanged` : ""}`,
    ...(rows.length > 0 ? alignColumns([["SERVICE", "TAG", "REVISION"], ...rows]) : []),
    ...changed.flatMap(toCommitLines).map(tidy),
  ];
}

function toCommitLines({ bump: { service }, shipped }: ShownPromotion): string[] {
  if (shipped === undefined) return [];
  const { commits, aheadBy, behindBy } = shipped;
  const rest = aheadBy - commits.length;
  return [
    ...(aheadBy > 0 ? [`${service} gets ${toCount(aheadBy)}:`] : []),
    ...commits.map(
      ({ revision, subject, author }) =>
        `  ${revision.slice(0, REVISION_LENGTH)} ${subject} (${author})`,
    ),
    ...(rest > 0 ? [`  +${rest} more`] : []),
    ...(behindBy > 0 ? [`${service} loses ${toCount(behindBy)}`] : []),
  ];
}

function toCount(commits: number): string {
  return commits === 1 ? "1 commit" : `${commits} commits`;
}

function toChange(before: string | undefined, after: string | undefined): string {
  if (before === after) return after ?? NOTHING;
  return `${before ?? NOTHING} → ${after ?? NOTHING}`;
}

function shorten(service: ServiceRecord | undefined): string | undefined {
  return service?.revision?.slice(0, REVISION_LENGTH);
}
