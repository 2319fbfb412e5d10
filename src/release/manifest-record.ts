// The record among the rendered manifests of a release.
import { decodeRecord, RECORD_KEY, recordName, type ReleaseRecord } from "../domain/record.ts";
import { isMap } from "../domain/values.ts";

export async function findRecord(
  manifest: string,
  release: string,
): Promise<ReleaseRecord | undefined> {
  const name = recordName(release);
  const candidates = manifest.split(/^---/m).filter((text) => text.includes(name));
  if (candidates.length === 0) return undefined;
  const { parse } = await import("yaml");
  for (const text of candidates) {
    const document: unknown = parse(text, { logLevel: "silent" });
    if (!isMap(document) || document["kind"] !== "ConfigMap") continue;
    const { metadata, data } = document;
    if (!isMap(metadata) || metadata["name"] !== name || !isMap(data)) continue;
    const record = data[RECORD_KEY];
    return typeof record === "string" ? decodeRecord(record) : undefined;
  }
  return undefined;
}
