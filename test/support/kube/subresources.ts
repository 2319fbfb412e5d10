// What is asked rather than stored: scale, tokens, logs, reviews.
import type { ServerResponse } from "node:http";
import { ApiError, badRequest, invalid, noSuchResource } from "./api-error.ts";
import type { Cluster } from "./cluster.ts";
import { clone, objectAt, textAt, type Json, type JsonObject, type KubeObject } from "./json.ts";
import { isPod } from "./kinds.ts";
import { applyMergePatch } from "./merge-patch.ts";
import type { Action, User } from "./rbac.ts";
import type { Target } from "./target.ts";

// https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/authentication/validation/validation.go
const MIN_TOKEN_SECONDS = 600;

export function readOrWriteScale(cluster: Cluster, target: Target, body: Json): JsonObject {
  const { resource, namespace, name, verb, query } = target;
  const object = cluster.store.require(resource, namespace, name);
  if (verb === "get") return toScale(object);
  const scaled = clone(object);
  const scale = applyMergePatch(toScale(object), body);
  objectAt(scaled, "spec")["replicas"] = objectAt(scale, "spec")["replicas"] ?? 0;
  const tracking = { manager: query.get("fieldManager") ?? "unknown", subresource: "scale" };
  return toScale(cluster.store.replace(resource, object, scaled, { tracking }));
}

export function issueToken({ identity }: Cluster, target: Target, body: Json): JsonObject {
  const spec = objectAt(body, "spec");
  const expirationSeconds = Number(spec["expirationSeconds"] ?? 3600);
  if (expirationSeconds < MIN_TOKEN_SECONDS)
    throw invalid(
      { kind: "TokenRequest", group: "authentication.k8s.io", name: "" },
      "spec.expirationSeconds",
      `Invalid value: ${expirationSeconds}: may not specify a duration less than 10 minutes`,
    );
  const [audience] = Array.isArray(spec["audiences"]) ? spec["audiences"] : [];
  const token = identity.mint({
    namespace: target.namespace,
    serviceAccount: target.name,
    expirationSeconds,
    ...(typeof audience === "string" && { audience }),
  });
  const expirationTimestamp = new Date(Date.now() + expirationSeconds * 1000).toISOString();
  return { ...objectAt(body), status: { token, expirationTimestamp } };
}

export function sendLog(cluster: Cluster, target: Target, response: ServerResponse): void {
  const { resource, namespace, name, query } = target;
  const pod = cluster.store.require(resource, namespace, name);
  if (!isPod(pod)) throw noSuchResource();
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
  const names = containers.map((container) => container.name);
  const [only] = pod.spec.containers.length === 1 ? pod.spec.containers : [];
  const container = query.get("container") ?? only?.name;
  if (container === undefined)
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${names.join(" ")}]`,
    );
  if (!names.includes(container))
    throw badRequest(`container ${container} is not valid for pod ${name}`);
  const status = pod.status.containerStatuses?.find((entry) => entry.name === container);
  const reason = textAt(status, "state", "waiting", "reason");
  const hasEnded = textAt(status, "lastState", "terminated", "reason") !== "";
  if (query.get("previous") === "true" && !hasEnded)
    throw badRequest(`previous terminated container "${container}" in pod "${name}" not found`);
  if (reason !== "" && !hasEnded)
    throw badRequest(
      `container "${container}" in pod "${name}" is waiting to start: ${reason === "ImagePullBackOff" ? "trying and failing to pull image" : reason}`,
    );
  const asked = new URLSearchParams(query);
  // Between two tries the last one's log is also the previous one's.
  if (reason !== "") asked.delete("previous");
  cluster.podLogs.send(pod.metadata.uid ?? "", container, asked, response);
}

export function answerReview(
  { identity, authorizer }: Cluster,
  { resource }: Target,
  user: User,
  body: Json,
): JsonObject {
  const review = objectAt(body);
  const spec = objectAt(body, "spec");
  switch (resource.kind) {
    case "SelfSubjectReview":
      return { ...review, status: { userInfo: toUserInfo(user) } };
    case "TokenReview":
      try {
        const who = identity.identify(textAt(spec, "token"));
        return { ...review, status: { authenticated: true, user: toUserInfo(who) } };
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        return { ...review, status: { authenticated: false, error: "invalid bearer token" } };
      }
    default: {
      const groups = Array.isArray(spec["groups"]) ? spec["groups"].map(String) : [];
      const isSelf = resource.kind === "SelfSubjectAccessReview";
      const who = isSelf ? user : { name: textAt(spec, "user"), groups };
      return { ...review, status: { allowed: authorizer.allows(who, toAction(spec)) } };
    }
  }
}

function toUserInfo({ name, groups }: User): JsonObject {
  return { username: name, groups: [...groups] };
}

function toAction(spec: JsonObject): Action {
  const asked = objectAt(spec, "resourceAttributes");
  const subresource = textAt(asked, "subresource");
  return {
    verb: textAt(asked, "verb"),
    group: textAt(asked, "group"),
    resource: textAt(asked, "resource") + (subresource === "" ? "" : `/${subresource}`),
    namespace: textAt(asked, "namespace"),
    name: textAt(asked, "name"),
  };
}

function toScale(object: KubeObject): JsonObject {
  const { name, namespace = "", uid = "", resourceVersion = "" } = object.metadata;
  return {
    kind: "Scale",
    apiVersion: "autoscaling/v1",
    metadata: { name, namespace, uid, resourceVersion },
    spec: { replicas: objectAt(object, "spec")["replicas"] ?? 0 },
    status: { replicas: objectAt(object, "status")["replicas"] ?? 0 },
  };
}
