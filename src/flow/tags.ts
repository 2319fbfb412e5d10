// helm notify tags: what an image's registry has, which tag a policy takes of it, and why.
import type { NotifyError } from "../domain/errors.ts";
import { compareNaturally } from "../domain/natural-order.ts";
import type { TagPolicy } from "../domain/tag-policy.ts";
import { toExplanation, toLatestTable } from "../render/tags-table.ts";
import { readDeclared } from "./bump.ts";
import {
  type LatestTag,
  latestTags,
  type LatestTagsPorts,
  noTagError,
  readTags,
} from "./latest-tags.ts";
import type { Checkout } from "./ports.ts";

export interface TagsRequest {
  readonly wish: TagsWish;
  readonly output: "table" | "json";
  /** Whether to say of every tag what became of it. */
  readonly isExplained: boolean;
}

type TagsWish =
  | { readonly kind: "list"; readonly image: string }
  | { readonly kind: "pick"; readonly image: string; readonly policy: TagPolicy }
  /** For the services of that name, or for all that have a policy. */
  | {
      readonly kind: "latest";
      readonly environment: string;
      readonly services: readonly string[];
    };

export interface TagsPorts extends LatestTagsPorts {
  /** Opens the deployment repository the user stands in. */
  readonly withCheckout: <T>(use: (checkout: Checkout) => Promise<T>) => Promise<T>;
}

export interface TagsReport {
  /** For stdout; ends in a newline where there is any. */
  readonly text: string;
  readonly warnings: readonly string[];
  /** Where a policy takes no tag: to be thrown when the rest is printed. */
  readonly error: NotifyError | undefined;
}

/** Reads registries and changes nothing. */
export async function reportTags(request: TagsRequest, ports: TagsPorts): Promise<TagsReport> {
  const { wish, output } = request;
  switch (wish.kind) {
    case "list": {
      const tags = await ports.registry.listTags(wish.image, ports.signal);
      const sorted = tags.toSorted((a, b) => compareNaturally(b, a));
      const text = output === "json" ? toJson({ v: 1, ...wish, tags: sorted }) : toText(sorted);
      return { text, warnings: [], error: undefined };
    }
    case "pick": {
      const choice = (await readTags(wish.image, wish.policy, ports))({});
      const lines = choice.kind === "none" ? [] : [choice.tag];
      return toReport([{ ...wish, current: undefined, choice }], request, lines);
    }
    case "latest": {
      const latest = await ports.withCheckout(async (checkout) => {
        const declared = await readDeclared(wish.environment, { ...ports, checkout });
        return latestTags(declared, checkout, wish.services, ports);
      });
      return toReport(latest, request, toLatestTable(latest));
    }
  }
}

type Chosen = Omit<LatestTag, "service"> & { readonly service?: string };

function toReport(
  chosen: readonly Chosen[],
  { output, isExplained }: TagsRequest,
  lines: readonly string[],
): TagsReport {
  const text = isExplained
    ? chosen.map((one) => toText(toExplanation(one))).join("\n")
    : toText(lines);
  const warnings = chosen.flatMap(({ image, choice }) =>
    choice.warnings.map((warning) => `${image}: ${warning}`),
  );
  return {
    text: output === "json" ? toJson({ v: 1, chosen: chosen.map(toView) }) : text,
    warnings,
    error: chosen.map(noTagError).find((error) => error !== undefined),
  };
}

/** A contract with scripts: keys are only ever added. `null` = none. */
function toView({ service, image, policy, current, choice }: Chosen): object {
  return {
    service: service ?? null,
    image,
    policy,
    current: current ?? null,
    choice: choice.kind,
    tag: choice.kind === "none" ? null : choice.tag,
    tags: choice.reasons,
    warnings: choice.warnings,
  };
}

function toJson(view: object): string {
  return `${JSON.stringify(view, null, 2)}\n`;
}

function toText(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
