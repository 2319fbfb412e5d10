// A promotion: what one environment runs, to be written into the values of another.
import { compareTags, planBump, type ServiceBump } from "./bump.ts";
import { declaredServices } from "./declared-services.ts";
import type { DeploymentConfig } from "./deployment-config.ts";
import { NotifyError } from "./errors.ts";
import { ownOf } from "./live-table.ts";
import type { ServiceRecord } from "./record.ts";
import type { Shipped } from "./shipped.ts";
import type { Values } from "./values.ts";

export interface Promotion {
  readonly bump: ServiceBump;
  /** As the values of the target have it. */
  readonly before: ServiceRecord | undefined;
  readonly after: ServiceRecord;
  /** Whether anything is to be written. */
  readonly isChanged: boolean;
}

/** A promotion, and the commits that it brings, where the Git host could be asked. */
export interface ShownPromotion extends Promotion {
  readonly shipped: Shipped | undefined;
}

/** Takes `names` from `source`; all that run there where none is named. Refuses a named one that does not. */
export function planPromotions(
  names: readonly string[],
  source: Readonly<Record<string, ServiceRecord>>,
  target: { readonly config: DeploymentConfig; readonly values: Values },
): readonly Promotion[] {
  const { config, values } = target;
  const declared = declaredServices(config, values);
  const missing = names.find((name) => ownOf(source, name) === undefined);
  if (missing !== undefined) {
    throw new NotifyError("NOT_DEPLOYED", `there is no ${missing} to promote`, {
      hint: `Name services that are there: ${Object.keys(source).join(", ") || "none"}.`,
    });
  }
  return Object.entries(config.services).flatMap(([name, service]): Promotion[] => {
    const after = ownOf(source, name);
    if (after === undefined || (names.length > 0 && !names.includes(name))) return [];
    const { tag, revision, digest, thread } = after;
    const bump = { service: name, tag, revision, digest, thread };
    const isChanged = planBump(bump, service, values).edits.length > 0;
    return [{ bump, before: ownOf(declared, name), after, isChanged }];
  });
}

/** Whether the target would get what is older, by the commits or by the tags. */
export function isDowngrade({ before, after, shipped }: ShownPromotion): boolean {
  const isOlderTag = before !== undefined && compareTags(before.tag, after.tag) === "older";
  return isOlderTag || shipped?.direction === "behind";
}
