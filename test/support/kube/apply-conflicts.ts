import { type ApiError, applyConflict } from "./api-error.ts";
import {
  comparePaths,
  type FieldPath,
  type FieldSet,
  formatPath,
  isItem,
  isSameField,
  locate,
} from "./field-set.ts";
import type { KubeObject } from "./json.ts";
import type { Owner } from "./managed-fields.ts";

/** A field that the apply would change, and somebody else owns. */
export interface Conflict {
  readonly path: FieldPath;
  readonly owner: Owner;
}

export function findConflicts(
  live: KubeObject,
  applied: KubeObject,
  wanted: FieldSet,
  others: readonly Owner[],
): Conflict[] {
  const changed = [...wanted]
    .filter((path) => !isItem(path))
    .filter((path) => !isSameField(locate(live, path)?.value, locate(applied, path)?.value))
    .toSorted(comparePaths);
  return others.flatMap((owner) =>
    changed.filter((path) => owner.fields.has(path)).map((path) => ({ path, owner })),
  );
}

// https://github.com/kubernetes/apimachinery/blob/master/pkg/util/managedfields/internal/conflict.go - Helm prints it.
export function refuseApply(conflicts: readonly Conflict[]): ApiError {
  const causes = conflicts.map(({ path, owner }) => ({
    reason: "FieldManagerConflict",
    message: `conflict with ${nameOwner(owner)}`,
    field: formatPath(path),
  }));
  const [first] = causes;
  if (first !== undefined && causes.length === 1)
    return applyConflict(`Apply failed with 1 conflict: ${first.message}: ${first.field}`, causes);

  const byOwner = Map.groupBy(conflicts, ({ owner }) => nameOwner(owner));
  const lines = [...byOwner.keys()]
    .toSorted()
    .flatMap((owner) => [
      `conflicts with ${owner}:`,
      ...(byOwner.get(owner) ?? []).map(({ path }) => `- ${formatPath(path)}`),
    ]);
  return applyConflict(`Apply failed with ${causes.length} conflicts: ${lines.join("\n")}`, causes);
}

function nameOwner({ manager, operation, apiVersion, subresource }: Owner): string {
  const place = subresource === undefined ? "" : ` with subresource "${subresource}"`;
  return `"${manager}"${place}${operation === "Update" ? ` using ${apiVersion}` : ""}`;
}
