// The record of a release as its values say it: what the chart will render, and for a chart without the snippets all there is.
import { parseImageReference, parseTagValue } from "./image-reference.ts";
import type { ReleaseRecord, ServiceRecord } from "./record.ts";
import type { Service } from "./service.ts";
import { isDisabled } from "./switches.ts";
import { THREAD } from "./thread.ts";
import { type Path, type Value, type Values, valueAt } from "./values.ts";

export interface PlannedRelease {
  readonly services: readonly Service[];
  /** The final values: the chart's defaults under the user's. */
  readonly values: Values;
  readonly chart: {
    readonly name: string;
    readonly version: string;
    readonly appVersion: string | undefined;
  };
  readonly environment: string;
}

/** By the rules of chart-snippets/helm-notify/templates/_services.tpl; a service without a tag says nothing. */
export function toRecord({ services, values, chart, environment }: PlannedRelease): ReleaseRecord {
  const entries = services.flatMap((service): [string, ServiceRecord][] => {
    const record = serviceRecord(service, values, chart.appVersion);
    return record === undefined ? [] : [[service.name, record]];
  });
  const { name, version } = chart;
  return { v: 1, environment, chart: { name, version }, services: Object.fromEntries(entries) };
}

function serviceRecord(
  service: Service,
  values: Values,
  appVersion: string | undefined,
): ServiceRecord | undefined {
  const value = valueAt(values, service.tag);
  const said = parseTagValue(value, service.tag.at(-1) ?? "");
  const digest = textAt(values, service.digest) || said.digest;
  if (isDisabled(service.tag, values)) return undefined;
  const fallback =
    toText(value) === "" && service.fallback === "appVersion" ? appVersion : undefined;
  // An image that is named by its digest alone has no other name to announce.
  const tag = said.tag || fallback || digest?.slice(0, 19);
  if (!tag) return undefined;
  const image = imageOf(service, values, said.repository);
  const revision = textAt(values, service.revision);
  const thread = textAt(values, service.thread);
  return {
    ...(image && { image }),
    tag,
    ...(digest && { digest }),
    ...(revision && { revision }),
    ...(service.source && { source: service.source }),
    ...(THREAD.test(thread) && { thread }),
  };
}

/** The repository, with the registry beside it in front. */
function imageOf(service: Service, values: Values, ofTag: string | undefined): string {
  const places = ofTag === undefined ? imagePlaces(service) : [];
  const place = places.find((path) => textAt(values, path) !== "");
  const said = place && parseImageReference(textAt(values, place))?.repository;
  const registry = textAt(values, beside(place ?? service.tag, "registry")).replace(/\/$/, "");
  return [registry, ofTag ?? said ?? ""].filter((part) => part !== "").join("/");
}

/** A chart may have both `repository` and `image` beside a tag. */
function imagePlaces({ tag, image }: Service): readonly Path[] {
  if (image === undefined) return [];
  const standard = [beside(tag, "repository"), beside(tag, "image")];
  return standard.some((path) => String(path) === String(image)) ? standard : [image];
}

function beside(path: Path, key: string): Path {
  return [...path.slice(0, -1), key];
}

function textAt(values: Values, path: Path | undefined): string {
  return path === undefined ? "" : toText(valueAt(values, path));
}

function toText(value: Value | undefined): string {
  if (value === undefined || value === null || typeof value === "object") return "";
  return String(value);
}
