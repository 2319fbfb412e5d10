// What a release runs, by the cluster's record where there is one, else by the values Helm keeps of it.
import { type MappingInput, mappedServices } from "../domain/mapped-services.ts";
import { coalesceValues } from "../domain/merged-values.ts";
import type { Before } from "../domain/message.ts";
import { type NotifySettings, notifySettings } from "../domain/notify-settings.ts";
import { toRecord } from "../domain/planned-record.ts";
import type { ReleaseRecord } from "../domain/record.ts";
import type { LiveRelease, LookUp } from "../domain/release.ts";
import type { Service } from "../domain/service.ts";

/** What runs before a command. After a failure only the cluster's own record knows. */
export function recordBefore(
  found: LookUp,
  services: readonly Service[],
  environment: string,
): Before {
  const unknown = { kind: "unknown", environment } as const;
  if (found.kind === "none") {
    const isGone = found.newer === undefined || found.newer.status === "uninstalled";
    return isGone ? { kind: "nothing" } : unknown;
  }
  const { release } = found;
  if (release.running) return { kind: "record", record: release.running };
  const isKnown = release.record === undefined && release.newer === undefined;
  const isWhole = isKnown && release.status === "deployed";
  return isWhole ? { kind: "record", record: recordOf(release, services, environment) } : unknown;
}

/** What a revision consists of: as it rendered it, else as its values say. */
export function recordOf(
  release: LiveRelease,
  services: readonly Service[],
  environment: string,
): ReleaseRecord {
  const { record, chartValues, config, chart } = release;
  if (record) return record;
  return toRecord({ services, values: coalesceValues(chartValues, config), chart, environment });
}

/** The services of a release that is there already. */
export function servicesOf(
  { chart, chartValues, config: userValues }: LiveRelease,
  config: MappingInput["config"],
): readonly Service[] {
  return mappedServices({ chartName: chart.name, chartValues, userValues, config });
}

/** As the release itself says them. */
export function settingsOf({ chartValues, config }: LiveRelease): NotifySettings {
  return notifySettings(coalesceValues(chartValues, config));
}
