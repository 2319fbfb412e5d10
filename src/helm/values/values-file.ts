// One values file, read as Helm reads it.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withoutPasswords } from "../../domain/credentials-in-url.ts";
import { NotifyError } from "../../domain/errors.ts";
import { isMap, type Value, type Values } from "../../domain/values.ts";
import type { RunHelmForOutput } from "../../flow/ports.ts";
import { withTempFolder } from "../../io/temp-folder.ts";
import { quoteCsv } from "../argv.ts";
import { askHelmForValues } from "./helm-values.ts";
import { parseHelmYaml } from "./yaml-values.ts";

/**
 * Whether Helm opens this path as a file of this machine for certain. With a colon it may be a URL or another plugin's
 * scheme, and a percent sign or control character makes Helm's URL parser fail (pkg/cli/values: readFile).
 */
export function isLocalPath(path: string): boolean {
  return !/[:%\p{Cc}]/u.test(path);
}

/** Reads a file that only Helm knows to fetch. */
export async function fetchValuesFile(path: string, runHelm: RunHelmForOutput): Promise<Values> {
  const answer = await askHelmForValues(["-f", quoteCsv(path)], runHelm);
  if (answer.kind === "values") return answer.values;
  throw badFile(`helm cannot read ${withoutPasswords(path)}: ${answer.reason}`);
}

/** Reads the text of a values file named `name`. Texts we are not sure about are Helm's to decide. */
export async function parseValuesFile(
  name: string,
  content: Uint8Array,
  runHelm: RunHelmForOutput,
): Promise<Values> {
  const text = parseHelmYaml(content);
  if (text.kind === "read") return toValues(text.value, name);
  const answer = await withTempFolder(async (folder) => {
    const copy = join(folder, "values.yaml");
    await writeFile(copy, content, { mode: 0o600 });
    return askHelmForValues(["-f", quoteCsv(copy)], runHelm);
  });
  if (answer.kind === "values") return answer.values;
  if (text.kind === "documents") throw badFile(`${name}: ${answer.reason}`);
  throw badFile(`${name}:${text.line}: ${text.reason}`);
}

function toValues(value: Value, name: string): Values {
  if (value === null) return {};
  if (isMap(value)) return value;
  throw badFile(
    `${name} holds ${Array.isArray(value) ? "a list" : "a single value"}, not a map of values`,
  );
}

function badFile(message: string): NotifyError {
  return new NotifyError("BAD_VALUES_FILE", message, { hint: "Correct the values file." });
}
