// Pods until enough of them succeeded or too many failed; a failed one is followed by the next without delay.
import { timestamp } from "../clock.ts";
import type { Cluster } from "../cluster.ts";
import { clone } from "../json.ts";
import { isJob, type Condition, type Job, type Pod } from "../kinds.ts";
import { defer, deferBySeconds } from "./defer.ts";
import { condition, ownerReferences, podsOf } from "./ownership.ts";

export function startJobController(cluster: Cluster): void {
  cluster.store.subscribe(({ type, resource, object, previous }) => {
    const { namespace = "", name, ownerReferences: owners = [] } = object.metadata;
    const [owner] = owners;
    if (resource.plural === "pods" && owner?.kind === "Job")
      defer(cluster, () => reconcile(cluster, namespace, owner.name));
    if (!isJob(object) || type === "DELETED") return;
    const { activeDeadlineSeconds, suspend } = object.spec;
    const hasStarted = isJob(previous) && !previous.spec.suspend;
    if (suspend || hasStarted) return;
    defer(cluster, () => reconcile(cluster, namespace, name));
    if (activeDeadlineSeconds !== undefined)
      deferBySeconds(cluster, activeDeadlineSeconds, () => expire(cluster, object));
  });
}

function reconcile(cluster: Cluster, namespace: string, name: string): void {
  const { store, resources } = cluster;
  const job = store.get(resources.named("jobs"), namespace, name);
  if (!isJob(job) || isFinished(job)) return;
  const { backoffLimit, completions, parallelism } = job.spec;
  const { succeeded, failed, active } = countPods(cluster, job);
  if (succeeded >= completions) {
    finish(cluster, job, [reached("SuccessCriteriaMet"), reached("Complete")]);
    return;
  }
  if (failed > backoffLimit) {
    fail(cluster, job, "BackoffLimitExceeded", "Job has reached the specified backoff limit");
    return;
  }
  const wanted = Math.min(parallelism, completions - succeeded) - active;
  for (let started = 0; started < wanted; started++) createJobPod(cluster, job);
  store.change(resources.named("jobs"), namespace, name, (object) => {
    if (isJob(object)) writeCounts(cluster, object);
  });
}

function expire(cluster: Cluster, { metadata }: Job): void {
  const { namespace = "", name, uid } = metadata;
  const jobs = cluster.resources.named("jobs");
  const job = cluster.store.get(jobs, namespace, name);
  if (!isJob(job) || job.metadata.uid !== uid || isFinished(job)) return;
  fail(cluster, job, "DeadlineExceeded", "Job was active longer than specified deadline");
}

function fail(cluster: Cluster, job: Job, reason: string, message: string): void {
  const { store, resources } = cluster;
  finish(cluster, job, [
    condition("FailureTarget", true, reason, message),
    condition("Failed", true, reason, message),
  ]);
  for (const pod of podsOf(cluster, job).filter(isActive))
    store.remove(resources.named("pods"), pod);
}

function finish(cluster: Cluster, job: Job, conditions: Condition[]): void {
  const { store, resources } = cluster;
  const jobs = resources.named("jobs");
  const { namespace = "", name, uid } = job.metadata;
  store.change(jobs, namespace, name, (object) => {
    if (!isJob(object)) return;
    const isComplete = conditions.some(({ type }) => type === "Complete");
    writeCounts(cluster, object);
    const { active = 0, ...status } = object.status;
    // A pod that is still active goes with the Job, and counts as failed.
    const failed = (status.failed ?? 0) + active;
    object.status = {
      ...status,
      ...(failed > 0 && { failed }),
      ...(isComplete && { completionTime: timestamp() }),
      conditions,
    };
  });
  const { ttlSecondsAfterFinished } = job.spec;
  if (ttlSecondsAfterFinished === undefined) return;
  deferBySeconds(cluster, ttlSecondsAfterFinished, () => {
    const found = store.get(jobs, namespace, name);
    if (found !== undefined && found.metadata.uid === uid) store.remove(jobs, found);
  });
}

function createJobPod({ store, resources }: Cluster, job: Job): void {
  const { namespace = "", name } = job.metadata;
  const { metadata = {}, spec } = job.spec.template;
  const { labels = {}, annotations } = metadata;
  store.create(resources.named("pods"), namespace, {
    metadata: {
      name: "",
      generateName: `${name}-`,
      labels,
      ...(annotations !== undefined && { annotations }),
      ownerReferences: ownerReferences(job),
    },
    spec: clone(spec),
  });
}

function writeCounts(cluster: Cluster, job: Job): void {
  const { active, failed, succeeded } = countPods(cluster, job);
  const { active: _before, ...status } = job.status;
  job.status = {
    ...status,
    startTime: job.status.startTime ?? timestamp(),
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
    ...(active > 0 && { active }),
    ...(failed > 0 && { failed }),
    ...(succeeded > 0 && { succeeded }),
  };
}

function countPods(
  cluster: Cluster,
  job: Job,
): { active: number; failed: number; succeeded: number } {
  const phases = podsOf(cluster, job).map((pod) => pod.status.phase);
  const failed = phases.filter((phase) => phase === "Failed").length;
  const succeeded = phases.filter((phase) => phase === "Succeeded").length;
  return { active: phases.length - failed - succeeded, failed, succeeded };
}

function isActive({ status }: Pod): boolean {
  return status.phase !== "Failed" && status.phase !== "Succeeded";
}

function isFinished({ status }: Job): boolean {
  return (status?.conditions ?? []).some(({ type }) => ["Complete", "Failed"].includes(type));
}

function reached(type: string): Condition {
  return condition(type, true, "CompletionsReached", "Reached expected number of succeeded pods");
}
