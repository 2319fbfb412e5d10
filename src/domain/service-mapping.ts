// Services as people write them down: under `helm-notify.services` in the values, or in a helm-notify.yaml.
import * as z from "zod/mini";
import { NotifyError } from "./errors.ts";
import { companionsOf, type Service } from "./service.ts";
import { isMap, parsePath, type Value, type Values } from "./values.ts";

const path = z.string("is not a path").check(z.refine(isPath, "is not a path like api.image.tag"));
const text = z.string("is not a text");
const common = {
  revision: z.optional(path),
  digest: z.optional(path),
  thread: z.optional(path),
  source: z.optional(text),
  carry: z.optional(z.boolean("is neither true nor false")),
  fallback: z.optional(z.literal("appVersion", 'is not "appVersion"')),
};

const chartEntry = z.strictObject(
  { tag: path, image: z.optional(path), ...common },
  "is not a map of places",
);

/** `image` is the image itself here; `policy` and `environments` are read by the commands that use them. */
export const configEntry = z.strictObject(
  {
    tag: z.optional(path),
    image: z.optional(text),
    policy: z.optional(z.unknown()),
    environments: z.optional(z.unknown()),
    ...common,
  },
  "is not a map of places",
);

type Entry = z.infer<typeof chartEntry>;

/** Reads `helm-notify.services` of coalesced values. Refuses with all issues at once, each with its place. */
export function parseChartServices(services: Value, values: Values): Service[] {
  const entries = parseEntries(chartEntry, services, "helm-notify.services", "");
  return entries.map(([name, entry]) => toService(name, entry, values));
}

/** Reads `services` of a helm-notify.yaml: a service named api stands at `api.image.tag` unless it says otherwise. */
export function parseConfigServices(services: Value, file: string, values: Values): Service[] {
  const entries = parseEntries(configEntry, services, "services", ` in ${file}`);
  return entries.map(([name, { tag, revision, digest, thread, source, carry, fallback }]) =>
    toService(
      name,
      { tag: tag ?? `${name}.image.tag`, revision, digest, thread, source, carry, fallback },
      values,
    ),
  );
}

function parseEntries<Schema extends z.ZodMiniType>(
  schema: Schema,
  services: Value,
  place: string,
  where: string,
): [string, z.infer<Schema>][] {
  // A null takes a service out, or a setting back.
  const result = z
    .record(z.string(), schema, "is not a map of services")
    .safeParse(isMap(services) ? withoutNulls(services) : services, { reportInput: true });
  if (result.success) return Object.entries(result.data);
  const issues = result.error.issues.map((issue) => `  ${describeIssue(issue, place)}`);
  throw new NotifyError("BAD_SERVICES", [`${place}${where} is not valid:`, ...issues].join("\n"), {
    hint: "Write each service like api: {tag: api.image.tag}.",
  });
}

function withoutNulls(services: Values): Values {
  return Object.fromEntries(
    Object.entries(services)
      .filter(([, entry]) => entry !== null)
      .map(([name, entry]) => [name, isMap(entry) ? withoutNullSettings(entry) : entry]),
  );
}

function withoutNullSettings(entry: Values): Values {
  return Object.fromEntries(Object.entries(entry).filter(([, setting]) => setting !== null));
}

/** One issue in words, with its place below `place`. */
export function describeIssue(issue: z.core.$ZodIssue, place: string): string {
  const where = [place, ...issue.path.map(String)].filter(Boolean).join(".");
  if (issue.code === "unrecognized_keys")
    return `${where}: has no setting ${issue.keys.join(", ")}`;
  const isMissing = issue.code === "invalid_type" && issue.input === undefined;
  return `${where}: ${isMissing ? "is missing" : issue.message}`;
}

function toService(name: string, entry: Entry, values: Values): Service {
  const tag = parsePath(entry.tag);
  const standard = companionsOf(tag, values);
  const orStandard = (key: "revision" | "digest" | "thread" | "image") => {
    const spelled = entry[key];
    return spelled === undefined ? standard[key] : parsePath(spelled);
  };
  return {
    name,
    tag,
    revision: orStandard("revision"),
    digest: orStandard("digest"),
    thread: orStandard("thread"),
    image: orStandard("image"),
    source: entry.source,
    carry: entry.carry ?? true,
    fallback: entry.fallback,
  };
}

function isPath(spelling: string): boolean {
  try {
    parsePath(spelling);
    return true;
  } catch {
    return false;
  }
}
