// Lists, whole or in pages.
import type { ObjectList } from "./answer.ts";
import { badRequest } from "./api-error.ts";
import { apiVersionOf, type Resource } from "./resources.ts";
import { parseSelectors } from "./selectors.ts";
import type { Store } from "./store.ts";
import type { Target } from "./target.ts";
import type { KubeObject } from "./json.ts";

export function listObjects(store: Store, { resource, namespace, query }: Target): ObjectList {
  const all = store.list(resource, namespace, parseSelectors(query));
  const start = parseContinue(query.get("continue"));
  const rest = all.filter((object) => placeOf(object) > start);
  const limit = Number(query.get("limit") ?? 0) || rest.length;
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  const remaining = rest.length - items.length;
  return toList(resource, items, {
    resourceVersion: String(store.version),
    ...(last !== undefined &&
      remaining > 0 && {
        continue: Buffer.from(placeOf(last)).toString("base64url"),
        remainingItemCount: remaining,
      }),
  });
}

export function toList(
  resource: Resource,
  items: KubeObject[],
  metadata: ObjectList["metadata"],
): ObjectList {
  const kind = `${resource.kind}List`;
  return { kind, apiVersion: apiVersionOf(resource), metadata, items };
}

function placeOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

function parseContinue(token: string | null): string {
  if (token === null || token === "") return "";
  const place = Buffer.from(token, "base64url").toString();
  if (!place.includes("/")) throw badRequest("continue key is not valid");
  return place;
}
