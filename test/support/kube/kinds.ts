// The kinds the controllers and the pod runner work on: only the fields they read or write.
import type { JsonObject, KubeObject } from "./json.ts";

interface KeyReference extends JsonObject {
  name: string;
  key: string;
  optional?: boolean;
}

export interface EnvVar extends JsonObject {
  name: string;
  value?: string;
  valueFrom?: JsonObject & {
    secretKeyRef?: KeyReference;
    configMapKeyRef?: KeyReference;
    fieldRef?: JsonObject & { fieldPath: string };
  };
}

interface EnvSource extends JsonObject {
  prefix?: string;
  configMapRef?: JsonObject & { name: string; optional?: boolean };
  secretRef?: JsonObject & { name: string; optional?: boolean };
}

interface VolumeMount extends JsonObject {
  name: string;
  mountPath: string;
  subPath?: string;
}

export interface Container extends JsonObject {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  env?: EnvVar[];
  envFrom?: EnvSource[];
  volumeMounts?: VolumeMount[];
  restartPolicy?: string;
}

interface VolumeItem extends JsonObject {
  key: string;
  path: string;
}

export interface VolumeSource extends JsonObject {
  configMap?: JsonObject & { name: string; items?: VolumeItem[]; optional?: boolean };
  secret?: JsonObject & {
    name?: string;
    secretName?: string;
    items?: VolumeItem[];
    optional?: boolean;
  };
  serviceAccountToken?: JsonObject & { path: string; audience?: string; expirationSeconds: number };
  downwardAPI?: JsonObject & {
    items?: (JsonObject & { path: string; fieldRef?: JsonObject & { fieldPath: string } })[];
  };
}

export interface Volume extends VolumeSource {
  name: string;
  projected?: JsonObject & { sources: VolumeSource[] };
}

export interface PodSpec extends JsonObject {
  containers: Container[];
  initContainers?: Container[];
  volumes?: Volume[];
  restartPolicy?: string;
  serviceAccountName: string;
  terminationGracePeriodSeconds?: number;
}

export interface ContainerStatus extends JsonObject {
  name: string;
  image: string;
  imageID: string;
  ready: boolean;
  started: boolean;
  restartCount: number;
  state: JsonObject;
}

export interface Pod extends KubeObject {
  spec: PodSpec;
  status: JsonObject & { phase: string; containerStatuses?: ContainerStatus[] };
}

interface PodTemplate extends JsonObject {
  metadata?: JsonObject & { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: PodSpec;
}

/** Deployment, ReplicaSet, StatefulSet, DaemonSet. */
export interface Workload extends KubeObject {
  spec: JsonObject & {
    replicas?: number;
    selector: JsonObject & { matchLabels: Record<string, string> };
    template: PodTemplate;
  };
  status?: JsonObject & { observedGeneration?: number };
}

export interface Condition extends JsonObject {
  type: string;
  status: string;
  reason: string;
  message: string;
  lastTransitionTime: string;
}

export interface Job extends KubeObject {
  spec: JsonObject & {
    backoffLimit: number;
    completions: number;
    parallelism: number;
    suspend?: boolean;
    activeDeadlineSeconds?: number;
    ttlSecondsAfterFinished?: number;
    template: PodTemplate;
  };
  status: JsonObject & {
    startTime?: string;
    active?: number;
    failed?: number;
    conditions?: Condition[];
  };
}

export interface CustomResourceDefinition extends KubeObject {
  spec: JsonObject & {
    group: string;
    scope: "Namespaced" | "Cluster";
    names: JsonObject & { plural: string; kind: string; shortNames?: string[] };
    versions: (JsonObject & { name: string; subresources?: JsonObject })[];
  };
}

export function isPod(object: KubeObject | undefined): object is Pod {
  return object?.kind === "Pod";
}

export function isJob(object: KubeObject | undefined): object is Job {
  return object?.kind === "Job";
}

export function isWorkload(object: KubeObject | undefined): object is Workload {
  return ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"].includes(object?.kind ?? "");
}

export function isDefinition(object: KubeObject | undefined): object is CustomResourceDefinition {
  return object?.kind === "CustomResourceDefinition";
}
