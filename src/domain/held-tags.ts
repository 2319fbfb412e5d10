// Tags that people, or Helm, went back from.
import { type Ledger, type Run, runsOf } from "./ledger.ts";
import { isGood } from "./run.ts";

/** The tags of a service that were rolled back, and not deployed well since. */
export function heldTags(ledger: Ledger | undefined, service: string): readonly string[] {
  const held = new Set<string>();
  for (const run of runsOf(ledger).toReversed()) {
    const from = run.from?.services[service]?.tag;
    const to = run.to?.services[service]?.tag;
    if (isGood(run.outcome ?? { kind: "unknown" }) && to !== undefined) held.delete(to);
    const left = leftTag(run, from, to);
    if (left !== undefined && from !== to) held.add(left);
  }
  return [...held];
}

/** An upgrade that Helm undid was rolled back too (`--rollback-on-failure`). */
function leftTag(
  { action, outcome }: Run,
  from: string | undefined,
  to: string | undefined,
): string | undefined {
  if (action === "rollback")
    return to === undefined || outcome?.kind === "not-applied" ? undefined : from;
  return action === "upgrade" && outcome?.kind === "rolled-back" ? to : undefined;
}
