// What the chart mounts into the Job.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { NotifyError } from "../src/domain/errors.ts";
import { decodeRecord, RECORD_KEY, type ReleaseRecord } from "../src/domain/record.ts";

export interface RunFiles {
  readonly after: ReleaseRecord;
  readonly previous: ReleaseRecord | undefined;
}

/** Refuses without a record of this revision; an unreadable `previous.json` means that the past is unknown. */
export async function readRunFiles(dir: string): Promise<RunFiles> {
  const path = join(dir, RECORD_KEY);
  const text = await readText(path);
  const after = decodeRecord(text ?? "");
  if (after === undefined) {
    const problem = text === undefined ? "is missing" : "is not a record this version can read";
    throw new NotifyError("BAD_RECORD", `${path} ${problem}`, {
      hint: "Use the image of the same version as the library chart.",
    });
  }
  return { after, previous: decodeRecord((await readText(join(dir, "previous.json"))) ?? "") };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch {
    return undefined;
  }
}
