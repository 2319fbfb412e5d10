// The live release of a name: from Helm's storage where we can read it, else by asking Helm.
import { diffServices } from "../domain/diff.ts";
import { decodeRecord, RECORD_KEY, recordName } from "../domain/record.ts";
import type { LookUp } from "../domain/release.ts";
import type { RunHelmForOutput } from "../flow/ports.ts";
import type { ConnectionRequest } from "../kube/connection-request.ts";
import { resolveConnection } from "../kube/connection.ts";
import { getConfigMap } from "../kube/config-maps.ts";
import { type KubeApi, openKube } from "../kube/kube-api.ts";
import type { KubeWorld } from "../kube/world.ts";
import { lookUpByHelm } from "./helm-fallback.ts";
import { lookUpInStorage, storageKind } from "./storage.ts";

export interface LookUpRequest {
  readonly release: string;
  readonly connection: ConnectionRequest;
  /** The connection flags as typed: Helm gets them where it is asked instead. */
  readonly connectionFlags: readonly string[];
  readonly timeoutMs?: number;
}

export interface LookUpWorld extends KubeWorld {
  readonly runHelm: RunHelmForOutput;
}

const TIMEOUT_MS = 20_000;

/** Rejects where nothing certain is known: forbidden, unreachable, unreadable. */
export async function lookUpRelease(request: LookUpRequest, world: LookUpWorld): Promise<LookUp> {
  const askHelm = () => lookUpByHelm(request.release, request.connectionFlags, world.runHelm);
  const kind = storageKind(world.env["HELM_DRIVER"]);
  if (kind === undefined) return askHelm();
  const resolved = await resolveConnection(request.connection, world);
  if (resolved.kind === "unsupported") return askHelm();
  const timeoutMs = request.timeoutMs ?? TIMEOUT_MS;
  const api = openKube(resolved.connection, timeoutMs);
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    return await withRunning(
      await lookUpInStorage(api, kind, request.release, signal),
      api,
      signal,
    );
  } finally {
    api.close();
  }
}

/** A record that cannot be read tells nothing: it is no reason to stop a deploy. */
async function withRunning(found: LookUp, api: KubeApi, signal: AbortSignal): Promise<LookUp> {
  if (found.kind === "none" || found.release.record === undefined) return found;
  const { release } = found;
  const stored = await getConfigMap(api, recordName(release.name), signal).catch(() => undefined);
  const running = decodeRecord(stored?.data[RECORD_KEY] ?? "");
  const isOther = running && diffServices(release.record, running).changes.length > 0;
  return isOther ? { kind: "live", release: { ...release, running } } : found;
}
