// The record among the rendered manifests of a release.
import { decodeRecord, RECORD_KEY, recordName, type ReleaseRecord } from "../domain/record.ts";

/** `undefined` for whatever is not plainly there: a record tells more of a release, its lack stops nothing. */
export async function findRecord(
  manifest: string,
  release: string,
): Promise<ReleaseRecord | undefined> {
  const name = recordName(release);
  const candidates = manifest.split(/^---/m).filter((text) => text.includes(name));
  if (candidates.length === 0) return undefined;
  const { parseDocument } = await import("yaml");
  for (const text of candidates) {
    const document = parseDocument(text, { uniqueKeys: false });
    if (
      document.errors.length > 0 ||
      document.getIn(["kind"]) !== "ConfigMap" ||
      document.getIn(["metadata", "name"]) !== name
    ) {
      continue;
    }
    const record = document.getIn(["data", RECORD_KEY]);
    return typeof record === "string" ? decodeRecord(record) : undefined;
  }
  return undefined;
}
