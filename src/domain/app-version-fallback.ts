// Whether a chart's templates take `.Chart.AppVersion` where a tag is empty, as those of `helm create` do.
import type { Path } from "./values.ts";

/**
 * Tells for a tag's path whether some template action names both it and `.Chart.AppVersion`. Templates of a subchart
 * know the path without the subchart's name; inside `with` and `range` they know only its last keys.
 */
export function fallsBackToAppVersion(tag: Path, templates: ReadonlyMap<string, string>): boolean {
  for (const [file, text] of templates) {
    const subcharts = file.split("/").filter((part) => part === "charts").length;
    const path = tag.slice(subcharts).join(".");
    if (appVersionReferences(text).some((reference) => isSame(reference, path))) return true;
  }
  return false;
}

/** What stands beside `.Chart.AppVersion` in one action: `.Values.image.tag`, `$image.tag`, `.tag`. */
function appVersionReferences(template: string): readonly string[] {
  return [...template.matchAll(/\{\{.*?\}\}/gs)]
    .map(([action]) => action)
    .filter((action) => action.includes(".Chart.AppVersion"))
    .flatMap((action) => [...action.matchAll(/[$\w]*(?:\.\w+)+/g)].map(([reference]) => reference));
}

function isSame(reference: string, path: string): boolean {
  const absolute = /^\$?\.Values\.(.+)$/.exec(reference)?.[1];
  if (absolute !== undefined) return absolute === path;
  const relative = /\.(.+)$/.exec(reference)?.[1];
  return path === relative || path.endsWith(`.${relative}`);
}
