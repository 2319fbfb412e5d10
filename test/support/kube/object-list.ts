// Lists, whole or in pages, as things are or as they were.
import type { ObjectList } from "./answer.ts";
import { ApiError, badRequest, invalid } from "./api-error.ts";
import { apiVersionOf, type Resource } from "./resources.ts";
import { parseSelectors } from "./selectors.ts";
import type { Store } from "./store.ts";
import type { Target } from "./target.ts";
import type { KubeObject } from "./json.ts";

export function listObjects(store: Store, { resource, namespace, query }: Target): ObjectList {
  const version = parseExactVersion(query, store.version);
  const all = store.listAt(version, resource, namespace, parseSelectors(query));
  const start = parseContinue(query.get("continue"));
  const rest = all.filter((object) => placeOf(object) > start);
  const limit = Number(query.get("limit") ?? 0) || rest.length;
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  const remaining = rest.length - items.length;
  return toList(resource, items, {
    resourceVersion: String(version),
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

/** https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list; without `Exact` the newest will do. */
function parseExactVersion(query: URLSearchParams, current: number): number {
  if (query.get("resourceVersionMatch") !== "Exact") return current;
  const text = query.get("resourceVersion") ?? "";
  if (text === "" || text === "0") {
    const why =
      text === ""
        ? "resourceVersionMatch is forbidden unless resourceVersion is provided"
        : 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"';
    const listOptions = { kind: "ListOptions", group: "meta.k8s.io", name: "" };
    throw invalid(listOptions, "resourceVersionMatch", `Forbidden: ${why}`);
  }
  if (!/^\d+$/.test(text)) {
    const why = `strconv.ParseUint: parsing "${text}": invalid syntax`;
    throw badRequest(`invalid resource version: resourceVersion: Invalid value: "${text}": ${why}`);
  }
  const version = Number(text);
  if (version > current) {
    const message = `Timeout: Too large resource version: ${text}, current: ${current}`;
    throw new ApiError(504, "Timeout", message, { retryAfterSeconds: 1 });
  }
  return version;
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
