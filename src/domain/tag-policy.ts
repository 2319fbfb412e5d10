// Which of an image's tags to take: a policy, as helm-notify.yaml and the command line spell it.
import Range from "semver/classes/range.js";
import * as z from "zod/mini";
import { NotifyError } from "./errors.ts";

const text = z.string("is not a text").check(z.minLength(1, "is empty"));
const direction = z.enum(["asc", "desc"], "is neither asc nor desc");

/**
 * One order (`semver`, `numerical`, `alphabetical`, `newest`), and what to leave out beforehand (`glob` or `regex`). With
 * `extract`, a part of the tag is compared and not all of it. A filter alone takes the newest build.
 */
export const tagPolicy = z
  .strictObject(
    {
      semver: z.optional(
        text.check(z.refine(isRange, "is not a range like ~1.4 or >=1.4 <2, without commas")),
      ),
      /** As Flux: `asc` takes the highest. */
      numerical: z.optional(direction),
      alphabetical: z.optional(direction),
      /** By when the image was built. */
      newest: z.optional(z.literal(true, "is not true")),
      glob: z.optional(
        text.check(z.refine(isGlob, "has more than letters, digits and . _ - * ?; use regex")),
      ),
      regex: z.optional(text.check(z.refine(isRegex, "is not a regular expression"))),
      extract: z.optional(text),
    },
    "is not a map",
  )
  .check(
    z.refine(
      (policy) => Object.values(policy).some((setting) => setting !== undefined),
      "names no policy: semver, numerical, alphabetical, newest, glob or regex",
    ),
    z.refine(
      ({ semver, numerical, alphabetical, newest }) =>
        count(semver, numerical, alphabetical, newest) < 2,
      "takes one of semver, numerical, alphabetical and newest",
    ),
    z.refine(({ glob, regex }) => count(glob, regex) < 2, "takes one of glob and regex"),
    z.refine(
      ({ regex, extract }) => extract === undefined || regex !== undefined,
      "extract needs a regex",
    ),
    z.refine(
      ({ semver, numerical, alphabetical, extract }) =>
        extract === undefined || count(semver, numerical, alphabetical) > 0,
      "extract needs an order: semver, numerical or alphabetical",
    ),
    z.refine(
      ({ regex, extract }) => extract === undefined || hasGroups(regex ?? "", extract),
      "extract names a group that regex does not have",
    ),
  );

export type TagPolicy = z.infer<typeof tagPolicy>;

/** Reads `semver:~1.4`, `numerical`, `alphabetical:desc`, `newest`, `glob:main-*`, `regex:…`, `extract:$ts`: together one policy. */
export function parsePolicy(words: readonly string[]): TagPolicy {
  const entries = words.map((word): [string, string | true] => {
    const [, key = "", value] = /^([^:]*)(?::(.*))?$/s.exec(word) ?? [];
    if (key === "newest") return [key, value === undefined ? true : value];
    const isDirected = key === "numerical" || key === "alphabetical";
    return [key, value ?? (isDirected ? "asc" : "")];
  });
  const result = tagPolicy.safeParse(Object.fromEntries(entries));
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => {
    if (issue.code === "unrecognized_keys") return `there is no policy ${issue.keys.join(", ")}`;
    return [...issue.path.map(String), issue.message].join(" ");
  });
  throw new NotifyError("BAD_POLICY", `--policy ${words.join(" ")}: ${issues.join("; ")}`, {
    hint: "Write it like semver:~1.4, numerical, alphabetical:desc, newest or glob:main-*.",
  });
}

/** `semver ~1.4`, `regex ^main-(\d+)$, extract $1, numerical`. */
export function describePolicy(policy: TagPolicy): string {
  const { semver, numerical, alphabetical, newest, ...filters } = policy;
  return Object.entries({ ...filters, semver, numerical, alphabetical, newest })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => (value === true || value === "asc" ? key : `${key} ${value}`))
    .join(", ");
}

/** Searches like Flux, anywhere in the tag; `(?P<ts>…)`, Go's spelling of a named group, is read too. */
export function toRegExp(regex: string): RegExp {
  return new RegExp(regex.replaceAll(/(\\.)|\(\?P</gs, (_, escaped?: string) => escaped ?? "(?<"));
}

/** `*` for any characters, `?` for one. */
export function globToRegExp(glob: string): RegExp {
  const pattern = glob.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".");
  return new RegExp(`^${pattern}$`);
}

/** Fills `$ts`, `${ts}` and `$1` of `extract`, as Go does: https://pkg.go.dev/regexp#Regexp.Expand */
export function fillGroups(extract: string, match: RegExpExecArray | null): string {
  return extract.replaceAll(GROUP, (_, braced?: string, plain?: string) => {
    const name = braced ?? plain ?? "";
    return (/^\d+$/.test(name) ? match?.[Number(name)] : match?.groups?.[name]) ?? "";
  });
}

const GROUP = /\$(?:\{(\w+)\}|(\w+))/g;

function hasGroups(regex: string, extract: string): boolean {
  if (!isRegex(regex)) return true;
  // With an empty alternative it matches, and so shows all its groups.
  const match = new RegExp(`${toRegExp(regex).source}|`).exec("");
  const names = [...extract.matchAll(GROUP)].map(([, braced, plain]) => braced ?? plain ?? "");
  const isKnown = (name: string) =>
    /^\d+$/.test(name)
      ? Number(name) < (match?.length ?? 0)
      : Object.hasOwn(match?.groups ?? {}, name);
  return names.length > 0 && names.every(isKnown);
}

function isRange(range: string): boolean {
  return isMade(() => new Range(range));
}

function isRegex(regex: string): boolean {
  return isMade(() => toRegExp(regex));
}

function isMade(make: () => unknown): boolean {
  try {
    make();
    return true;
  } catch {
    return false;
  }
}

function isGlob(glob: string): boolean {
  return /^[\w.*?-]+$/.test(glob);
}

function count(...settings: readonly unknown[]): number {
  return settings.filter((setting) => setting !== undefined).length;
}
