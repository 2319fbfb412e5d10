// Which tags and revisions an upgrade carries forward, and why.
// explicit (this command's -f and --set*) > live (the release's user-supplied values) > chart default, for each path.
import { parseTagValue } from "./image-reference.ts";
import type { LiveRelease } from "./release.ts";
import type { Service } from "./service.ts";
import { isSame } from "./source-link.ts";
import { THREAD } from "./thread.ts";
import { formatPath, isMap, type Path, type Value, type Values, valueAt } from "./values.ts";

export interface CarryInput {
  readonly services: readonly Service[];
  /** User values of this command alone, nulls kept. */
  readonly explicit: Values;
  /** Whether this command replaces the map that a path stands in, and says nothing of the path. */
  readonly isReplaced?: ((path: Path) => boolean) | undefined;
  /** Which flag or file of this command says what stands at a path. */
  readonly originOf?: ((path: Path) => string | undefined) | undefined;
  /** Whether Helm itself keeps the last release's user values: nothing is injected then. */
  readonly isKeptByHelm: boolean;
  readonly live: LiveRelease | undefined;
  /** The chart to be deployed; `values` are its defaults, subcharts included. */
  readonly chart: {
    readonly values: Values;
    readonly appVersion?: string | undefined;
    /** Where values of subcharts stand that Helm has yet to fetch. */
    readonly missing?: readonly Path[];
  };
}

/** Who decides what stands at a path. `none`: nobody does. */
export type Origin = "explicit" | "live" | "chart" | "none";

export interface ServicePlan {
  readonly name: string;
  readonly path: Path;
  readonly origin: Origin;
  /** What will be deployed; `undefined` where nothing is said. */
  readonly after: Deployed;
  /** What the live release says. */
  readonly before: Deployed;
  /** Why the live tag is left behind. */
  readonly notCarried: string | undefined;
}

export interface Deployed {
  readonly tag: string | undefined;
  readonly revision: string | undefined;
  readonly digest: string | undefined;
}

export interface CarryPlan {
  readonly services: readonly ServicePlan[];
  /** To inject as the lowest of the user's values files; empty = nothing to inject. */
  readonly injected: Values;
  readonly warnings: readonly string[];
}

/** Decides for every mapped path. What this command says is never changed, and no list is ever entered. */
export function planCarry(input: CarryInput): CarryPlan {
  const injected: MutableValues = {};
  const warnings: string[] = [];
  const services = input.services.flatMap((service) => {
    const decisions = decideService(service, input);
    if (!input.isKeptByHelm) inject(decisions, injected);
    const plan = toServicePlan(service, decisions, input);
    if (service.unlistedIn !== undefined && !isLost(plan)) return [];
    warnings.push(
      ...warningsOf(service, decisions, plan, input).map((text) => `${service.name}: ${text}`),
    );
    return [plan];
  });
  return { services, injected, warnings };
}

/** Whether an upgrade deploys something else for this service than what is live. */
export function isChanged({ before, after }: ServicePlan): boolean {
  return (
    before.tag !== after.tag || before.revision !== after.revision || before.digest !== after.digest
  );
}

function isLost({ notCarried, before, after }: ServicePlan): boolean {
  return notCarried !== undefined && before.tag !== after.tag;
}

type Decision =
  | { readonly kind: "explicit"; readonly value: Value | undefined }
  | { readonly kind: "carried"; readonly path: Path; readonly value: Value }
  | { readonly kind: "left"; readonly reason: string; readonly value: Value | undefined }
  | { readonly kind: "default"; readonly value: Value | undefined };

type Role = "tag" | "image" | "revision" | "digest" | "thread";
type Decisions = Readonly<Record<Role, Decision>>;

function decideService(service: Service, input: CarryInput): Decisions {
  const tag = decide(service.tag, service, input);
  const isNewTag =
    tag.kind === "explicit" && toText(tag.value) !== toText(liveValue(service.tag, input));
  // A revision, a digest and a thread belong to a tag. An emptied digest stays empty: else the chart's own decides what runs.
  const isOrphan = (path: Path | undefined) =>
    path !== undefined &&
    (isNewTag || tag.kind === "left") &&
    valueAt(input.live?.config, path) !== "";
  const companion = (path: Path | undefined) => {
    const decision = decide(path, service, input);
    return decision.kind === "carried" && !input.isKeptByHelm && isOrphan(path)
      ? leave(path, "it belongs to the old tag", input)
      : decision;
  };
  // Beside the tag of just any chart, `thread` may mean something else.
  const isThread = THREAD.test(toText(liveValue(service.thread, input)) ?? "");
  return {
    tag,
    image: decide(service.image, service, input),
    revision: companion(service.revision),
    digest: companion(service.digest),
    thread: companion(isThread ? service.thread : undefined),
  };
}

function decide(path: Path | undefined, service: Service, input: CarryInput): Decision {
  if (path === undefined) return { kind: "default", value: undefined };
  if (decides(input.explicit, path))
    return { kind: "explicit", value: valueAt(input.explicit, path) };
  const value = valueAt(input.live?.config, path);
  if (value === undefined || input.live === undefined) {
    return { kind: "default", value: valueAt(input.chart.values, path) };
  }
  if (input.isKeptByHelm) return { kind: "carried", path, value };
  const reason = whyUnwanted(service) ?? obstacle(path, value, input.live, input);
  return reason === undefined ? { kind: "carried", path, value } : leave(path, reason, input);
}

function leave(path: Path | undefined, reason: string, { chart }: CarryInput): Decision {
  return { kind: "left", reason, value: path && valueAt(chart.values, path) };
}

function whyUnwanted({ carry, unlistedIn }: Service): string | undefined {
  if (unlistedIn !== undefined) return `${unlistedIn} does not name it`;
  return carry ? undefined : "carry is off";
}

/** Why a live value may not be injected into the new chart's values; `undefined` = it may. */
function obstacle(
  path: Path,
  value: Value,
  { chartValues: before }: LiveRelease,
  { chart: { values: after, missing = [] }, isReplaced }: CarryInput,
): string | undefined {
  // Helm replaces lists whole: an injected `workers[0]` would drop every other worker.
  if (path.some((step) => typeof step === "number")) return "it stands in a list";
  if (isComposite(value)) return "it is not a single value";
  if (isReplaced?.(path)) return "--set-json replaces the map it stands in";
  if (isComposite(valueAt(after, path))) return "the chart now has a map there";
  for (const [index] of path.slice(1).entries()) {
    const parent = path.slice(0, index + 1);
    const there = valueAt(after, parent);
    if (there !== undefined && there !== null && !isMap(there)) {
      return `the chart now has a single value at ${formatPath(parent)}`;
    }
  }
  const isYetToCome = missing.some((start) => start.every((step, at) => step === path[at]));
  return !isYetToCome && isGone(path, before, after) ? "the chart no longer has it" : undefined;
}

/** The live chart had the place, or the map it stands in, and the new chart has not. */
function isGone(path: Path, before: Values, after: Values): boolean {
  return [path, path.slice(0, -1)].some(
    (place) => valueAt(before, place) !== undefined && valueAt(after, place) === undefined,
  );
}

/** Whether `values` decide what stands at `path`: they hold it, or something above it that is not a map. */
function decides(values: Values, path: Path): boolean {
  for (const [index] of path.entries()) {
    const parent = valueAt(values, path.slice(0, index + 1));
    if (parent === undefined) return false;
    if (!isMap(parent)) return true;
  }
  return true;
}

function inject(decisions: Decisions, injected: MutableValues): void {
  for (const decision of Object.values(decisions)) {
    if (decision.kind === "carried") setAt(injected, decision.path, asInFile(decision.value));
  }
}

/** From here on Go prints a float with an exponent. */
const LONG_NUMBER = 1_000_000;

/**
 * A number of `--set` is an integer to Helm, one in a file a float: templates would make `1.234567e+06` of the build number
 * or Git revision 1234567. As text it stays as it was.
 */
function asInFile(value: Value): Value {
  return isLongNumber(value) ? String(value) : value;
}

function isLongNumber(value: Value | undefined): value is number {
  return typeof value === "number" && Math.abs(value) >= LONG_NUMBER;
}

function toServicePlan(service: Service, decisions: Decisions, input: CarryInput): ServicePlan {
  const { live, chart } = input;
  const { tag, revision, digest } = decisions;
  const after = toDeployed(
    service,
    { tag: tag.value, revision: revision.value, digest: digest.value },
    chart.appVersion,
  );
  const before = toDeployed(
    service,
    {
      tag: liveValue(service.tag, input),
      revision: liveValue(service.revision, input),
      digest: liveValue(service.digest, input),
    },
    live?.chart.appVersion,
  );
  return {
    name: service.name,
    path: service.tag,
    origin: originOf(tag, after.tag),
    after,
    before: live ? before : NOTHING,
    notCarried: tag.kind === "left" ? tag.reason : undefined,
  };
}

const NOTHING: Deployed = { tag: undefined, revision: undefined, digest: undefined };

/** The value at a service's tag may be a whole reference, or have a digest behind it. */
function toDeployed(
  service: Service,
  values: Readonly<Record<"tag" | "revision" | "digest", Value | undefined>>,
  appVersion: string | undefined,
): Deployed {
  const said = parseTagValue(values.tag, service.tag.at(-1) ?? "");
  return {
    tag: said.tag ?? (service.fallback === "appVersion" ? appVersion : undefined),
    revision: toText(values.revision),
    digest: toText(values.digest) ?? said.digest,
  };
}

function originOf(decision: Decision, tag: string | undefined): Origin {
  if (decision.kind === "explicit") return "explicit";
  if (decision.kind === "carried") return "live";
  return tag === undefined ? "none" : "chart";
}

function warningsOf(
  service: Service,
  decisions: Decisions,
  plan: ServicePlan,
  input: CarryInput,
): string[] {
  const { tag, revision, digest } = decisions;
  const { before, after } = plan;
  const warnings: string[] = [];
  if (tag.kind === "left" && service.carry) {
    const wayOut =
      service.unlistedIn === undefined
        ? ""
        : `; ${after.tag ?? "nothing"} comes instead. Add it there, with carry: false if that is wanted`;
    warnings.push(`the live tag ${before.tag ?? "(none)"} is not carried: ${tag.reason}${wayOut}`);
  }
  const was = toText(valueAt(input.live?.chartValues, service.tag));
  const is = toText(valueAt(input.chart.values, service.tag));
  if (tag.kind === "carried" && was && is && was !== is) {
    warnings.push(
      `carries ${after.tag ?? "nothing"} although the chart's own tag went from ${was} to ${is}`,
    );
  }
  for (const { kind, value } of [tag, revision]) {
    if (input.isKeptByHelm && kind === "carried" && isLongNumber(value)) {
      warnings.push(
        `Helm keeps ${value} as a number, which templates print with an exponent; say it with --set-string`,
      );
    }
  }
  // Said elsewhere than the tag, it was left behind; said beside it, it may well be meant.
  const isOfOldTag = (path: Path, { kind, value }: Decision, live: string | undefined) =>
    before.tag !== after.tag &&
    (kind === "carried" || (kind === "explicit" && !isSaidTogether(path, service.tag, input))) &&
    live !== undefined &&
    isSame(toText(value) ?? "", live);
  if (service.revision && isOfOldTag(service.revision, revision, before.revision)) {
    warnings.push(
      `the revision of the old tag stays, ${after.revision ?? "none"}; set ${formatPath(service.revision)} as well`,
    );
  }
  if (service.digest && isOfOldTag(service.digest, digest, before.digest)) {
    warnings.push(
      `the digest of the old tag stays, ${after.digest ?? "none"}, and decides what runs; set ${formatPath(service.digest)} as well`,
    );
  }
  const isOwnTag = tag.kind === "explicit" || tag.kind === "carried";
  if (service.revision && isOwnTag && is !== toText(tag.value) && isOfChart(revision)) {
    warnings.push(
      `the chart's own revision ${after.revision ?? ""} stays beside the tag ${after.tag ?? ""}; set ${formatPath(service.revision)} as well`,
    );
  }
  if (service.digest && isOwnTag && isOfChart(digest)) {
    warnings.push(
      `the chart pins ${toText(digest.value) ?? ""}, which decides what runs, not the tag; set ${formatPath(service.digest)} as well`,
    );
  }
  return warnings;
}

/** Whether one file says both, or the --set flags do. */
function isSaidTogether(one: Path, other: Path, input: CarryInput): boolean {
  const [first, second] = [one, other].map((path) =>
    input.originOf?.(path)?.replace(/^--set.*/, "--set"),
  );
  return first === second;
}

/** Whether the chart's own default stands there. */
function isOfChart({ kind, value }: Decision): boolean {
  return (kind === "default" || kind === "left") && toText(value) !== undefined;
}

/** What the live release deployed at a path: the user's value, else its chart's. */
function liveValue(path: Path | undefined, { live }: CarryInput): Value | undefined {
  if (path === undefined || live === undefined) return undefined;
  const value = valueAt(live.config, path);
  return value === undefined ? valueAt(live.chartValues, path) : value;
}

/** A tag as people write it; nothing for an empty, missing or composite value. */
function toText(value: Value | undefined): string | undefined {
  if (value === undefined || value === null || typeof value === "object") return undefined;
  return value === "" ? undefined : String(value);
}

function isComposite(value: Value | undefined): boolean {
  return typeof value === "object" && value !== null;
}

type MutableValues = { [key: string]: Value | MutableValues };

function setAt(values: MutableValues, path: Path, value: Value): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    values[key] = value;
    return;
  }
  const child: MutableValues = { ...(isMap(values[key]) ? values[key] : {}) };
  values[key] = child;
  setAt(child, rest, value);
}
