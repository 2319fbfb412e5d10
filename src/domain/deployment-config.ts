// helm-notify.yaml at the root of a deployment repository: its environments and its services.
import * as z from "zod/mini";
import { NotifyError } from "./errors.ts";
import type { Service } from "./service.ts";
import { configEntry, describeIssue, parseConfigServices } from "./service-mapping.ts";
import { type TagPolicy, tagPolicy } from "./tag-policy.ts";
import { isMap, type Value } from "./values.ts";

export const CONFIG_FILE = "helm-notify.yaml";

const text = z.string("is not a text").check(z.minLength(1, "is empty"));
// Git's history knows a file by one path only.
const file = text.check(
  z.refine(isInside, "is not a path inside of the repository"),
  z.overwrite(withoutDetours),
);

const environment = z.strictObject(
  {
    values: file,
    release: z.optional(text),
    namespace: z.optional(text),
    kubeContext: z.optional(text),
    promoteFrom: z.optional(text),
  },
  "is not a map",
);

const service = z.extend(configEntry, {
  policy: z.optional(tagPolicy),
  environments: z.optional(
    z.record(
      z.string(),
      z.strictObject({ policy: z.optional(tagPolicy) }, "is not a map"),
      "is not a map of environments",
    ),
  ),
});

const schema = z.strictObject(
  {
    environments: z.record(z.string(), environment, "is not a map of environments"),
    services: z.record(z.string(), service, "is not a map of services"),
  },
  "is not a map with environments and services",
);

export type Environment = z.infer<typeof environment>;

export interface DeployedService {
  /** Where tag, revision and digest stand in the values of every environment. */
  readonly places: Service;
  /** The image's name, without tag. */
  readonly image: string | undefined;
  readonly policy: TagPolicy | undefined;
  /** What is different in an environment. */
  readonly environments: Readonly<Record<string, { readonly policy?: TagPolicy | undefined }>>;
}

export interface DeploymentConfig {
  readonly environments: Readonly<Record<string, Environment>>;
  readonly services: Readonly<Record<string, DeployedService>>;
}

/** Checks the content of a helm-notify.yaml. Refuses with all issues at once, each with its place. */
export function parseDeploymentConfig(content: Value, name: string): DeploymentConfig {
  const result = schema.safeParse(content, { reportInput: true });
  const issues = result.success
    ? unknownNames(result.data)
    : result.error.issues.map((issue) => describeIssue(issue, ""));
  if (!result.success || issues.length > 0) {
    const lines = issues.map((issue) => `  ${issue.replace(/^: /, "(root): ")}`);
    throw new NotifyError("BAD_CONFIG", [`${name} is not valid:`, ...lines].join("\n"), {
      hint: "Correct these settings.",
    });
  }
  const { environments, services } = result.data;
  const entries = isMap(content) ? (content["services"] ?? {}) : {};
  return {
    environments,
    services: Object.fromEntries(
      parseConfigServices(entries, name, {}).map((places) => {
        const { image, policy: common, environments: own = {} } = services[places.name] ?? {};
        return [places.name, { places, image, policy: common, environments: own }];
      }),
    ),
  };
}

/** The policy of a service in an environment. */
export function policyOf(config: DeployedService, environmentName: string): TagPolicy | undefined {
  return config.environments[environmentName]?.policy ?? config.policy;
}

/** The schema of the file for editors: most know draft 7 only. https://github.com/redhat-developer/yaml-language-server/issues/856 */
export function deploymentConfigSchema(): object {
  return z.toJSONSchema(schema, { io: "input", target: "draft-7" });
}

/** The entry of that name; refuses another with the names there are. */
export function requireNamed<Entry>(
  entries: Readonly<Record<string, Entry>>,
  kind: "environment" | "service",
  name: string,
): Entry {
  const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
  if (entry !== undefined) return entry;
  const known = Object.keys(entries).join(", ") || "none";
  throw new NotifyError(`UNKNOWN_${kind.toUpperCase()}`, `there is no ${kind} "${name}"`, {
    hint: `Use one that ${CONFIG_FILE} names: ${known}.`,
  });
}

function unknownNames({ environments, services }: z.infer<typeof schema>): readonly string[] {
  const isUnknown = (name: string) => !Object.hasOwn(environments, name);
  return [
    ...Object.entries(environments).flatMap(([name, { promoteFrom }]) =>
      promoteFrom !== undefined && isUnknown(promoteFrom)
        ? [`environments.${name}.promoteFrom: there is no environment "${promoteFrom}"`]
        : [],
    ),
    ...Object.entries(services).flatMap(([name, { environments: own = {} }]) =>
      Object.keys(own)
        .filter(isUnknown)
        .map((other) => `services.${name}.environments.${other}: there is no such environment`),
    ),
  ];
}

function withoutDetours(path: string): string {
  const parts = path.split("/");
  return parts.filter((part) => part !== "" && part !== ".").join("/");
}

function isInside(path: string): boolean {
  return !/^[/\\]|^[A-Za-z]:|^\.[./]*$/.test(path) && !path.split(/[/\\]/).includes("..");
}
