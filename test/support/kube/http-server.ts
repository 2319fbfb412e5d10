// From an HTTP request to an answer: who asks, may they, what for.
import type { IncomingMessage, ServerResponse } from "node:http";
import { represent, sendJson, sendText } from "./answer.ts";
import { ApiError, forbidden, noSuchResource } from "./api-error.ts";
import { decodeBody, readBody } from "./body.ts";
import type { Cluster } from "./cluster.ts";
import { describeOpenApi } from "./open-api.ts";
import { discover, VERSION } from "./discovery.ts";
import type { FaultAction } from "./faults.ts";
import type { JsonObject } from "./json.ts";
import { listObjects } from "./object-list.ts";
import {
  createObject,
  deleteCollection,
  deleteObject,
  patchObject,
  updateObject,
  type WriteRequest,
} from "./object-writes.ts";
import { describeRefusal, type User } from "./rbac.ts";
import { isReview } from "./resources.ts";
import { answerReview, issueToken, readOrWriteScale, sendLog } from "./subresources.ts";
import { parseTarget, ruleName, type Target } from "./target.ts";
import { watch } from "./watch.ts";

/** One line of the log tests read. */
export interface LoggedRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** `""` for a token nobody has. */
  readonly user: string;
  readonly verb: string;
}

export type HandleRequest = (request: IncomingMessage, response: ServerResponse) => void;

export function createHandler(
  cluster: Cluster,
  log: (request: LoggedRequest) => void,
): HandleRequest {
  return (request, response) => {
    // The client went away: nobody is left to tell.
    response.on("error", () => response.destroy());
    answer(cluster, log, request, response).catch((error: unknown) => {
      sendError(request, response, error);
    });
  };
}

async function answer(
  cluster: Cluster,
  log: (request: LoggedRequest) => void,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "GET", url = "/", headers } = request;
  const { pathname, searchParams } = new URL(url, "http://embedded");
  const path = pathname.replace(/(?<=.)\/$/, "");
  const target = parseTarget(cluster.resources, method, path, searchParams);
  const entry = { method, path: url, verb: target?.verb ?? method.toLowerCase() };
  const fault = target && cluster.faults.take({ ...target, resource: ruleName(target) });
  let user: User;
  try {
    user = cluster.identity.authenticate(headers, cluster.authorizer);
    log({ ...entry, user: user.name });
  } catch (error) {
    log({ ...entry, user: "" });
    throw error;
  }
  if (fault !== undefined) {
    suffer(fault, request, response);
  } else if (target === undefined) {
    answerOther(cluster, path, headers.accept ?? "", user, response);
  } else {
    authorize(cluster, user, target);
    const contentType = (headers["content-type"] ?? "").split(";")[0] ?? "";
    const body = decodeBody(await readBody(request), contentType);
    const userAgent = headers["user-agent"] ?? "";
    const write = { target, user, body, contentType, userAgent };
    answerTarget(cluster, write, headers.accept ?? "", response);
  }
}

function answerOther(
  { resources }: Cluster,
  path: string,
  accept: string,
  user: User,
  response: ServerResponse,
): void {
  if (path === "/version") {
    sendJson(response, 200, VERSION);
    return;
  }
  if (/^\/(livez|readyz|healthz)/.test(path)) {
    sendText(response, 200, "ok");
    return;
  }
  if (!user.groups.some((group) => ["system:authenticated", "system:masters"].includes(group)))
    throw new ApiError(
      403,
      "Forbidden",
      `forbidden: User "${user.name}" cannot get path "${path}"`,
    );
  const document = discover(resources, path, accept);
  const openApi = describeOpenApi(resources, path);
  if (document !== undefined) sendJson(response, 200, document.body, document.contentType);
  else if (openApi !== undefined) sendJson(response, 200, openApi);
  else throw noSuchResource();
}

function authorize({ authorizer }: Cluster, user: User, target: Target): void {
  const { resource, verb, namespace, name } = target;
  if (isReview(resource)) return;
  const action = { verb, group: resource.group, resource: ruleName(target), namespace, name };
  if (!authorizer.allows(user, action))
    throw forbidden(resource, name, describeRefusal(user, action));
}

function answerTarget(
  cluster: Cluster,
  write: WriteRequest,
  accept: string,
  response: ServerResponse,
): void {
  const { target, user, body } = write;
  const { resource, subresource, namespace, name, verb, query } = target;
  if (isReview(resource)) {
    sendJson(response, 201, answerReview(cluster, target, user, body));
    return;
  }
  if (subresource === "log") {
    sendLog(cluster, target, response);
    return;
  }
  if (subresource === "token") {
    sendJson(response, 201, issueToken(cluster, target, body));
    return;
  }
  if (subresource === "scale") {
    sendJson(response, 200, readOrWriteScale(cluster, target, body));
    return;
  }
  const { store } = cluster;
  const send = (status: number, object: Parameters<typeof represent>[1]) => {
    sendJson(response, status, represent(resource, object, accept, query));
  };
  const sendWritten = ({ status, object }: ReturnType<typeof patchObject>) => send(status, object);
  switch (verb) {
    case "get":
      send(200, store.require(resource, namespace, name));
      break;
    case "list":
      send(200, listObjects(store, target));
      break;
    case "watch":
      watch(cluster, target, accept, response);
      break;
    case "create":
      sendWritten(createObject(cluster, write));
      break;
    case "update":
      sendWritten(updateObject(cluster, write));
      break;
    case "patch":
      sendWritten(patchObject(cluster, write));
      break;
    case "delete":
      sendJson(response, 200, deleteObject(cluster, write));
      break;
    case "deletecollection":
      sendJson(response, 200, deleteCollection(cluster, write));
      break;
    default:
      throw new ApiError(
        405,
        "MethodNotAllowed",
        "the server does not allow this method on the requested resource",
      );
  }
}

function suffer(fault: FaultAction, request: IncomingMessage, response: ServerResponse): void {
  if (fault === "hang") return;
  if (fault === "close") {
    request.socket.destroy();
    return;
  }
  const { status, reason = "InternalError", message = "an error on the server" } = fault;
  sendJson(response, status, new ApiError(status, reason, message).toStatus());
}

function sendError(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent) {
    response.end();
    return;
  }
  if (error instanceof ApiError) {
    sendJson(response, error.code, error.toStatus());
    return;
  }
  // A bug of the embedded API, not of the program under test: it must be seen.
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`embedded kube: ${request.method} ${request.url}: ${text}\n`);
  const status: JsonObject = new ApiError(500, "InternalError", text).toStatus();
  sendJson(response, 500, status);
}
