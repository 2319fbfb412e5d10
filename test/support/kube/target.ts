// What a request is about, read from its method, path and query.
import { isReview, type Resource, type ResourceTable } from "./resources.ts";
import { selectedName } from "./selectors.ts";

export interface Target {
  readonly resource: Resource;
  readonly subresource: string;
  /** `""` at the cluster scope. */
  readonly namespace: string;
  /** `""` where the request names no object. */
  readonly name: string;
  readonly verb: string;
  readonly query: URLSearchParams;
}

const PATH =
  /^\/(?:api\/(?<core>v1)|apis\/(?<group>[^/]+)\/(?<version>[^/]+))(?:\/namespaces\/(?<namespace>[^/]+)(?=\/[^/]))?\/(?<plural>[^/]+)(?:\/(?<name>[^/]+))?(?:\/(?<subresource>[^/]+))?$/;

const VERBS: Record<string, string> = { POST: "create", PUT: "update", PATCH: "patch" };

/** `undefined` for a path that is no resource served here. */
export function parseTarget(
  resources: ResourceTable,
  method: string,
  path: string,
  query: URLSearchParams,
): Target | undefined {
  const parts = PATH.exec(path)?.groups;
  if (parts === undefined) return undefined;
  const { core, group = "", version = core ?? "" } = parts;
  let { namespace = "", plural = "", name = "", subresource = "" } = parts;
  // /api/v1/namespaces/NAME/status is about the namespace, not about something inside it.
  if (namespace !== "" && ["status", "finalize"].includes(plural))
    [plural, name, subresource, namespace] = ["namespaces", namespace, plural, ""];
  const resource = resources.find(group, version, plural);
  if (resource === undefined) return undefined;
  if (subresource !== "" && !resource.subresources.includes(subresource)) return undefined;
  const verb = isReview(resource) ? "create" : verbOf(method, name, query);
  return { resource, subresource, namespace, name: name || selectedName(query), verb, query };
}

/** The resource as RBAC rules name it. */
export function ruleName({ resource, subresource }: Target): string {
  return subresource === "" ? resource.plural : `${resource.plural}/${subresource}`;
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  if (method === "DELETE") return name === "" ? "deletecollection" : "delete";
  if (method !== "GET") return VERBS[method] ?? method.toLowerCase();
  if (["true", "1"].includes(query.get("watch") ?? "")) return "watch";
  return name === "" ? "list" : "get";
}
