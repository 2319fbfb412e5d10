// A stream of changes. Helm 4 hangs without the initial events and the bookmark that ends them.
import type { ServerResponse } from "node:http";
import { represent } from "./answer.ts";
import { expired } from "./api-error.ts";
import type { Cluster } from "./cluster.ts";
import type { JsonObject, KubeObject } from "./json.ts";
import { apiVersionOf, qualifiedName } from "./resources.ts";
import { parseSelectors } from "./selectors.ts";
import type { StoreEvent } from "./store.ts";
import type { Target } from "./target.ts";

const DEFAULT_TIMEOUT_SECONDS = 1800;

export function watch(
  { store }: Cluster,
  { resource, namespace, query }: Target,
  accept: string,
  response: ServerResponse,
): void {
  const selects = parseSelectors(query);
  const matches = (object: KubeObject | undefined): boolean =>
    object !== undefined &&
    (namespace === "" || object.metadata.namespace === namespace) &&
    selects(object);
  const write = (type: string, object: JsonObject) =>
    response.write(`${JSON.stringify({ type, object })}\n`);
  const tell = (type: string, object: KubeObject) =>
    write(type, represent(resource, object, accept, query));
  // An object that leaves the selection is DELETED for this client, one that enters it ADDED.
  const forward = (event: StoreEvent) => {
    if (qualifiedName(event.resource) !== qualifiedName(resource)) return;
    const did = matches(event.previous);
    const does = event.type !== "DELETED" && matches(event.object);
    if (does) tell(did ? "MODIFIED" : "ADDED", event.object);
    else if (did) tell("DELETED", event.object);
  };

  response.writeHead(200, {
    "cache-control": "no-cache, private",
    "content-type": "application/json",
  });
  response.flushHeaders();

  const sendsInitialEvents = query.get("sendInitialEvents") === "true";
  const from = Number(query.get("resourceVersion") ?? 0);
  if (sendsInitialEvents || from === 0) {
    for (const object of store.list(resource, namespace, matches)) tell("ADDED", object);
  } else {
    const missed = store.since(from);
    if (missed === undefined) {
      write("ERROR", expired(`too old resource version: ${from}`).toStatus());
      response.end();
      return;
    }
    missed.forEach(forward);
  }
  if (sendsInitialEvents)
    write("BOOKMARK", {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource),
      metadata: {
        resourceVersion: String(store.version),
        creationTimestamp: null,
        annotations: { "k8s.io/initial-events-end": "true" },
      },
    });

  const unsubscribe = store.subscribe(forward);
  const seconds = Number(query.get("timeoutSeconds") ?? 0) || DEFAULT_TIMEOUT_SECONDS;
  const timer = setTimeout(() => response.end(), seconds * 1000);
  response.on("close", () => {
    clearTimeout(timer);
    unsubscribe();
  });
}
