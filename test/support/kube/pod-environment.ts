// The environment of a container, as the kubelet would set it, with paths into volumes made local.
import type { Cluster } from "./cluster.ts";
import type { Container, EnvVar, Pod } from "./kinds.ts";
import { contentOfKey, contentsOf, fieldOf } from "./pod-config.ts";

export type Environment = Record<string, string>;

/** `toLocal` rewrites what starts with one of the container's mount paths; throws `NotYet` where something is missing. */
export function environmentOf(
  cluster: Cluster,
  pod: Pod,
  container: Container,
  toLocal: (text: string) => string,
): Environment {
  const { namespace = "", name } = pod.metadata;
  const { host, port } = cluster.address;
  const environment: Environment = {
    PATH: process.env["PATH"] ?? "",
    HOSTNAME: name,
    KUBERNETES_SERVICE_HOST: host,
    KUBERNETES_SERVICE_PORT: String(port),
    KUBERNETES_SERVICE_PORT_HTTPS: String(port),
    KUBERNETES_PORT: `tcp://${host}:${port}`,
  };
  for (const { prefix = "", configMapRef, secretRef } of container.envFrom ?? []) {
    const contents = new Map([
      ...(configMapRef ? contentsOf(cluster, namespace, "configmap", configMapRef) : []),
      ...(secretRef ? contentsOf(cluster, namespace, "secret", secretRef) : []),
    ]);
    for (const [key, content] of contents) environment[prefix + key] = content.toString();
  }
  for (const variable of container.env ?? []) {
    const value = valueOf(cluster, pod, variable, environment);
    if (value !== undefined) environment[variable.name] = value;
  }
  return Object.fromEntries(
    Object.entries(environment).map(([key, value]) => [key, toLocal(value)]),
  );
}

/** `$(NAME)` is replaced where NAME is known, `$$` is a dollar. */
export function expand(text: string, environment: Environment): string {
  return text.replace(/\$\$|\$\(([^)]+)\)/g, (match, name: string) =>
    match === "$$" ? "$" : (environment[name] ?? match),
  );
}

function valueOf(
  cluster: Cluster,
  pod: Pod,
  { value = "", valueFrom }: EnvVar,
  environment: Environment,
): string | undefined {
  if (valueFrom === undefined) return expand(value, environment);
  const { namespace = "" } = pod.metadata;
  const { secretKeyRef, configMapKeyRef, fieldRef } = valueFrom;
  if (secretKeyRef) return contentOfKey(cluster, namespace, "secret", secretKeyRef);
  if (configMapKeyRef) return contentOfKey(cluster, namespace, "configmap", configMapKeyRef);
  return fieldOf(pod, fieldRef?.fieldPath ?? "");
}
