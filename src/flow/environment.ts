// What an environment of a deployment repository says: its cluster of what is deployed, its values file of what should be.
import type { DeploymentConfig, Environment } from "../domain/deployment-config.ts";
import type { PodImage } from "../domain/drift.ts";
import { NotifyError } from "../domain/errors.ts";
import { decodeRecord, RECORD_KEY, recordName, type ServiceRecord } from "../domain/record.ts";
import type { LookUp } from "../domain/release.ts";
import type { ReadConfigMap } from "./ports.ts";
import { recordBefore } from "./release-record.ts";

/** The namespace of one release. Each rejects with a `NotifyError`. */
export interface EnvironmentCluster {
  readonly namespace: string;
  readonly readConfigMap: ReadConfigMap;
  readonly lookUpRelease: (release: string) => Promise<LookUp>;
  readonly listPodImages: (signal: AbortSignal) => Promise<readonly PodImage[]>;
}

/** By context and namespace; refuses with a `NotifyError` where no way leads there. */
export type OpenCluster = (
  place: Pick<Environment, "kubeContext" | "namespace">,
) => Promise<EnvironmentCluster>;

export type Services = Readonly<Record<string, ServiceRecord>>;

/** Refuses an environment that names none. */
export function requireRelease(name: string, { release }: Environment): string {
  if (release !== undefined) return release;
  throw new NotifyError("NO_RELEASE", `environment ${name} names no release`, {
    hint: `Add environments.${name}.release to helm-notify.yaml.`,
  });
}

/**
 * What the last deploy brought: by the record, and for charts without one by what Helm keeps of the release. Empty where
 * nothing is deployed; refuses where that cannot be known.
 */
export async function readDeployed(
  name: string,
  { environments, services }: DeploymentConfig,
  cluster: EnvironmentCluster,
  signal: AbortSignal,
): Promise<Services> {
  const release = requireRelease(name, environments[name] ?? { values: "" });
  const recorded = await readRecorded(name, release, services, cluster, signal);
  return Object.fromEntries(
    Object.entries(recorded).map(([service, record]): [string, ServiceRecord] => {
      const image = record.image ?? services[service]?.image;
      return [service, image === undefined ? record : { ...record, image }];
    }),
  );
}

async function readRecorded(
  name: string,
  release: string,
  services: DeploymentConfig["services"],
  cluster: EnvironmentCluster,
  signal: AbortSignal,
): Promise<Services> {
  const stored = await cluster.readConfigMap(recordName(release), signal);
  if (stored !== undefined) {
    const record = decodeRecord(stored.data[RECORD_KEY] ?? "");
    if (record) return record.services;
    throw new NotifyError("RECORD_UNREADABLE", `the record of ${release} cannot be read`, {
      hint: "Upgrade helm-notify: the record may be a newer one's.",
    });
  }
  const places = Object.values(services).map((service) => service.places);
  const before = recordBefore(await cluster.lookUpRelease(release), places, name);
  switch (before.kind) {
    case "record":
      return before.record.services;
    case "nothing":
      return {};
    case "unknown":
      throw new NotifyError("NOT_KNOWN", `what ${release} runs is not known: its last run failed`, {
        hint: "Deploy it once more, or roll it back.",
      });
  }
}
