// Drift: what Git declares, what the cluster records and what its pods run are not the same.
import { differ, differInRevision } from "./diff.ts";
import { locateRepository, parseImageReference } from "./image-reference.ts";
import type { ServiceRecord } from "./record.ts";

/** The image of one container of a pod. */
export interface PodImage {
  /** As the pod asks for it. */
  readonly reference: string;
  /** What the node made of it: `…@sha256:…`, or nothing before it is pulled. */
  readonly imageId: string;
  /** It may wait, crash, or be pulled still. */
  readonly isRunning: boolean;
  /** The pod's label `app.kubernetes.io/instance`: the release, by most charts. */
  readonly instance: string | undefined;
}

/** What runs of a repository, by tag and digest. */
export interface RunningImage {
  /** Absent where the pod names the image by its digest alone. */
  readonly tag: string | undefined;
  readonly digest: string | undefined;
  readonly isRunning: boolean;
}

export type Drift =
  /** The values file says something else than the last deploy. */
  | {
      readonly kind: "undeployed";
      readonly declared: ServiceRecord;
      readonly recorded: ServiceRecord | undefined;
    }
  /** Pods run a tag that nobody recorded: beside the recorded one, or in its place. */
  | {
      readonly kind: "runs-other";
      readonly tags: readonly string[];
      readonly isBeside: boolean;
    }
  /** Pods wait with the recorded tag, and none runs it. */
  | { readonly kind: "not-started" }
  /** The tag points at another image than recorded, or at several. */
  | { readonly kind: "moved-tag"; readonly digests: readonly string[] };

type Services = Readonly<Record<string, ServiceRecord>>;

/** The images of `service` that pods of the release have. Where no pod bears the release's name, all of the namespace count. */
export function imagesOf(
  service: ServiceRecord | undefined,
  release: string,
  pods: readonly PodImage[],
): readonly RunningImage[] {
  const place = placeOf(service?.image);
  if (place === undefined) return [];
  const found = pods.filter(
    ({ reference }) => placeOf(parseImageReference(reference)?.repository) === place,
  );
  const own = found.filter(({ instance }) => instance === release);
  const images = (own.length > 0 ? own : found).map(toRunningImage);
  return [...new Map(images.map((image) => [JSON.stringify(image), image])).values()];
}

/** Between Git and the record. What the values file leaves to the chart is no drift. */
export function declaredDrift(
  declared: ServiceRecord | undefined,
  recorded: ServiceRecord | undefined,
): readonly Drift[] {
  if (declared === undefined) return [];
  const isSame =
    declared.tag === recorded?.tag &&
    !differInRevision(declared.revision, recorded.revision) &&
    !differ(declared.digest, recorded.digest);
  return isSame ? [] : [{ kind: "undeployed", declared, recorded }];
}

/**
 * Between the record and `images`, those of the service's repository. No pod at all is no drift: a CronJob has none between
 * its runs. Services may share a repository, so what runs for one of them is nobody's drift.
 */
export function runningDrift(
  service: ServiceRecord,
  recorded: Services,
  images: readonly RunningImage[],
): readonly Drift[] {
  const place = placeOf(service.image);
  const expected = Object.values(recorded).filter(({ image }) => placeOf(image) === place);
  const started = images.filter(({ isRunning }) => isRunning);
  const own = started.filter((image) => isOf(service, image));
  const others = started.filter((image) => !expected.some((other) => isOf(other, image)));
  if (others.length > 0) {
    const tags = unique(others.map(({ tag, digest }) => tag ?? digest));
    return [{ kind: "runs-other", tags, isBeside: own.length > 0 }];
  }
  if (own.length === 0) {
    return images.some((image) => isOf(service, image)) ? [{ kind: "not-started" }] : [];
  }
  const digests = unique(own.map(({ digest }) => digest));
  const isMoved = digests.length > 1 || differ(digests[0], service.digest);
  return isMoved ? [{ kind: "moved-tag", digests }] : [];
}

function isOf(service: ServiceRecord, { tag, digest }: RunningImage): boolean {
  return tag === undefined ? !differ(digest, service.digest) : tag === service.tag;
}

function toRunningImage({ reference, imageId, isRunning }: PodImage): RunningImage {
  const asked = parseImageReference(reference);
  // What a pod asks for by digest is what it gets; of the rest only the node knows. An ID without a repository is the hash
  // of the image's configuration: https://github.com/kubernetes/kubernetes/issues/46255
  const digest = asked?.digest ?? /@(sha\d+:[0-9a-f]+)$/.exec(imageId)?.[1];
  const isUntagged = asked?.tag === undefined && asked?.digest === undefined;
  return { tag: isUntagged ? "latest" : asked?.tag, digest, isRunning };
}

function placeOf(repository: string | undefined): string | undefined {
  const place = repository === undefined ? undefined : locateRepository(repository);
  return place && `${place.registry}/${place.name}`;
}

function unique(texts: readonly (string | undefined)[]): readonly string[] {
  return [...new Set(texts.filter((text) => text !== undefined))];
}
