// Which of an image's tags a policy takes, and why not the others.
import Range from "semver/classes/range.js";
import type SemVer from "semver/classes/semver.js";
import compareVersions from "semver/functions/compare-build.js";
import parseVersion from "semver/functions/parse.js";
import minVersion from "semver/ranges/min-version.js";
import { compareDecimals, compareNaturally, compareText } from "./natural-order.ts";
import { fillGroups, globToRegExp, type TagPolicy, toRegExp } from "./tag-policy.ts";

/** What is known beside the tags' names. */
export interface TagContext {
  /** The tag to move on from: an older one is never taken. */
  readonly current?: string | undefined;
  /** Tags that were rolled back: they and those before them wait for one that comes after. */
  readonly held?: readonly string[];
  /** When images were built, in RFC 3339; only `newest` asks. */
  readonly createdAt?: ReadonlyMap<string, string>;
}

/** From near to far: how close a tag came to be taken. A contract with scripts. */
type Verdict =
  | "taken"
  | "current"
  | "held"
  /** Comes before the one that is taken, or not after the current one. */
  | "older"
  /** The order knows it, but the policy does not let it in. */
  | "outside"
  /** The order cannot place it. */
  | "unordered"
  | "filtered"
  | "no-image";

export interface TagReason {
  readonly tag: string;
  readonly verdict: Verdict;
  /** In words; the same for tags that are passed over for the same reason. */
  readonly why: string;
}

export type TagChoice = {
  /** Of each tag, those that came near first. */
  readonly reasons: readonly TagReason[];
  readonly warnings: readonly string[];
} & (
  | { readonly kind: "newer"; readonly tag: string }
  /** Nothing comes after the current tag, or may be taken yet. */
  | { readonly kind: "current"; readonly tag: string }
  | { readonly kind: "none"; readonly nearest: TagReason | undefined }
);

/** Takes the last tag in the policy's order that comes after the current and every rolled back one. */
export function pickTag(
  policy: TagPolicy,
  tags: readonly string[],
  context: TagContext = {},
): TagChoice {
  const { semver, numerical, alphabetical } = policy;
  if (semver !== undefined) return choose(versions(semver), policy, tags, context);
  if (numerical !== undefined) return choose(numbers(numerical), policy, tags, context);
  if (alphabetical !== undefined) return choose(letters(alphabetical), policy, tags, context);
  return choose(builds(context.createdAt ?? new Map()), policy, tags, context);
}

/** Whether `tag` comes before `current` in the policy's order, as far as their names say it. */
export function isBefore(policy: TagPolicy, tag: string, current: string): boolean {
  const isAfter = (one: string, other: string) =>
    pickTag(policy, [one], { current: other }).reasons.some(({ verdict }) => verdict === "taken");
  const isPlaced = pickTag(policy, [tag]).kind === "newer";
  return isPlaced && isAfter(current, tag) && !isAfter(tag, current);
}

/** The tags whose images' age decides; none where the policy goes by their names. */
export function tagsToDate(policy: TagPolicy, tags: readonly string[]): readonly string[] {
  const { semver, numerical, alphabetical } = policy;
  if ((semver ?? numerical ?? alphabetical) !== undefined) return [];
  const filter = filterOf(policy);
  return tags.filter((tag) => !noImage(tag) && !filter(tag));
}

/** How tags are put in order. What comes last is best. */
interface Order<Key> {
  readonly read: (part: string, tag: string) => Key | undefined;
  /** Why a tag cannot be read. */
  readonly unreadable: string;
  /** Why a tag that can be read is not let in. */
  readonly refuse?: (key: Key) => string | undefined;
  /** Where that which is let in begins. */
  readonly start?: Key | undefined;
  readonly compare: (a: Key, b: Key) => number;
  readonly warn?: (tags: readonly string[]) => readonly string[];
}

type Direction = "asc" | "desc";

function versions(rangeText: string): Order<SemVer> {
  const range = new Range(rangeText);
  const wide = new Range(rangeText, { includePrerelease: true });
  return {
    read: (part) => parseVersion(part) ?? undefined,
    unreadable: "no semantic version",
    refuse: (version) => {
      if (range.test(version)) return undefined;
      return wide.test(version)
        ? `a pre-release, which ${rangeText} does not name`
        : `not in ${rangeText}`;
    },
    start: minVersion(range) ?? undefined,
    compare: compareVersions,
  };
}

function numbers(direction: Direction): Order<string> {
  return {
    read: (part) => (/^\d+(?:\.\d+)?$/.test(part) ? part : undefined),
    unreadable: "no number",
    compare: directed(direction, compareDecimals),
  };
}

function letters(direction: Direction): Order<string> {
  const compare = directed(direction, compareText);
  const naturally = directed(direction, compareNaturally);
  return {
    read: (part) => part,
    unreadable: "",
    compare,
    warn: (parts) => {
      const [last = ""] = parts.toSorted((a, b) => compare(b, a));
      const [expected = ""] = parts.toSorted((a, b) => naturally(b, a));
      if (naturally(expected, last) <= 0) return [];
      return [
        `alphabetically ${expected} comes before ${last}: compare by semver or numerical, or with numbers of equal width`,
      ];
    },
  };
}

// Reproducible builds stamp their images 1970 or 1980, Go's empty time is the year 1; Docker is from 2013.
const FIRST_BUILD = Date.UTC(2013);

function builds(createdAt: ReadonlyMap<string, string>): Order<number> {
  return {
    read: (_, tag) => {
      const time = Date.parse(createdAt.get(tag) ?? "");
      return time >= FIRST_BUILD ? time : undefined;
    },
    unreadable: "its image does not say when it was built",
    compare: (a, b) => a - b,
  };
}

function directed(
  direction: Direction,
  compare: (a: string, b: string) => number,
): (a: string, b: string) => number {
  return direction === "asc" ? compare : (a, b) => compare(b, a);
}

/** A tag with its place in the order; `refusal` is why the policy does not let it in all the same. */
interface Placed<Key> {
  readonly tag: string;
  readonly part: string;
  readonly key: Key;
  readonly refusal: string | undefined;
}

function choose<Key>(
  order: Order<Key>,
  policy: TagPolicy,
  tags: readonly string[],
  { current, held = [] }: TagContext,
): TagChoice {
  const place = placing(order, policy);
  const { placed, others } = arrange(order, [...new Set(tags)].map(place));
  const candidates = placed.filter(({ refusal }) => refusal === undefined);
  const outside = placed.filter(({ refusal }) => refusal !== undefined);
  const [now] = arrange(order, current === undefined ? [] : [place(current)]).placed;
  // A rolled back tag that the policy no longer lets in was given up: it stops nothing.
  const stop = arrange(order, held.map(place)).placed.find(({ refusal }) => refusal === undefined);

  const passOver = ({ tag, key }: Placed<Key>): TagReason | undefined => {
    const isAfter = (other: Placed<Key> | undefined) =>
      other === undefined || order.compare(key, other.key) > 0;
    if (tag === current) return { tag, verdict: "current", why: "the current one" };
    if (held.includes(tag)) return { tag, verdict: "held", why: "was rolled back" };
    if (!isAfter(now)) return { tag, verdict: "older", why: `not after the current ${now?.tag}` };
    if (isAfter(stop)) return undefined;
    return { tag, verdict: "held", why: `not after ${stop?.tag}, which was rolled back` };
  };
  const taken = candidates.find((candidate) => passOver(candidate) === undefined);
  const judge = (candidate: Placed<Key>): TagReason => {
    const { tag, key } = candidate;
    if (tag === taken?.tag) return { tag, verdict: "taken", why: "comes last" };
    const isLevel = taken !== undefined && order.compare(key, taken.key) === 0;
    const why = `${isLevel ? "level with" : "before"} ${taken?.tag}`;
    return passOver(candidate) ?? { tag, verdict: "older", why };
  };
  const refuse = ({ tag, refusal = "" }: Placed<Key>): TagReason => {
    return { tag, verdict: "outside", why: refusal };
  };
  const reasons = [...candidates.map(judge), ...outside.map(refuse), ...others];
  const warnings = order.warn?.(candidates.map(({ part }) => part)) ?? [];

  if (taken !== undefined) {
    const isLost = current !== undefined && now === undefined;
    const doubt = `the current tag ${current} has no place in this order: ${taken.tag} may be older`;
    const all = isLost ? [...warnings, doubt] : warnings;
    return { kind: "newer", tag: taken.tag, reasons, warnings: all };
  }
  if (current !== undefined && candidates.length > 0) {
    return { kind: "current", tag: current, reasons, warnings };
  }
  const { start } = order;
  const below = outside.find(({ key }) => start !== undefined && order.compare(key, start) < 0);
  const near = candidates[0] ?? below ?? outside.at(-1);
  const nearest = near ? reasons.find(({ tag }) => tag === near.tag) : reasons[0];
  return { kind: "none", nearest, reasons, warnings };
}

function placing<Key>(
  order: Order<Key>,
  policy: TagPolicy,
): (tag: string) => Placed<Key> | TagReason {
  const filter = filterOf(policy);
  const partOf = extractOf(policy);
  return (tag) => {
    const reason = noImage(tag) ?? filter(tag);
    if (reason) return reason;
    const part = partOf(tag);
    const key = order.read(part, tag);
    if (key === undefined) return { tag, verdict: "unordered", why: order.unreadable };
    return { tag, part, key, refusal: order.refuse?.(key) };
  };
}

/** What has a place, the last first; and the others, the nearest first. */
function arrange<Key>(order: Order<Key>, tags: Iterable<Placed<Key> | TagReason>) {
  const placed: Placed<Key>[] = [];
  const others: TagReason[] = [];
  for (const tag of tags) {
    if ("key" in tag) placed.push(tag);
    else others.push(tag);
  }
  placed.sort((a, b) => order.compare(b.key, a.key) || moreSpecificFirst(a.tag, b.tag));
  others.sort(nearFirst);
  return { placed, others };
}

const FAR: readonly Verdict[] = ["unordered", "filtered", "no-image"];

function nearFirst(a: TagReason, b: TagReason): number {
  return FAR.indexOf(a.verdict) - FAR.indexOf(b.verdict) || compareNaturally(b.tag, a.tag);
}

/** Why a tag is never one to deploy. */
function noImage(tag: string): TagReason | undefined {
  if (tag === "latest") return { tag, verdict: "no-image", why: "moves from image to image" };
  // https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md#tag-based-discovery and
  // https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema
  if (!/^sha256-[0-9a-f]{64}/.test(tag)) return undefined;
  return { tag, verdict: "no-image", why: "belongs to an image, and is none" };
}

/** Why the policy's filter leaves a tag out. */
function filterOf({ glob, regex }: TagPolicy): (tag: string) => TagReason | undefined {
  const pattern = glob ?? regex;
  if (pattern === undefined) return () => undefined;
  const regExp = glob === undefined ? toRegExp(pattern) : globToRegExp(pattern);
  const why = `does not match ${pattern}`;
  return (tag) => (regExp.test(tag) ? undefined : { tag, verdict: "filtered", why });
}

/** The part of a tag that is compared. */
function extractOf({ regex, extract }: TagPolicy): (tag: string) => string {
  if (regex === undefined || extract === undefined) return (tag) => tag;
  const regExp = toRegExp(regex);
  return (tag) => fillGroups(extract, regExp.exec(tag));
}

/** Of several names for one image, `1.4.0` goes before `1.4`, and both before `stable`: those move. */
function moreSpecificFirst(a: string, b: string): number {
  return Number(/\d/.test(b)) - Number(/\d/.test(a)) || compareNaturally(b, a);
}
