// Tags, and what became of them, as people read it in a terminal.
import type { TagChoice, TagReason } from "../domain/tag-choice.ts";
import { describePolicy, type TagPolicy } from "../domain/tag-policy.ts";
import { alignColumns, tidy } from "./columns.ts";

export interface ChosenTag {
  readonly image: string;
  readonly policy: TagPolicy;
  readonly choice: TagChoice;
}

export interface ServiceTag extends ChosenTag {
  readonly service: string;
  readonly current: string | undefined;
}

// Of each reason so many tags are named: an image has thousands.
const MAX_NAMED = 6;

/** Why each tag was taken or passed over: a row a reason, the nearest first. */
export function toExplanation({ image, policy, choice }: ChosenTag): string[] {
  const { reasons } = choice;
  const groups = Map.groupBy(reasons, ({ why }) => why);
  const rows = [...groups].map(([why, of]) => [why, String(of.length), toNames(of)]);
  const taken = choice.kind === "none" ? "none" : choice.tag;
  const heading = `${image}, ${describePolicy(policy)}: ${taken} of ${reasons.length} tags`;
  return [
    tidy(heading),
    ...(rows.length > 0 ? alignColumns([["WHY", "COUNT", "TAGS"], ...rows]) : []),
  ];
}

/** A row a service: the tag it has, and the one it would get. */
export function toLatestTable(services: readonly ServiceTag[]): string[] {
  const rows = services.map(({ service, image, policy, current = "-", choice }) => [
    service,
    current,
    choice.kind === "none" ? "-" : choice.tag,
    describePolicy(policy),
    image,
  ]);
  return alignColumns([["SERVICE", "CURRENT", "LATEST", "POLICY", "IMAGE"], ...rows]);
}

function toNames(reasons: readonly TagReason[]): string {
  const names = reasons.slice(0, MAX_NAMED).map(({ tag }) => tag);
  return [...names, ...(reasons.length > MAX_NAMED ? ["…"] : [])].join(", ");
}
