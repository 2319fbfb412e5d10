// The JSON Schema of helm-notify.yaml for editors: what the file is checked by, and what each setting is for.
import { CONFIG_FILE, deploymentConfigSchema } from "../src/domain/deployment-config.ts";

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
}

const POLICY = {
  "": "Which tags to take: one order, a filter, or both. A filter alone takes the newest build.",
  semver: "The highest version of this range: ~1.4, >=1.4 <2",
  numerical: "By number; asc takes the highest",
  alphabetical: "By letters; asc takes the last, and 1.0.10 comes before 1.0.9",
  newest: "The image that was built last",
  glob: "Only tags like main-*",
  regex: "Only tags like ^main-(?<build>\\d+)-",
  extract: "The part of the tag that is compared: a group of regex, as $build",
};

/** By the setting's place; `*` is any name. */
const DESCRIPTIONS: Readonly<Record<string, string>> = {
  environments: "Where services are deployed to, by name",
  "environments.*.values": "Its values file, by the path in this repository",
  "environments.*.release": "Its Helm release",
  "environments.*.namespace": "Where the release is; else what kubeContext says",
  "environments.*.kubeContext": "The context in the kubeconfig; else the current one",
  "environments.*.promoteFrom": "The environment whose tags it gets",
  services: "What is deployed, by name",
  "services.*.image": "The image without its tag: registry.example.com/acme/api",
  "services.*.source": "The page of its Git repository",
  "services.*.tag": "Where the tag stands in the values; NAME.image.tag if left out",
  "services.*.revision": "Where the Git revision stands; beside the tag if left out",
  "services.*.digest": "Where the digest stands; beside the tag if left out",
  "services.*.thread": "Where the announcement's thread stands; beside the tag if left out",
  "services.*.carry": "Whether an upgrade that does not name it keeps the live tag",
  "services.*.fallback": "Takes the chart's appVersion where there is no tag",
  "services.*.environments": "What is different in an environment",
  ...under("services.*.policy", POLICY),
  ...under("services.*.environments.*.policy", POLICY),
};

/** Refuses a setting that is not described. */
export function toConfigSchema(): object {
  return { ...describe(deploymentConfigSchema(), ""), title: CONFIG_FILE };
}

function describe(schema: Schema, place: string): Schema {
  const { properties, additionalProperties: any } = schema;
  const inside = (name: string) => (place === "" ? name : `${place}.${name}`);
  const described = Object.entries(properties ?? {}).map(([name, setting]) => {
    const description = DESCRIPTIONS[inside(name)];
    if (description === undefined) throw new Error(`nothing says what ${inside(name)} is`);
    return [name, { description, ...describe(setting, inside(name)) }];
  });
  return {
    ...schema,
    ...(properties && { properties: Object.fromEntries(described) }),
    ...(typeof any === "object" && { additionalProperties: describe(any, inside("*")) }),
  };
}

function under(place: string, settings: Readonly<Record<string, string>>) {
  return Object.fromEntries(
    Object.entries(settings).map(([name, text]) => [
      name === "" ? place : `${place}.${name}`,
      text,
    ]),
  );
}
