// Who may do what: roles and bindings as they are stored at the moment of the question.
import { objectsAt, textAt, type JsonObject, type KubeObject } from "./json.ts";
import type { ResourceTable } from "./resources.ts";
import type { Store } from "./store.ts";

export interface User {
  readonly name: string;
  readonly groups: readonly string[];
}

export interface Action {
  readonly verb: string;
  readonly group: string;
  /** With its subresource: `pods/log`. */
  readonly resource: string;
  /** `""` at the cluster scope. */
  readonly namespace: string;
  /** `""` where the request names no object: a rule with resourceNames then never allows it. */
  readonly name: string;
}

export class Authorizer {
  readonly #store: Store;
  readonly #resources: ResourceTable;

  constructor(store: Store, resources: ResourceTable) {
    this.#store = store;
    this.#resources = resources;
  }

  allows(user: User, action: Action): boolean {
    if (user.groups.includes("system:masters")) return true;
    const bindings = [
      ...this.#list("clusterrolebindings", ""),
      ...(action.namespace === "" ? [] : this.#list("rolebindings", action.namespace)),
    ];
    return bindings.some(
      (binding) =>
        isBoundTo(binding, user) && this.#rulesOf(binding).some((rule) => covers(rule, action)),
    );
  }

  #rulesOf(binding: KubeObject): JsonObject[] {
    const isRole = textAt(binding, "roleRef", "kind") === "Role";
    const resource = this.#resources.named(isRole ? "roles" : "clusterroles");
    const { namespace = "" } = binding.metadata;
    return objectsAt(
      this.#store.get(resource, namespace, textAt(binding, "roleRef", "name")),
      "rules",
    );
  }

  #list(plural: string, namespace: string): KubeObject[] {
    return this.#store.list(this.#resources.named(plural), namespace);
  }
}

/** The half of a 403 text behind "is forbidden: ". */
export function describeRefusal(user: User, action: Action): string {
  const { verb, group, resource, namespace } = action;
  const place = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${place}`;
}

function isBoundTo(binding: KubeObject, user: User): boolean {
  return objectsAt(binding, "subjects").some((subject) => {
    const name = textAt(subject, "name");
    if (subject["kind"] === "User") return user.name === name;
    if (subject["kind"] === "Group") return user.groups.includes(name);
    const namespace = textAt(subject, "namespace") || binding.metadata.namespace;
    return user.name === `system:serviceaccount:${namespace}:${name}`;
  });
}

function covers(rule: JsonObject, { verb, group, resource, name }: Action): boolean {
  const has = (field: string, ...wanted: string[]) => {
    const listed = rule[field];
    return Array.isArray(listed) && wanted.some((value) => listed.includes(value));
  };
  const names = rule["resourceNames"];
  const isNamed =
    !Array.isArray(names) || names.length === 0 || (name !== "" && names.includes(name));
  return (
    has("verbs", verb, "*") &&
    has("apiGroups", group, "*") &&
    has("resources", resource, "*", resource.replace(/^[^/]+\//, "*/")) &&
    isNamed
  );
}
