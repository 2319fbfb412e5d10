// The record: what a release consists of, as the chart rendered it. A contract between the chart and the programs,
// which are released apart: versioned, unknown keys ignored, old fixtures kept under test for ever.
import * as z from "zod/mini";
import { parseJson } from "./json.ts";
import { THREAD } from "./thread.ts";

const serviceRecord = z.object({
  /** Repository without tag and digest; absent where the chart does not say it. */
  image: z.optional(z.string()),
  tag: z.string(),
  digest: z.optional(z.string()),
  /** Git revision the image was built from. */
  revision: z.optional(z.string()),
  /** Web address of the Git repository. */
  source: z.optional(z.string()),
  /** Where the image was announced; what is no thread is none. */
  // oxlint-disable-next-line promise/valid-params -- this is zod's
  thread: z.catch(z.optional(z.string().check(z.regex(THREAD))), undefined),
});

/** Shared with the ledger, which keeps records. */
export const releaseRecord = z.object({
  v: z.literal(1),
  environment: z.string(),
  chart: z.object({ name: z.string(), version: z.string() }),
  services: z.record(z.string(), serviceRecord),
});

export type ServiceRecord = z.infer<typeof serviceRecord>;
export type ReleaseRecord = z.infer<typeof releaseRecord>;

/** Key of the record's text in the ConfigMap. */
export const RECORD_KEY = "record.json";

export function recordName(release: string): string {
  return `${release}-helm-notify-record`;
}

/** `undefined` for text that is not a record this version can read: a reader then says "unknown", never a guess. */
export function decodeRecord(text: string): ReleaseRecord | undefined {
  return releaseRecord.safeParse(parseJson(text)).data;
}
