// Which services a release has: as its values say, as the config file says, or as detection finds them.
import { fallsBackToAppVersion } from "./app-version-fallback.ts";
import { detectServices } from "./detection.ts";
import { NotifyError } from "./errors.ts";
import { coalesceValues, mergeValues } from "./merged-values.ts";
import type { Service } from "./service.ts";
import { parseChartServices, parseConfigServices } from "./service-mapping.ts";
import { isDisabled } from "./switches.ts";
import { formatPath, isMap, type Value, type Values, valueAt } from "./values.ts";

export interface MappingInput {
  readonly chartName: string;
  /** Defaults of the chart and its subcharts. */
  readonly chartValues: Values;
  readonly userValues: Values;
  /** User-supplied values of the live release. */
  readonly liveConfig?: Values | undefined;
  /** A helm-notify.yaml as parsed, and its path. */
  readonly config?: { readonly file: string; readonly content: Value } | undefined;
  /** Texts of the chart's templates: asked for only where a detected tag is empty. */
  readonly templates?: (() => ReadonlyMap<string, string>) | undefined;
}

export interface Mapping {
  readonly services: readonly Service[];
  /** `helm-notify.services` or the config file; `undefined` where detection found them. */
  readonly place: string | undefined;
}

/** The first that names a service decides: `helm-notify.services` of the values, the config file, detection. */
export function readMapping(input: MappingInput): Mapping {
  const { chartValues, userValues, config } = input;
  const values = coalesceValues(chartValues, userValues);
  const ofValues = valueAt(values, SERVICES);
  if (!isNothing(ofValues)) {
    const services = known(parseChartServices(ofValues, values), values, input);
    return { services, place: formatPath(SERVICES) };
  }
  const ofConfig = valueAt(config?.content, ["services"]);
  if (config !== undefined && !isNothing(ofConfig)) {
    const services = parseConfigServices(ofConfig, config.file, values);
    return { services: known(services, values, input), place: config.file };
  }
  return { services: detected(input, () => true), place: undefined };
}

export function mappedServices(input: MappingInput): readonly Service[] {
  return readMapping(input).services;
}

/** Places that a mapping does not know and the live release's user does: what stands there is not carried. */
export function unlistedServices({ services, place }: Mapping, input: MappingInput): Service[] {
  if (place === undefined || input.liveConfig === undefined) return [];
  const listed = new Set(services.map(({ tag }) => formatPath(tag)));
  const isUnlisted = ({ tag }: Service) =>
    valueAt(input.liveConfig, tag) !== undefined && !listed.has(formatPath(tag));
  return detected(input, isUnlisted).map((service) => ({
    ...service,
    name: formatPath(service.tag),
    unlistedIn: place,
  }));
}

const SERVICES = ["helm-notify", "services"];

/** The library chart's own default is an empty map. */
function isNothing(services: Value | undefined): services is null | undefined {
  return (
    services === undefined ||
    services === null ||
    (isMap(services) && Object.values(services).every((entry) => entry === null))
  );
}

function isEmpty(tag: Value | undefined): boolean {
  return tag === undefined || tag === null || tag === "";
}

function known(
  services: readonly Service[],
  values: Values,
  { chartValues, userValues, liveConfig }: MappingInput,
): readonly Service[] {
  const unknown = services.filter(
    ({ tag }) =>
      [chartValues, userValues, liveConfig].every((all) => valueAt(all, tag) === undefined) &&
      // A release knows no values of a subchart that is off.
      !isDisabled(tag, values),
  );
  if (unknown.length === 0) return services;
  throw new NotifyError(
    "UNKNOWN_SERVICE_PATH",
    unknown
      .map(({ name, tag }) => `service ${name}: nothing stands at ${formatPath(tag)} in the values`)
      .join("\n"),
    {
      hint: "Correct the path in the services' mapping, or give the value a default in the chart.",
    },
  );
}

function detected(input: MappingInput, isWanted: (service: Service) => boolean): Service[] {
  const { chartName, chartValues, liveConfig = {}, userValues, templates } = input;
  // A tag that only the live release's user values hold is a place too: it is carried, or named as lost.
  const values = mergeValues(mergeValues(chartValues, liveConfig), userValues);
  const services = detectServices(values, chartName).filter(isWanted);
  return services.map((service) => {
    const hasFallback =
      isEmpty(valueAt(chartValues, service.tag)) &&
      templates !== undefined &&
      fallsBackToAppVersion(service.tag, templates());
    return hasFallback ? { ...service, fallback: "appVersion" } : service;
  });
}
