// What a chart's templates take where a tag is empty: `.Chart.AppVersion`, as those of `helm create` do, or something else.
import type { Path } from "./values.ts";

/**
 * Tells for a tag's path whether some template action names both it and `.Chart.AppVersion`. Templates of a subchart
 * know the path without the subchart's name; inside `with` and `range` they know only its last keys.
 */
export function fallsBackToAppVersion(tag: Path, templates: ReadonlyMap<string, string>): boolean {
  return standsBeside(/\.Chart\.AppVersion/, tag, templates);
}

/** Tells whether some template action that names the tag knows a way without it. */
export function fallsBack(tag: Path, templates: ReadonlyMap<string, string>): boolean {
  return standsBeside(/\b(?:coalesce|default|if|or|ternary)\b/, tag, templates);
}

function standsBeside(word: RegExp, tag: Path, templates: ReadonlyMap<string, string>): boolean {
  for (const [file, text] of templates) {
    const subcharts = file.split("/").filter((part) => part === "charts").length;
    const path = tag.slice(subcharts).join(".");
    if (referencesBeside(word, text).some((reference) => isSame(reference, path))) return true;
  }
  return false;
}

/** What stands in one action with a word: `.Values.image.tag`, `$image.tag`, `.tag`. */
function referencesBeside(word: RegExp, template: string): readonly string[] {
  return [...template.matchAll(/\{\{.*?\}\}/gs)]
    .map(([action]) => action)
    .filter((action) => word.test(action))
    .flatMap((action) => [...action.matchAll(/[$\w]*(?:\.\w+)+/g)].map(([reference]) => reference));
}

function isSame(reference: string, path: string): boolean {
  const absolute = /^\$?\.Values\.(.+)$/.exec(reference)?.[1];
  if (absolute !== undefined) return absolute === path;
  const relative = /\.(.+)$/.exec(reference)?.[1];
  return path === relative || path.endsWith(`.${relative}`);
}
