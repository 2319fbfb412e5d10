// Helm values as JSON, and paths into them.
import { NotifyError } from "./errors.ts";

export type Value = null | boolean | number | string | readonly Value[] | Values;
export interface Values {
  readonly [key: string]: Value;
}

/** A place in values: map keys, and numbers for list items. `api.image.tag`, `workers[0].image.tag`. */
export type Path = readonly (string | number)[];

export function isMap(value: unknown): value is Values {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads the spelling of `--set`: dots part keys, `[0]` is a list item, `\.` is a dot inside a key. Refuses an empty key. */
export function parsePath(text: string): Path {
  const path: (string | number)[] = [];
  for (const part of text.split(/(?<!\\)\./)) {
    const match = /^(.*?)((?:\[\d+\])*)$/s.exec(part);
    const key = (match?.[1] ?? "").replaceAll("\\.", ".");
    if (key === "") {
      throw new NotifyError("BAD_PATH", `"${text}" is not a path into values`, {
        hint: "Write it like --set does, for example api.image.tag.",
      });
    }
    path.push(key, ...[...(match?.[2] ?? "").matchAll(/\d+/g)].map(Number));
  }
  return path;
}

/** The inverse of `parsePath`. */
export function formatPath(path: Path): string {
  return path
    .map((step, index) =>
      typeof step === "number"
        ? `[${step}]`
        : `${index === 0 ? "" : "."}${step.replaceAll(".", "\\.")}`,
    )
    .join("");
}

/** The value at `path`; `undefined` where nothing stands, `null` where a null does. */
export function valueAt(values: Value | undefined, path: Path): Value | undefined {
  let value: Value | undefined = values;
  for (const step of path) {
    if (typeof step === "number") value = Array.isArray(value) ? value[step] : undefined;
    else value = isMap(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}
