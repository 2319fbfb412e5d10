// The live release of a name: from Helm's storage where we can read it, else by asking Helm.
import { decodeRecord, RECORD_KEY, recordName } from "../domain/record.ts";
import type { LookUp } from "../domain/release.ts";
import type { Revisions, RunHelmForOutput } from "../flow/ports.ts";
import { getConfigMap } from "../kube/config-maps.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { helmRevisions, lookUpByHelm } from "./helm-fallback.ts";
import { lookUpInStorage, storageKind, storedRevisions } from "./storage.ts";

export interface ReleaseRequest {
  readonly release: string;
  /** The connection flags as typed: Helm gets them where it is asked instead. */
  readonly connectionFlags: readonly string[];
  readonly timeoutMs: number;
}

export interface ReleaseWorld {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `undefined` where only Helm knows the way to the cluster. */
  readonly openApi: () => Promise<KubeApi | undefined>;
  readonly runHelm: RunHelmForOutput;
}

/** Rejects where nothing certain is known: forbidden, unreachable, unreadable. */
export async function lookUpRelease(request: ReleaseRequest, world: ReleaseWorld): Promise<LookUp> {
  const { release, connectionFlags, timeoutMs } = request;
  const kind = storageKind(world.env["HELM_DRIVER"]);
  const api = kind && (await world.openApi());
  if (kind === undefined || api === undefined) {
    return lookUpByHelm(release, connectionFlags, world.runHelm);
  }
  const signal = AbortSignal.timeout(timeoutMs);
  return withRunning(await lookUpInStorage(api, kind, release, signal), api, signal);
}

/** All revisions of a release. */
export async function openRevisions(
  { release, connectionFlags }: ReleaseRequest,
  world: ReleaseWorld,
): Promise<Revisions> {
  const kind = storageKind(world.env["HELM_DRIVER"]);
  const api = kind && (await world.openApi());
  return kind === undefined || api === undefined
    ? helmRevisions(release, connectionFlags, world.runHelm)
    : storedRevisions(api, kind, release);
}

/**
 * What the cluster's own record says: a later revision that failed may have brought one too. A record that cannot be read
 * tells nothing: it is no reason to stop a deploy.
 */
async function withRunning(found: LookUp, api: KubeApi, signal: AbortSignal): Promise<LookUp> {
  if (found.kind === "none") return found;
  const { release } = found;
  if (release.record === undefined && release.newer === undefined) return found;
  const stored = await getConfigMap(api, recordName(release.name), signal).catch(() => undefined);
  const running = decodeRecord(stored?.data[RECORD_KEY] ?? "");
  return running ? { kind: "live", release: { ...release, running } } : found;
}
