// Values that only Helm itself can tell: URLs, other plugins' getters, and texts that Helm 3 and 4 read differently.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { parseExactJson } from "../../domain/exact-json.ts";
import { isMap, type Values } from "../../domain/values.ts";
import { withoutPasswords } from "../../domain/credentials-in-url.ts";
import type { RunHelmForOutput } from "../../flow/ports.ts";
import { withTempFolder, writePrivate } from "../../io/temp-folder.ts";

export type HelmAnswer =
  | { readonly kind: "values"; readonly values: Values }
  | { readonly kind: "refused"; readonly reason: string };

const CHART = "apiVersion: v2\nname: values\nversion: 0.0.0\n";
/** JSON is YAML, and base64 keeps the values out of Helm's reading of manifests. */
const TEMPLATE = '{"values": {{ .Values | toJson | b64enc | quote }}}\n';
const PRINTED = /^\{"values": "(?<base64>[\w+/=]+)"\}$/m;

/** Asks Helm which values these flags make: `helm template` of a chart that prints them. */
export async function askHelmForValues(
  flags: readonly string[],
  runHelm: RunHelmForOutput,
): Promise<HelmAnswer> {
  return withTempFolder(async (folder) => {
    writePrivate(folder, "Chart.yaml", CHART);
    await mkdir(join(folder, "templates"));
    writePrivate(folder, "templates/values.yaml", TEMPLATE);
    const { code, stdout, stderr } = await runHelm(["template", "values", folder, ...flags]);
    const base64 = PRINTED.exec(stdout)?.groups?.["base64"];
    if (code !== 0 || base64 === undefined) return { kind: "refused", reason: helmError(stderr) };
    const values = parseExactJson(Buffer.from(base64, "base64").toString());
    return { kind: "values", values: isMap(values) ? values : {} };
  });
}

/** The last thing Helm said, without its prefix. */
export function helmError(stderr: string): string {
  const lines = stderr.trim().split("\n");
  const last = lines.findLast((line) => line.startsWith("Error: ")) ?? lines.at(-1) ?? "";
  return withoutPasswords(last.replace(/^Error: /, "") || "helm gave no reason");
}
