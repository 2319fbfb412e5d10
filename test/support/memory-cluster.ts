// The namespace of a release, in memory: it knows the ConfigMaps it was given, and no other.
import type { PodImage } from "../../src/domain/drift.ts";
import { LEDGER_KEY, type Ledger, ledgerName } from "../../src/domain/ledger.ts";
import { RECORD_KEY, recordName, type ReleaseRecord } from "../../src/domain/record.ts";
import type { LookUp } from "../../src/domain/release.ts";
import type { EnvironmentCluster } from "../../src/flow/environment.ts";

export interface GivenCluster {
  readonly release?: string;
  readonly record?: ReleaseRecord | string;
  readonly ledger?: Ledger;
  readonly pods?: readonly PodImage[];
  readonly found?: LookUp;
}

export function memoryCluster({
  release = "shop",
  record,
  ledger,
  pods = [],
  found = { kind: "none", newer: undefined },
}: GivenCluster): EnvironmentCluster {
  const texts = new Map<string, Readonly<Record<string, string>>>();
  if (record) texts.set(recordName(release), { [RECORD_KEY]: toText(record) });
  if (ledger) texts.set(ledgerName(release), { [LEDGER_KEY]: toText(ledger) });
  return {
    namespace: "shop",
    readConfigMap: (name) => {
      const data = texts.get(name);
      return Promise.resolve(data && { data, resourceVersion: "1", uid: name, createdAt: "" });
    },
    lookUpRelease: () => Promise.resolve(found),
    listPodImages: () => Promise.resolve(pods),
  };
}

function toText(value: object | string): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
