// How objects leave the API: as they are, as a Table for `kubectl get`, or as metadata only.
import type { ServerResponse } from "node:http";
import type { Json, JsonObject, KubeObject } from "./json.ts";
import { apiVersionOf, type Resource } from "./resources.ts";
import { toTable } from "./table.ts";

export interface ObjectList extends JsonObject {
  kind: string;
  apiVersion: string;
  metadata: JsonObject;
  items: KubeObject[];
}

export function sendJson(
  response: ServerResponse,
  status: number,
  body: Json,
  contentType = "application/json",
): void {
  sendText(response, status, `${JSON.stringify(body)}\n`, contentType);
}

export function sendText(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = "text/plain",
): void {
  response.writeHead(status, {
    "cache-control": "no-cache, private",
    "content-length": Buffer.byteLength(body),
    "content-type": contentType,
  });
  response.end(body);
}

/** An object or a list in the shape the client asked for. */
export function represent(
  resource: Resource,
  object: KubeObject | ObjectList,
  accept: string,
  query: URLSearchParams,
): JsonObject {
  if (accept.includes("as=Table"))
    return toTable(resource.kind, object, query.get("includeObject") ?? "Metadata");
  const versioned = asVersion(resource, object);
  return accept.includes("as=PartialObjectMetadata") ? toMetadataOnly(versioned) : versioned;
}

/** The versions of a custom resource differ in nothing but their name. */
function asVersion(resource: Resource, object: KubeObject | ObjectList): KubeObject | ObjectList {
  const apiVersion = apiVersionOf(resource);
  if (isList(object))
    return { ...object, items: object.items.map((item) => ({ ...item, apiVersion })) };
  return object.apiVersion === apiVersion ? object : { ...object, apiVersion };
}

function toMetadataOnly(object: KubeObject | ObjectList): JsonObject {
  const apiVersion = "meta.k8s.io/v1";
  const { metadata } = object;
  if (!isList(object)) return { kind: "PartialObjectMetadata", apiVersion, metadata };
  // null for none, as the real server says it of metadata alone.
  const items = object.items.length === 0 ? null : object.items.map(toMetadataOnly);
  return { kind: "PartialObjectMetadataList", apiVersion, metadata, items };
}

function isList(object: KubeObject | ObjectList): object is ObjectList {
  return object.kind.endsWith("List") && Array.isArray(object["items"]);
}
