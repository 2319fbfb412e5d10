// Trouble on demand: the requests a rule matches are refused, left hanging, or cut off.
export type FaultAction =
  | { readonly status: number; readonly reason?: string; readonly message?: string }
  | "hang"
  | "close";

/** What is not named matches everything; the first rule that matches decides. */
export interface FaultRule {
  readonly verb?: string;
  /** Plural, with a subresource where it is meant: `pods/log`. */
  readonly resource?: string;
  readonly namespace?: string;
  readonly name?: string | RegExp;
  /** After so many hits the rule is spent. */
  readonly times?: number;
  readonly action: FaultAction;
}

interface FaultTarget {
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

export class Faults {
  readonly #rules = new Map<FaultRule, number>();

  /** Returns the end of the rule. */
  add(rule: FaultRule): () => void {
    this.#rules.set(rule, rule.times ?? Infinity);
    return () => this.#rules.delete(rule);
  }

  take(target: FaultTarget): FaultAction | undefined {
    for (const [rule, left] of this.#rules) {
      if (left === 0 || !isHit(rule, target)) continue;
      this.#rules.set(rule, left - 1);
      return rule.action;
    }
    return undefined;
  }
}

function isHit(rule: FaultRule, target: FaultTarget): boolean {
  const { name } = rule;
  return (
    (["verb", "resource", "namespace"] as const).every(
      (field) => rule[field] === undefined || rule[field] === target[field],
    ) &&
    (name instanceof RegExp ? name.test(target.name) : name === undefined || name === target.name)
  );
}
