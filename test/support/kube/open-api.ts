// OpenAPI v3, as little as Helm and kubectl ask: whether a PATCH of the kind takes `fieldValidation`.
import type { JsonObject } from "./json.ts";
import { apiVersionOf, type Resource, type ResourceTable } from "./resources.ts";

const ROOT = "/openapi/v3";

/** The answer to an OpenAPI path; `undefined` for every other path. */
export function describeOpenApi(resources: ResourceTable, path: string): JsonObject | undefined {
  if (path === ROOT) return toIndex(resources.all);
  const served = resources.all.filter((resource) => `${ROOT}/${folderOf(resource)}` === path);
  return served.length === 0 ? undefined : toDocument(served);
}

function toIndex(resources: readonly Resource[]): JsonObject {
  const folders = Map.groupBy(resources, folderOf);
  const paths: JsonObject = {};
  for (const [folder, served] of folders) {
    // Clients keep a document by its hash: a new custom resource must change it.
    const hash = served.map(({ plural }) => plural).join("-");
    paths[folder] = { serverRelativeURL: `${ROOT}/${folder}?hash=${hash}` };
  }
  return { paths };
}

function toDocument(resources: readonly Resource[]): JsonObject {
  const paths: JsonObject = {};
  for (const resource of resources) {
    const { group, version, plural, kind, isNamespaced } = resource;
    const namespace = isNamespaced ? "namespaces/{namespace}/" : "";
    paths[`/${folderOf(resource)}/${namespace}${plural}/{name}`] = {
      patch: {
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind": { group, version, kind },
        parameters: [{ name: "fieldValidation", in: "query", schema: { type: "string" } }],
        responses: {},
      },
    };
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: "v1.34.3" },
    paths,
    components: { schemas: {} },
  };
}

function folderOf(resource: Resource): string {
  return `${resource.group === "" ? "api" : "apis"}/${apiVersionOf(resource)}`;
}
