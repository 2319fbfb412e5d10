// The tags that services of an environment would move to, by their policies and what their registries have.
import type { ServiceBump } from "../domain/bump.ts";
import { type Environment, policyOf, requireNamed } from "../domain/deployment-config.ts";
import { NotifyError } from "../domain/errors.ts";
import { heldTags } from "../domain/held-tags.ts";
import { parseTagValue, type TagValue } from "../domain/image-reference.ts";
import type { Ledger } from "../domain/ledger.ts";
import { pickTag, type TagChoice, type TagContext, tagsToDate } from "../domain/tag-choice.ts";
import { describePolicy, type TagPolicy } from "../domain/tag-policy.ts";
import type { Service } from "../domain/service.ts";
import { type Path, type Value, type Values, valueAt } from "../domain/values.ts";
import type { BumpPorts, BumpRequest, Declared } from "./bump.ts";
import { commitIn } from "./enriched-record.ts";
import type { Checkout } from "./ports.ts";
import { someAtATime } from "./some-at-a-time.ts";

/** Each rejects with a `NotifyError` of code `REGISTRY_…`. */
export interface ImageRegistry {
  readonly listTags: (image: string, signal: AbortSignal) => Promise<readonly string[]>;
  readonly readDigest: (image: string, tag: string, signal: AbortSignal) => Promise<string>;
  readonly readConfiguration: (
    image: string,
    tag: string,
    signal: AbortSignal,
  ) => Promise<{
    readonly created?: string;
    readonly labels: Readonly<Record<string, string>>;
  }>;
}

export interface LatestTagsPorts extends Pick<BumpPorts, "readConfig" | "readValues"> {
  readonly registry: ImageRegistry;
  /** `undefined` where the release has none. */
  readonly readLedger: (environment: Environment) => Promise<Ledger | undefined>;
  readonly signal: AbortSignal;
}

export interface LatestTag {
  readonly service: string;
  readonly image: string;
  readonly policy: TagPolicy;
  /** The tag in the environment's values, if any. */
  readonly current: string | undefined;
  readonly choice: TagChoice;
}

/** Told of a service whose tag cannot be chosen. Throws where that is to stop the others too. */
export type LeaveOut = (service: string, error: NotifyError) => void;

const stopAll: LeaveOut = (_, error) => {
  throw error;
};

// Two or three requests each; Docker Hub gives 200 in six hours to those who are logged in:
// https://docs.docker.com/docker-hub/usage/
const MAX_DATED = 200;
const PARALLEL = 6;
// A listed tag may be gone by now, or name something else than an image.
const UNDATED = ["REGISTRY_NOT_FOUND", "REGISTRY_NOT_ONE"];

/** Reads the image's tags and says how to pick one; asks when images were built only where the policy wants to know. */
export async function readTags(
  image: string,
  policy: TagPolicy,
  { registry, signal }: Pick<LatestTagsPorts, "registry" | "signal">,
): Promise<(context: TagContext) => TagChoice> {
  const tags = await registry.listTags(image, signal);
  const undated = tagsToDate(policy, tags);
  if (undated.length > MAX_DATED) {
    const many = `${undated.length} tags of ${image} would be compared by their age`;
    throw new NotifyError("TOO_MANY_TAGS", `${many}, ${MAX_DATED} at most can be`, {
      hint: "Narrow them with glob or regex, or compare by semver, numerical or alphabetical.",
    });
  }
  const dates = await someAtATime(undated, PARALLEL, async (tag) => {
    const created = await readCreated(image, tag, registry, signal);
    return created === undefined ? [] : [[tag, created] as const];
  });
  const createdAt = new Map(dates.flat());
  return (context) => pickTag(policy, tags, { ...context, createdAt });
}

async function readCreated(
  image: string,
  tag: string,
  registry: ImageRegistry,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    return (await registry.readConfiguration(image, tag, signal)).created;
  } catch (error) {
    if (error instanceof NotifyError && UNDATED.includes(error.code)) return undefined;
    throw error;
  }
}

/** What is wrong where nothing was chosen. */
export function noTagError({
  image,
  policy,
  choice,
}: Pick<LatestTag, "image" | "policy" | "choice">): NotifyError | undefined {
  if (choice.kind !== "none") return undefined;
  const { nearest, reasons } = choice;
  const near = nearest && `: of ${reasons.length}, ${nearest.tag} comes nearest (${nearest.why})`;
  const message = `${image} has no tag for ${describePolicy(policy)}${near ?? ", nor any other"}`;
  return new NotifyError("NO_TAG", message, {
    hint: "Change the policy, or push an image; helm notify tags --explain tells of every tag.",
  });
}

/**
 * Picks a tag for each service of that name, or for all that have a policy, but for those that are left out. None goes behind
 * the values' tag, nor to one that was rolled back: by Helm, as its ledger says, or in the history of the values file.
 */
export async function latestTags(
  declared: Declared,
  checkout: Pick<Checkout, "readHistory">,
  services: readonly string[],
  ports: LatestTagsPorts,
  leaveOut: LeaveOut = stopAll,
): Promise<readonly LatestTag[]> {
  const names = chooseServices(declared, services);
  const ledger = await readRollbacks(declared, ports);
  const { values: file } = declared.environment;
  const readable = await someAtATime(names, PARALLEL, (service) =>
    unlessLeftOut(service, leaveOut, async () => {
      const wish = toWish(declared, service);
      return { ...wish, pick: await readTags(wish.image, wish.policy, ports) };
    }),
  );
  const latest: LatestTag[] = [];
  for (const { places, pick, ...wish } of readable.flat()) {
    const { current } = wish;
    const held = heldTags(ledger, wish.service);
    let choice = pick({ current, held });
    if (choice.kind === "newer" && (await hasStood(choice.tag, places))) {
      // The last one of all: with it, those before it are held back too.
      choice = pick({ current, held: [...held, choice.tag] });
    }
    latest.push({ ...wish, choice });
  }
  return latest;

  /** Whether the values file had that tag once, and somebody went back from it. */
  async function hasStood(tag: string, places: Service): Promise<boolean> {
    for await (const text of checkout.readHistory(file, [tag])) {
      try {
        if (tagValue(ports.readValues(text, file), places).tag === tag) return true;
      } catch (error) {
        // It was not always as tidy as today.
        if (!(error instanceof NotifyError)) throw error;
      }
    }
    return false;
  }
}

/** Refuses where it cannot be known: the tag that people went back from must not return. */
async function readRollbacks(
  { environment, environmentName }: Declared,
  { readLedger }: LatestTagsPorts,
): Promise<Ledger | undefined> {
  try {
    return await readLedger(environment);
  } catch (error) {
    if (!(error instanceof NotifyError)) throw error;
    const { code, message, cause, hint } = error;
    const problem = `which tags were rolled back in ${environmentName} is not known: ${message}`;
    throw new NotifyError(code, problem, { ...(hint === undefined ? {} : { hint }), cause });
  }
}

function tagValue(values: Values, { tag }: Service): TagValue {
  return parseTagValue(valueAt(values, tag), tag.at(-1) ?? "");
}

/** Those of that name; without any, all that have a policy for the environment. */
function chooseServices(
  { config, environmentName }: Declared,
  services: readonly string[],
): readonly string[] {
  if (services.length > 0) return services;
  const withPolicy = Object.entries(config.services)
    .filter(([, service]) => policyOf(service, environmentName) !== undefined)
    .map(([name]) => name);
  if (withPolicy.length === 0) throw noPolicy("no service has a", environmentName);
  return withPolicy;
}

function toWish({ config, environmentName, values }: Declared, service: string) {
  const declared = requireNamed(config.services, "service", service);
  const policy = policyOf(declared, environmentName);
  if (policy === undefined) throw noPolicy(`${service} has no`, environmentName);
  const { places } = declared;
  const { tag: current, repository } = tagValue(values, places);
  const beside = valueIn(values, places.image);
  const image = declared.image ?? repository ?? (typeof beside === "string" ? beside : undefined);
  if (image) return { service, places, image, policy, current };
  throw new NotifyError("NO_IMAGE", `nothing says which image ${service} is`, {
    hint: `Add image to the service ${service} in helm-notify.yaml.`,
  });
}

function noPolicy(subject: string, environment: string): NotifyError {
  return new NotifyError("NO_POLICY", `${subject} policy for ${environment}`, {
    hint: "Add one in helm-notify.yaml, for example policy: {semver: ~1.4}.",
  });
}

/**
 * Chooses what `bump --latest` writes: for the services of that name, of which each must have a tag to move to or be at; or for
 * all that have a policy, of which one that cannot be looked up does not hold up the others.
 */
export function chooseLatest(
  services: readonly string[],
  ports: LatestTagsPorts & {
    readonly warn: (line: string) => void;
    readonly leaveOut: LeaveOut;
  },
): BumpRequest["choose"] {
  const leaveOut = services.length > 0 ? stopAll : ports.leaveOut;
  return async (declared, checkout) => {
    const latest = await latestTags(declared, checkout, services, ports, leaveOut);
    const bumps: ServiceBump[] = [];
    for (const one of latest) {
      for (const warning of one.choice.warnings) ports.warn(`${one.image}: ${warning}`);
      const found = await unlessLeftOut(one.service, leaveOut, () =>
        latestBump(declared, one, ports),
      );
      bumps.push(...found.flat());
    }
    return bumps;
  };
}

async function unlessLeftOut<T>(
  service: string,
  leaveOut: LeaveOut,
  work: () => Promise<T>,
): Promise<readonly T[]> {
  try {
    return [await work()];
  } catch (error) {
    if (!(error instanceof NotifyError)) throw error;
    leaveOut(service, error);
    return [];
  }
}

/** The image's revision comes along where the values have a place for it, its digest where they pin one. */
async function latestBump(
  { config, values }: Declared,
  one: LatestTag,
  { registry, signal }: LatestTagsPorts,
): Promise<readonly ServiceBump[]> {
  const error = noTagError(one);
  if (error) throw error;
  const { service, image, choice } = one;
  if (choice.kind !== "newer") return [];
  const { places } = requireNamed(config.services, "service", service);
  const isPinned = Boolean(tagValue(values, places).digest ?? valueIn(values, places.digest));
  const namesRevision = valueIn(values, places.revision) !== undefined;
  const { tag } = choice;
  const digest = isPinned ? await registry.readDigest(image, tag, signal) : undefined;
  const revision = namesRevision ? await readRevision(digest ?? tag) : undefined;
  return [{ service, tag, digest, revision }];

  async function readRevision(reference: string): Promise<string | undefined> {
    const { labels } = await registry.readConfiguration(image, reference, signal);
    return commitIn(labels);
  }
}

function valueIn(values: Values, path: Path | undefined): Value | undefined {
  return path && valueAt(values, path);
}
