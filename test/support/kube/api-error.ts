// The refusals of a Kubernetes API, worded as k8s.io/apimachinery/pkg/api/errors words them: Helm and kubectl print them.
import type { JsonObject } from "./json.ts";

export interface ErrorCause extends JsonObject {
  reason: string;
  message: string;
  field: string;
}

export interface ErrorDetails extends JsonObject {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: ErrorCause[];
  retryAfterSeconds?: number;
}

/** `deployments` of group `apps`; the core group is `""`. */
export interface GroupResource {
  readonly group: string;
  readonly plural: string;
}

export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: ErrorDetails;

  constructor(code: number, reason: string, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** The body of the answer. */
  toStatus(): JsonObject {
    return {
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message: this.message,
      reason: this.reason,
      details: this.details,
      code: this.code,
    };
  }
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, "BadRequest", message);
}

export function unauthorized(): ApiError {
  return new ApiError(401, "Unauthorized", "Unauthorized");
}

/** `why` names the user and the verb; a list or a create has no name. */
export function forbidden(resource: GroupResource, name: string, why: string): ApiError {
  const what = name === "" ? qualified(resource) : `${qualified(resource)} "${name}"`;
  return new ApiError(403, "Forbidden", `${what} is forbidden: ${why}`, about(resource, name));
}

export function notFound(resource: GroupResource, name: string): ApiError {
  const message = `${qualified(resource)} "${name}" not found`;
  return new ApiError(404, "NotFound", message, about(resource, name));
}

/** No such path in the API, as opposed to no such object. */
export function noSuchResource(): ApiError {
  return new ApiError(404, "NotFound", "the server could not find the requested resource");
}

export function alreadyExists(resource: GroupResource, name: string): ApiError {
  const message = `${qualified(resource)} "${name}" already exists`;
  return new ApiError(409, "AlreadyExists", message, about(resource, name));
}

const MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

export function conflict(resource: GroupResource, name: string, why = MODIFIED): ApiError {
  const message = `Operation cannot be fulfilled on ${qualified(resource)} "${name}": ${why}`;
  return new ApiError(409, "Conflict", message, about(resource, name));
}

/** Other managers own fields that a server-side apply would change. */
export function applyConflict(message: string, causes: ErrorCause[]): ApiError {
  return new ApiError(409, "Conflict", message, { causes });
}

/** A resourceVersion too old to watch from: clients list again. */
export function expired(message: string): ApiError {
  return new ApiError(410, "Expired", message);
}

export function unsupportedMediaType(accepted: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`;
  return new ApiError(415, "UnsupportedMediaType", message);
}

/** `kind` is written with its group, as in `Deployment.apps`; one field, one reason. */
export function invalid(
  object: { readonly kind: string; readonly group: string; readonly name: string },
  field: string,
  why: string,
): ApiError {
  const { kind, group, name } = object;
  const qualifiedKind = group === "" ? kind : `${kind}.${group}`;
  const causes = [{ reason: "FieldValueInvalid", message: why, field }];
  const message = `${qualifiedKind} "${name}" is invalid: ${field}: ${why}`;
  return new ApiError(422, "Invalid", message, {
    name,
    ...(group !== "" && { group }),
    kind,
    causes,
  });
}

/** A JSON patch that was readable but could not be applied: the real server gives no reason either. */
export function patchRefused(): ApiError {
  return new ApiError(
    422,
    "Invalid",
    "the server rejected our request due to an error in our request",
  );
}

function qualified({ group, plural }: GroupResource): string {
  return group === "" ? plural : `${plural}.${group}`;
}

function about(resource: GroupResource, name: string): ErrorDetails {
  return {
    ...(name !== "" && { name }),
    ...(resource.group !== "" && { group: resource.group }),
    kind: resource.plural,
  };
}
