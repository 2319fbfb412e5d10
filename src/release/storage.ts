// Helm's storage in the cluster: one Secret or ConfigMap for each revision. https://helm.sh/docs/topics/advanced/#storage-backends
import { gunzipSync, gzipSync } from "node:zlib";
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import { parseExactJson } from "../domain/exact-json.ts";
import { isPending, type LookUp, pickLive, type RevisionStatus } from "../domain/release.ts";
import type { Revisions, StoredRevision } from "../flow/ports.ts";
import type { KubeApi } from "../kube/kube-api.ts";
import { METADATA_ONLY, namespaced } from "../kube/objects.ts";
import { editInfo } from "./info-edit.ts";
import { toStoredRevision } from "./stored-release.ts";

export type StorageKind = "secrets" | "configmaps";

// A release is compressed into one object of etcd (1.5 MiB); what comes out is bounded all the same.
const MAX_RELEASE_BYTES = 128 * 1024 * 1024;

const history = z.object({
  // The real server says null where there is none.
  items: z.nullable(
    z.array(
      z.object({
        metadata: z.object({
          labels: z.object({ version: z.string(), status: z.string() }),
        }),
      }),
    ),
  ),
});

const storage = z.object({ data: z.object({ release: z.string() }) });
const storedObject = z.looseObject({
  metadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
  data: z.looseObject({ release: z.string() }),
});

/** Where HELM_DRIVER keeps releases; `undefined` for a storage only Helm can read (sql, memory). */
export function storageKind(driver: string | undefined): StorageKind | undefined {
  switch (driver?.toLowerCase() ?? "") {
    case "":
    case "secret":
    case "secrets":
      return "secrets";
    case "configmap":
    case "configmaps":
      return "configmaps";
    default:
      return undefined;
  }
}

/** Two requests: the history's labels, then the one revision. */
export async function lookUpInStorage(
  api: KubeApi,
  kind: StorageKind,
  release: string,
  signal: AbortSignal,
): Promise<LookUp> {
  const { live, newer } = pickLive(await listRevisions(api, kind, release, signal));
  if (live === undefined) return { kind: "none", newer };
  const found = await readRevision(api, kind, release, live.revision, signal);
  return { kind: "live", release: { ...found.release, newer } };
}

/** The revisions of a release in Helm's storage. */
export function storedRevisions(api: KubeApi, kind: StorageKind, release: string): Revisions {
  return {
    list: async (signal) => {
      const revisions = await listRevisions(api, kind, release, signal);
      return revisions.toSorted((a, b) => b.revision - a.revision);
    },
    read: (revision, signal) => readRevision(api, kind, release, revision, signal),
  };
}

async function listRevisions(
  api: KubeApi,
  kind: StorageKind,
  release: string,
  signal: AbortSignal,
): Promise<RevisionStatus[]> {
  const list = await api.request({
    path: namespaced(api, "api/v1", kind),
    query: { labelSelector: `owner=helm,name=${release}` },
    // The labels say all of the history: the releases themselves stay on the server.
    accept: METADATA_ONLY,
    signal,
  });
  return decodeHistory(list, release);
}

async function readRevision(
  api: KubeApi,
  kind: StorageKind,
  release: string,
  revision: number,
  signal: AbortSignal,
): Promise<StoredRevision> {
  const { path, source } = placeOf(api, kind, release, revision);
  const text = decodeRelease(await api.request({ path, signal }), kind, source);
  return toStoredRevision(parseRelease(text, source), undefined, source);
}

/**
 * Writes down that a pending revision failed, as Helm itself would have; `false` where it is not pending any more. Asks for the
 * rights that Helm needs to end a run, and no others: to read and to update it.
 */
export async function markRevisionFailed(
  api: KubeApi,
  kind: StorageKind,
  { release, revision, description }: FailedMark,
  signal: AbortSignal,
): Promise<boolean> {
  const { path, source } = placeOf(api, kind, release, revision);
  for (;;) {
    const { data: stored } = storedObject.safeParse(await api.request({ path, signal }));
    if (stored === undefined) throw unreadable(source);
    const { labels } = stored.metadata;
    if (!isPending({ revision, status: labels["status"] ?? "" })) return false;
    const text = decodeRelease(stored, kind, source);
    const failed = editInfo(editInfo(text, "status", "failed"), "description", description);
    const body = {
      ...stored,
      metadata: {
        ...stored.metadata,
        // https://github.com/helm/helm/blob/v3.17.2/pkg/storage/driver/secrets.go ("Update")
        labels: { ...labels, status: "failed", modifiedAt: String(Math.floor(Date.now() / 1000)) },
      },
      data: { ...stored.data, release: encodeRelease(failed, kind) },
    };
    try {
      // With the version that was read: where somebody else writes meanwhile, the server refuses.
      await api.request({ method: "PUT", path, body: JSON.stringify(body), ...AS_JSON, signal });
      return true;
    } catch (error) {
      if (!(error instanceof NotifyError) || error.code !== "KUBE_CONFLICT") throw error;
    }
  }
}

export interface FailedMark {
  readonly release: string;
  readonly revision: number;
  /** What `helm history` will say. */
  readonly description: string;
}

const AS_JSON = { contentType: "application/json" };

function placeOf(api: KubeApi, kind: StorageKind, release: string, revision: number) {
  // https://github.com/helm/helm/blob/v3.17.2/pkg/storage/storage.go ("makeKey")
  const name = `sh.helm.release.v1.${release}.v${revision}`;
  return {
    path: namespaced(api, "api/v1", kind, name),
    source: `${kind === "secrets" ? "Secret" : "ConfigMap"} ${name}`,
  };
}

function decodeHistory(list: unknown, release: string): RevisionStatus[] {
  const parsed = history.safeParse(list);
  if (!parsed.success) throw unreadable(`the history of release ${release}`);
  return (parsed.data.items ?? []).map(({ metadata: { labels } }) => ({
    revision: Number(labels.version),
    status: labels.status,
  }));
}

/** base64(gzip(JSON)); a Secret's data is base64 once more. Helm 2 did not compress. */
function decodeRelease(stored: unknown, kind: StorageKind, source: string): string {
  try {
    const { release } = storage.parse(stored).data;
    const text = kind === "secrets" ? Buffer.from(release, "base64").toString() : release;
    const bytes = Buffer.from(text, "base64");
    const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const json = isCompressed ? gunzipSync(bytes, { maxOutputLength: MAX_RELEASE_BYTES }) : bytes;
    return json.toString();
  } catch {
    throw unreadable(source);
  }
}

function parseRelease(text: string, source: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    throw unreadable(source);
  }
}

function encodeRelease(json: string, kind: StorageKind): string {
  const text = gzipSync(json, { level: 9 }).toString("base64");
  return kind === "secrets" ? Buffer.from(text).toString("base64") : text;
}

/** Without the parser's error, which quotes what it read: values may be secret. */
function unreadable(source: string): NotifyError {
  return new NotifyError("RELEASE_UNREADABLE", `cannot read ${source} as Helm wrote it`, {
    hint: "Check with helm history and helm get all.",
  });
}
