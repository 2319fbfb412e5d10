// What the API says of itself: aggregated discovery for new clients, the plain lists for `lookup` and old ones.
import type { JsonObject } from "./json.ts";
import {
  apiVersionOf,
  categoriesOf,
  isReview,
  type Resource,
  type ResourceTable,
} from "./resources.ts";

export interface Document {
  readonly contentType: string;
  readonly body: JsonObject;
}

// A current version with a long support: charts ask for it in their kubeVersion.
export const VERSION = {
  major: "1",
  minor: "34",
  gitVersion: "v1.34.3",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "2025-12-09T00:00:00Z",
  goVersion: "go1.24.11",
  compiler: "gc",
  platform: "linux/amd64",
};

const JSON_TYPE = "application/json";
const AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/** The answer to a discovery path; `undefined` for every other path. */
export function discover(
  resources: ResourceTable,
  path: string,
  accept: string,
): Document | undefined {
  const { all } = resources;
  if (path === "/api" || path === "/apis") {
    const listed = all.filter(({ group }) => (group === "") === (path === "/api"));
    if (accept.includes("as=APIGroupDiscoveryList"))
      return { contentType: AGGREGATED_TYPE, body: toAggregated(listed) };
    return json(
      path === "/api"
        ? { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [] }
        : { kind: "APIGroupList", apiVersion: "v1", groups: groupsOf(listed).map(toGroup(listed)) },
    );
  }
  const [, group = "", version] = /^\/(?:api|apis\/([^/]+))(?:\/([^/]+))?$/.exec(path) ?? [];
  const inGroup = all.filter((resource) => resource.group === group);
  if (version === undefined) {
    if (group === "" || inGroup.length === 0) return undefined;
    return json({ kind: "APIGroup", apiVersion: "v1", ...toGroup(inGroup)(group) });
  }
  const served = inGroup.filter((resource) => resource.version === version);
  const [first] = served;
  return first && json(toResourceList(apiVersionOf(first), served));
}

function json(body: JsonObject): Document {
  return { contentType: JSON_TYPE, body };
}

function groupsOf(resources: readonly Resource[]): string[] {
  return [...new Set(resources.map(({ group }) => group))];
}

function versionsOf(resources: readonly Resource[], group: string): string[] {
  const inGroup = resources.filter((resource) => resource.group === group);
  return [...new Set(inGroup.map(({ version }) => version))];
}

function toGroup(resources: readonly Resource[]): (group: string) => JsonObject {
  return (group) => {
    const versions = versionsOf(resources, group).map((version) => ({
      groupVersion: `${group}/${version}`,
      version,
    }));
    return { name: group, versions, preferredVersion: versions[0] ?? {} };
  };
}

function toAggregated(resources: readonly Resource[]): JsonObject {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groupsOf(resources).map((group) => ({
      metadata: { ...(group !== "" && { name: group }), creationTimestamp: null },
      versions: versionsOf(resources, group).map((version) => ({
        version,
        freshness: "Current",
        resources: resources
          .filter((resource) => resource.group === group && resource.version === version)
          .map(toAggregatedResource),
      })),
    })),
  };
}

function toAggregatedResource(resource: Resource): JsonObject {
  const { group, version, plural, kind, isNamespaced, shortNames, subresources } = resource;
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: isNamespaced ? "Namespaced" : "Cluster",
    singularResource: kind.toLowerCase(),
    verbs: verbsOf(resource),
    shortNames: [...shortNames],
    categories: categoriesOf(resource),
    ...(subresources.length > 0 && {
      subresources: subresources.map((subresource) => ({
        subresource,
        responseKind: kindOf(resource, subresource),
        verbs: verbsOf(resource, subresource),
      })),
    }),
  };
}

function toResourceList(groupVersion: string, resources: readonly Resource[]): JsonObject {
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion,
    resources: resources.flatMap((resource) => {
      const { plural, kind, isNamespaced: namespaced, shortNames, subresources } = resource;
      return [
        {
          name: plural,
          singularName: kind.toLowerCase(),
          namespaced,
          kind,
          verbs: verbsOf(resource),
          shortNames: [...shortNames],
          categories: categoriesOf(resource),
        },
        ...subresources.map((subresource) => ({
          name: `${plural}/${subresource}`,
          singularName: "",
          namespaced,
          ...kindOf(resource, subresource),
          verbs: verbsOf(resource, subresource),
        })),
      ];
    }),
  };
}

function kindOf({ group, version, kind }: Resource, subresource: string): JsonObject {
  if (subresource === "scale") return { group: "autoscaling", version: "v1", kind: "Scale" };
  if (subresource === "token")
    return { group: "authentication.k8s.io", version: "v1", kind: "TokenRequest" };
  return { group, version, kind };
}

function verbsOf(resource: Resource, subresource?: string): string[] {
  if (isReview(resource) || subresource === "token") return ["create"];
  if (subresource === "log") return ["get"];
  return subresource === undefined ? VERBS : ["get", "patch", "update"];
}
