// A release as Helm stores it, from whichever storage: checked where it is read, never as a whole (it may be megabytes).
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import type { LiveRelease, RevisionStatus } from "../domain/release.ts";
import { isMap, type Values } from "../domain/values.ts";
import type { StoredRevision } from "../flow/ports.ts";
import { findRecord } from "./manifest-record.ts";

const values = z.pipe(
  z.nullish(z.custom<Values>(isMap)),
  z.transform((map) => map ?? {}),
);

const storedRelease = z.object({
  name: z.string(),
  namespace: z.string(),
  version: z.number(),
  info: z.object({
    status: z.string(),
    description: z.nullish(z.string()),
    last_deployed: z.nullish(z.string()),
  }),
  chart: z.object({
    metadata: z.object({
      name: z.string(),
      version: z.string(),
      appVersion: z.nullish(z.string()),
    }),
    values,
  }),
  config: values,
  manifest: z.nullish(z.string()),
});

/** `source` is what the text was read from, for the message. */
export async function toLiveRelease(
  stored: unknown,
  newer: RevisionStatus | undefined,
  source: string,
): Promise<LiveRelease> {
  return (await toStoredRevision(stored, newer, source)).release;
}

export async function toStoredRevision(
  stored: unknown,
  newer: RevisionStatus | undefined,
  source: string,
): Promise<StoredRevision> {
  const parsed = storedRelease.safeParse(stored);
  if (!parsed.success) {
    const places = parsed.error.issues.map((issue) => issue.path.join(".") || "the whole");
    throw new NotifyError(
      "RELEASE_UNREADABLE",
      `${source} holds no release Helm would write: ${places.join(", ")}`,
      {
        hint: "Check with helm get all; helm-notify may be older than this Helm.",
      },
    );
  }
  const { name, namespace, version, info, chart, config, manifest } = parsed.data;
  const release = {
    name,
    namespace,
    revision: version,
    status: info.status,
    chart: {
      name: chart.metadata.name,
      version: chart.metadata.version,
      appVersion: chart.metadata.appVersion || undefined,
    },
    chartValues: chart.values,
    config,
    record: await findRecord(manifest ?? "", name),
    running: undefined,
    newer,
  };
  return {
    release,
    description: info.description ?? undefined,
    startedAt: toDate(info.last_deployed),
    content: stored,
  };
}

function toDate(text: string | null | undefined): Date | undefined {
  const date = new Date(text ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date;
}
