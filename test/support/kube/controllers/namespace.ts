// Every namespace gets a service account and the certificate to reach the API with.
import type { Cluster } from "../cluster.ts";

export function startNamespaceController({ store, resources, ca }: Cluster): void {
  store.subscribe(({ type, resource, object }) => {
    if (resource.plural !== "namespaces" || type !== "ADDED") return;
    const { name } = object.metadata;
    store.create(resources.named("serviceaccounts"), name, { metadata: { name: "default" } });
    store.create(resources.named("configmaps"), name, {
      metadata: { name: "kube-root-ca.crt" },
      data: { "ca.crt": ca },
    });
  });
}
