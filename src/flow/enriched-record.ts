// Where a service was built from, by its image's labels: for charts whose values do not say it.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/annotations.md#pre-defined-annotation-keys
import type { ReleaseRecord, ServiceRecord } from "../domain/record.ts";
import { isCommit } from "../domain/source-link.ts";
import type { ReadImageLabels } from "./ports.ts";
import { someAtATime } from "./some-at-a-time.ts";

const REVISION = "org.opencontainers.image.revision";
const SOURCE = "org.opencontainers.image.source";
const PARALLEL = 8;

type Labels = Readonly<Record<string, string>> | undefined;

/**
 * Adds the revision and source that the values leave open. What is not there when `signal` aborts stays absent: it ends then,
 * whatever `readLabels` still waits for.
 */
export async function enrichRecord(
  record: ReleaseRecord,
  readLabels: ReadImageLabels,
  signal: AbortSignal,
): Promise<ReleaseRecord> {
  const open = Object.values(record.services).filter(isOpen);
  const images = new Map(open.map((service) => [imageOf(service), service]));
  const labels = new Map<string, Labels>();
  const all = someAtATime([...images], PARALLEL, async ([id, { image, tag, digest }]) => {
    if (signal.aborted) return;
    labels.set(id, await readLabels({ repository: image ?? "", tag, digest }, signal));
  });
  await Promise.race([all, aborted(signal)]);
  const services = Object.entries(record.services).map(
    ([name, service]): [string, ServiceRecord] => [
      name,
      isOpen(service) ? complete(service, labels.get(imageOf(service))) : service,
    ],
  );
  return { ...record, services: Object.fromEntries(services) };
}

function isOpen({ image, tag, digest, revision, source }: ServiceRecord): boolean {
  return Boolean(image && (tag || digest)) && !(revision && source);
}

function imageOf({ image, tag, digest }: ServiceRecord): string {
  return JSON.stringify([image, tag, digest]);
}

/** The commit that an image is built from: builds put versions and branches there too. */
export function commitIn(labels: Labels): string | undefined {
  const revision = labels?.[REVISION];
  return revision && isCommit(revision) ? revision : undefined;
}

function complete(service: ServiceRecord, labels: Labels): ServiceRecord {
  const revision = service.revision ? undefined : commitIn(labels);
  const source = service.source || labels?.[SOURCE];
  return {
    ...service,
    ...(revision ? { revision } : {}),
    ...(!service.source && source && isRepository(source) ? { source } : {}),
  };
}

/** Not one that holds a password: the record is shown, and kept. */
function isRepository(source: string): boolean {
  if (/^git@[\w.-]+:\S+$/.test(source)) return true;
  const url = URL.parse(source.replace(/^git\+/, ""));
  if (url === null || url.password !== "") return false;
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  return isWeb ? url.username === "" : url.protocol === "ssh:" || url.protocol === "git:";
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
