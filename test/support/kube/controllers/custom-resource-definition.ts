// A custom resource is served from the moment its definition stands.
import type { Cluster } from "../cluster.ts";
import type { KubeObject } from "../json.ts";
import { isDefinition, type CustomResourceDefinition } from "../kinds.ts";
import type { Resource } from "../resources.ts";
import { defer } from "./defer.ts";
import { condition } from "./ownership.ts";

export function startCustomResourceDefinitionController(cluster: Cluster): void {
  const { store, resources } = cluster;
  store.subscribe(({ type, resource, object, previous }) => {
    if (!isDefinition(object)) return;
    const served = servedBy(object);
    if (type === "DELETED") {
      for (const custom of served) {
        for (const instance of store.list(custom, "")) store.remove(custom, instance);
      }
      served.forEach((custom) => resources.remove(custom));
      return;
    }
    if (previous !== undefined && previous.metadata.generation === object.metadata.generation)
      return;
    served.forEach((custom) => resources.add(custom));
    defer(cluster, () => store.change(resource, "", object.metadata.name, establish));
  });
}

function servedBy({ spec }: CustomResourceDefinition): Resource[] {
  return spec.versions.map((version) => ({
    group: spec.group,
    version: version.name,
    plural: spec.names.plural,
    kind: spec.names.kind,
    isNamespaced: spec.scope === "Namespaced",
    shortNames: spec.names.shortNames ?? [],
    subresources: version.subresources?.["status"] === undefined ? [] : ["status"],
  }));
}

function establish(object: KubeObject): void {
  if (!isDefinition(object)) return;
  const { spec } = object;
  object["status"] = {
    acceptedNames: spec.names,
    storedVersions: spec.versions.map(({ name }) => name),
    conditions: [
      condition("NamesAccepted", true, "NoConflicts", "no conflicts found"),
      condition(
        "Established",
        true,
        "InitialNamesAccepted",
        "the initial names have been accepted",
      ),
    ],
  };
}
