// What a bump writes into an environment's values: tags, and the revisions, digests and threads that belong to them.
import type { SemVer } from "semver";
import parseVersion from "semver/functions/parse.js";
import type { DeployedService } from "./deployment-config.ts";
import { NotifyError } from "./errors.ts";
import { isReferenceKey, parseTagValue } from "./image-reference.ts";
import { COMMIT } from "./source-link.ts";
import { THREAD } from "./thread.ts";
import { formatPath, type Path, type Value, type Values, valueAt } from "./values.ts";

/** What one service is to be set to. */
export interface ServiceBump {
  readonly service: string;
  readonly tag: string;
  /** A Git commit of the service's source. */
  readonly revision?: string | undefined;
  /** The branch or tag that was built. */
  readonly sourceRef?: string | undefined;
  readonly digest?: string | undefined;
  /** Where the image was announced. */
  readonly thread?: string | undefined;
}

export interface PlannedEdit {
  readonly path: Path;
  readonly value: string;
  /** Written also where nothing stands yet. */
  readonly mayCreate?: true;
}

/** A service that is bumped: what it was, and what is written for it. */
export interface PlannedBump {
  readonly bump: ServiceBump;
  readonly image: string | undefined;
  readonly source: string | undefined;
  /** The tag that stands there now, if any. */
  readonly from: string | undefined;
  /** Empty where the file says all of it already. */
  readonly edits: readonly PlannedEdit[];
}

const SHAPES = {
  // https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
  tag: /^\w[\w.-]{0,127}$/,
  // https://github.com/opencontainers/image-spec/blob/main/descriptor.md#registered-algorithms
  digest: /^sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/,
  revision: COMMIT,
  // https://git-scm.com/docs/git-check-ref-format, shortened
  sourceRef: /^[^\s\p{Cc}~^:?*[\\]{1,250}$/u,
  thread: THREAD,
} as const;

const MEANINGS = {
  tag: "a tag of an image",
  digest: "a digest like sha256:…",
  revision: "a Git commit of 7 to 64 hexadecimal digits",
  sourceRef: "a name of a branch or tag",
  thread: "a thread like C0123456789/1763719200.000100",
} as const;

/** Reads `api=1.4.0`, `api=1.4.0@9f8e7d6`, `api=1.4.0@sha256:…`: revision and digest in any order behind the tag. */
export function parseServiceBump(word: string): ServiceBump {
  const [service = "", said] = word.split(/=(.*)/s);
  if (service === "" || said === undefined) {
    throw new NotifyError("BAD_BUMP", `"${word}" does not say which service gets which tag`, {
      hint: "Write SERVICE=TAG or SERVICE=TAG@REVISION, for example api=1.4.0@9f8e7d6.",
    });
  }
  const [tag = "", ...more] = said.split("@");
  const digests = more.filter((part) => part.includes(":"));
  const revisions = more.filter((part) => !part.includes(":"));
  const [digest, revision] = [digests[0], revisions[0]];
  if (digests.length > 1 || revisions.length > 1) {
    throw new NotifyError("BAD_BUMP", `"${word}" says more than one revision or digest`, {
      hint: "Write SERVICE=TAG@REVISION@DIGEST.",
    });
  }
  return {
    service,
    tag,
    ...(revision === undefined ? {} : { revision }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** Refuses what no registry or Git knows, such as the empty tag of an unset CI variable, and a service named twice. */
export function checkBumps(bumps: readonly ServiceBump[]): void {
  for (const [index, bump] of bumps.entries()) {
    for (const key of ["tag", "digest", "revision", "sourceRef", "thread"] as const) {
      const value = bump[key];
      if (value === undefined || SHAPES[key].test(value)) continue;
      throw new NotifyError("BAD_BUMP", `${bump.service}: "${value}" is not ${MEANINGS[key]}`, {
        hint: "Check the variable of the CI that it comes from.",
      });
    }
    if (bumps.findIndex(({ service }) => service === bump.service) === index) continue;
    throw new NotifyError("BAD_BUMP", `${bump.service} is named twice`, {
      hint: "Name each service once.",
    });
  }
}

/**
 * Decides what is written for one service. A revision, a digest and a thread belong to their tag: where the tag changes
 * and they are not given, those that stand there are emptied, for they would lie, and a digest would decide what runs.
 * Another thread alone is not written: it would be the commit and the deploy of no change.
 */
export function planBump(
  bump: ServiceBump,
  { places, image }: DeployedService,
  values: Values,
): PlannedBump {
  const key = places.tag.at(-1) ?? "";
  const present = valueAt(values, places.tag);
  const current = parseTagValue(present, key);
  const repository = current.repository ?? (isReferenceKey(key) ? image : undefined);
  // A map or a list there is refused by the edit, which knows its line.
  const isWritable = present === undefined || present === null || typeof present !== "object";
  if (repository === undefined && isReferenceKey(key) && isWritable) {
    throw new NotifyError("NO_IMAGE", `${formatPath(places.tag)} names no image to put a tag on`, {
      hint: `Add image to the service ${bump.service} in helm-notify.yaml.`,
    });
  }
  // Where the digest stands behind the tag, a new one does too.
  const isDigestInline = repository !== undefined || current.digest !== undefined;
  const isSame = current.tag === bump.tag;
  const inline = bump.digest ?? (isSame ? current.digest : undefined);
  const name = repository === undefined ? "" : `${repository}:`;
  const digest = isDigestInline && inline !== undefined ? `@${inline}` : "";
  const companion = (path: Path | undefined, given: string | undefined): PlannedEdit[] => {
    const stands = path === undefined ? undefined : (valueAt(values, path) ?? undefined);
    const value = given ?? (isSame || stands === undefined ? undefined : "");
    return path === undefined || value === undefined ? [] : [{ path, value }];
  };
  const isOpen = ({ path, value }: PlannedEdit) => !isSaid(valueAt(values, path), value);
  const edits = [
    { path: places.tag, value: `${name}${bump.tag}${digest}` },
    ...companion(places.revision, bump.revision),
    ...companion(places.digest, isDigestInline ? undefined : bump.digest),
  ].filter(isOpen);
  const thread = edits.length === 0 ? [] : companion(places.thread, bump.thread).filter(isOpen);
  return {
    bump,
    image: image ?? repository ?? textAt(values, places.image),
    source: places.source,
    from: current.tag,
    edits: [...edits, ...thread.map((edit) => ({ ...edit, mayCreate: true as const }))],
  };
}

/** The text counts, not its type: a tag 17 that is a number to YAML is no other tag. */
function isSaid(present: Value | undefined, value: string): boolean {
  return typeof present === "number" ? String(present) === value : present === value;
}

/** How two tags stand to each other; `unknown` where the tags themselves do not say it. */
export function compareTags(from: string, to: string): "older" | "newer" | "same" | "unknown" {
  if (from === to) return "same";
  const [before, after] = [parseVersion(from), parseVersion(to)];
  if (before === null || after === null) return compareNumbers(from, to);
  const isOrdered = before.compareMain(after) !== 0 || arePrereleasesOrdered(before, after);
  if (!isOrdered) return "unknown";
  const order = after.compare(before);
  return order === 0 ? "same" : order < 0 ? "older" : "newer";
}

// Builds (17), dates (20240131, 20240131093000) and versions of two or four parts. Seven digits may begin a commit's name.
const NUMBERS = /^v?(?:\d{1,6}|20\d{6}(?:\d{4}|\d{6})?)(?:\.\d{1,6})*$/;

function compareNumbers(from: string, to: string): "older" | "newer" | "unknown" {
  if (!NUMBERS.test(from) || !NUMBERS.test(to)) return "unknown";
  const [before, after] = [from, to].map((tag) => tag.replace("v", "").split(".").map(Number));
  // `1.4` and `1.4.1` may be one image.
  const parts = before?.map((part, index) => (after?.[index] ?? part) - part) ?? [];
  const step = parts.find((difference) => difference !== 0) ?? 0;
  return step === 0 ? "unknown" : step < 0 ? "older" : "newer";
}

/** `rc.1` and `rc.2`, but not `9f8e7d6` and `0a1b2c3`: names of commits have no order. */
function arePrereleasesOrdered({ prerelease: a }: SemVer, { prerelease: b }: SemVer): boolean {
  const index = a.findIndex((part, at) => b[at] !== part);
  const parts = [a[index], b[index]].filter((part) => part !== undefined);
  return parts.every((part) => typeof part === "number" || /^[a-z]+$/i.test(part));
}

function textAt(values: Values, path: Path | undefined): string | undefined {
  const value = path && valueAt(values, path);
  return typeof value === "string" && value !== "" ? value : undefined;
}
