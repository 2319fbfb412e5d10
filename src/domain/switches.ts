// Which dependencies of a chart the values switch off: Helm then leaves out what they bring.
// https://helm.sh/docs/topics/charts/#tags-and-condition-fields-in-dependencies
import { type Path, type Values, valueAt } from "./values.ts";

/** What turns one dependency on and off. */
export interface Switch {
  /** Where its values stand. */
  readonly path: readonly string[];
  /** Paths in the values of the chart that names it, parted by commas. */
  readonly condition?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** Whether a place in coalesced values belongs to a dependency that is switched off. */
export function isSwitchedOff(place: Path, switches: readonly Switch[], values: Values): boolean {
  return switches.some(
    (one) => one.path.every((key, at) => place[at] === key) && isOff(one, values),
  );
}

/**
 * Whether a map around a place says `enabled: false`: all that a chart sees of it, and its record leaves the service out. Globals
 * are no component.
 */
export function isDisabled(place: Path, values: Values): boolean {
  return place.some((_, depth) => {
    const enabled = valueAt(values, [...place.slice(0, depth), "enabled"]);
    return (enabled === false || enabled === "false") && place[depth - 1] !== "global";
  });
}

/** The first condition that says it decides, then the tags. */
function isOff({ path, condition = "", tags = [] }: Switch, values: Values): boolean {
  const parent = path.slice(0, -1);
  const decided = condition
    .split(",")
    .map((text) => valueAt(values, [...parent, ...text.trim().split(".")]))
    .find((value) => typeof value === "boolean");
  if (decided !== undefined) return !decided;
  const tagged = tags.map((tag) => valueAt(values, ["tags", tag]));
  return tagged.includes(false) && !tagged.includes(true);
}
