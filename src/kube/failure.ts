// Why a run failed, as far as the cluster tells: three lists, then the logs of what crashed.
import type { Cause } from "../domain/cause.ts";
import { NotifyError } from "../domain/errors.ts";
import { redactLine, redactLog } from "../domain/redact.ts";
import type { Deadline } from "../flow/ports.ts";
import { listWarnings, type Warning } from "./events.ts";
import type { KubeApi } from "./kube-api.ts";
import { isSame, LIST_LIMIT, type Named, type ObjectList } from "./objects.ts";
import { currentSets, isOf, listReplicaSets, podsOf } from "./owners.ts";
import { byRank, listPods, makerOf, type Pod, readLog, type Trouble, troubleOf } from "./pods.ts";

export const WORKLOAD_KINDS = [
  "Deployment",
  "StatefulSet",
  "DaemonSet",
  "ReplicaSet",
  "Job",
  "Pod",
] as const;

export interface Workload {
  readonly kind: (typeof WORKLOAD_KINDS)[number];
  readonly name: string;
}

/** Where to look. */
export interface FailureQuestion {
  /** When the run began, by our own clock. */
  readonly since: Date;
  /** Helm's own words. */
  readonly description: string | undefined;
  /** The hook that failed, or was running when Helm ended. */
  readonly hook: Named | undefined;
  /** What the release's pods come from. */
  readonly workloads: readonly Workload[];
}

// Times in the cluster are whole seconds, of a clock that may be a little behind ours.
const SKEW_MS = 5000;
const PODS = 3;
const EVENTS = 5;
const MESSAGE_LENGTH = 300;
// All together some 6 KiB: it is kept in the ledger, beside ten others.
const LOG_LIMITS = { lines: 15, lineLength: 300, length: 1000 };

/** Never rejects: what cannot be read is named in `missing`. Asks nothing where the question names nothing. */
export async function findCause(
  api: KubeApi,
  question: FailureQuestion,
  deadline: Deadline,
): Promise<Cause> {
  const { hook, workloads } = question;
  const description = question.description && toMessage(question.description);
  if (hook === undefined && workloads.length === 0) {
    return { description, pods: [], morePods: 0, events: [], missing: [] };
  }
  const missing: string[] = [];
  const ask = async <T>(what: string, answer: Promise<T>): Promise<T | undefined> => {
    try {
      return await answer;
    } catch (error) {
      missing.push(`${what}: ${whyNot(error)}`);
      return undefined;
    }
  };
  const askList = async <T>(what: string, answer: Promise<ObjectList<T>>) => {
    const found = await ask(what, answer);
    if (found?.isCut) missing.push(`${what}: all but the first ${LIST_LIMIT}`);
    return found?.items ?? [];
  };
  // One of them that hangs must not cost the logs.
  const { signal } = deadline.sooner(deadline.remainingMs() / 2);
  const [pods, replicaSets, warnings] = await Promise.all([
    askList("pods", listPods(api, signal)),
    askList("replica sets", listReplicaSets(api, signal)),
    askList("events", listWarnings(api, signal)),
  ]);

  const since = new Date(question.since.getTime() - SKEW_MS);
  const makers = [...workloads, ...currentSets(replicaSets, workloads, since)];
  const withTrouble = (pod: Pod): readonly TroubledPod[] => {
    const trouble = troubleOf(pod, since);
    return trouble ? [{ pod, trouble }] : [];
  };
  const troubled = podsOf(makers, pods).flatMap(withTrouble).toSorted(byRankOfTrouble);
  const listed = withoutLikes(troubled).slice(0, PODS);
  const hookPod = hook && lastPod(podsOf([hook], pods));
  const [ofHook] = hookPod ? withTrouble(hookPod) : [];

  const readEnd = async (pod: Pod, container: string | undefined) => {
    if (container === undefined) return undefined;
    const text = readLog(api, pod, container, LOG_LIMITS.lines, deadline.signal);
    const found = await ask(`log of ${pod.metadata.name}`, text);
    return found ? redactLog(found, LOG_LIMITS) : undefined;
  };
  const [hookLog, ...logs] = await Promise.all([
    // Also of a hook that still runs: Helm may have waited for it in vain.
    hookPod && readEnd(hookPod, ofHook?.trouble.container ?? hookPod.spec.containers?.[0]?.name),
    ...listed.map(async ({ pod, trouble: { rank, container } }) =>
      rank === "crashed" ? readEnd(pod, container) : undefined,
    ),
  ]);
  const told = ofHook ? [...troubled, ofHook] : troubled;
  const isOurs = ({ about, at }: Warning) =>
    at >= since && isOf(hook ? [...makers, hook] : makers, about, pods, since);
  return {
    description,
    hook: hook && { ...hook, reason: ofHook && toReason(ofHook.trouble), log: hookLog },
    pods: listed.map(({ pod, trouble }, index) => ({
      pod: pod.metadata.name,
      container: trouble.container,
      reason: trouble.reason,
      message: trouble.message && toMessage(trouble.message),
      image: trouble.image,
      log: logs[index],
    })),
    morePods: troubled.length - listed.length,
    events: newestWarnings(warnings.filter(isOurs), told),
    missing,
  };
}

interface TroubledPod {
  readonly pod: Pod;
  readonly trouble: Trouble;
}

function byRankOfTrouble(one: TroubledPod, other: TroubledPod): number {
  return byRank(one.trouble, other.trouble);
}

/** One of several replicas that fail alike. */
function withoutLikes(troubled: readonly TroubledPod[]): readonly TroubledPod[] {
  return troubled.filter(({ pod, trouble }, index) => {
    const isLike = (other: TroubledPod) =>
      isSame(makerOf(other.pod), makerOf(pod)) &&
      other.trouble.container === trouble.container &&
      other.trouble.reason === trouble.reason;
    return troubled.findIndex(isLike) === index;
  });
}

/** A Job starts pod after pod until it gives up. */
function lastPod(pods: readonly Pod[]): Pod | undefined {
  // Times of one form are in order as texts.
  return pods
    .toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? -1 : 1))
    .at(-1);
}

function toReason({ reason, message }: Trouble): string {
  if (message === undefined) return reason;
  return toMessage(reason === "Error" ? message : `${reason}: ${message}`);
}

/** Without what the pods' own trouble says already, and without what differs in the pod's name only. */
function newestWarnings(
  warnings: readonly Warning[],
  told: readonly TroubledPod[],
): Cause["events"] {
  const isTold = ({ about, reason, message }: Warning) =>
    told.some(({ pod, trouble }) => {
      if (pod.metadata.name !== about.name) return false;
      const said = `${trouble.reason} ${trouble.message}`;
      return reason === "BackOff" || said.includes(message.replace(/^Error: /, ""));
    });
  const unlike = new Map<string, Warning>();
  for (const warning of warnings.toSorted((a, b) => b.at.getTime() - a.at.getTime())) {
    const { about, reason, message } = warning;
    // The kubelet names a pod with its uid.
    const words = message.replaceAll(about.name, "").replaceAll(/\([0-9a-f-]{36}\)/g, "");
    const key = `${about.kind} ${reason} ${words}`;
    if (!isTold(warning) && !unlike.has(key)) unlike.set(key, warning);
  }
  return [...unlike.values()].slice(0, EVENTS).map(({ about, reason, message }) => ({
    about: `${about.kind} ${about.name}`,
    reason,
    message: toMessage(message),
  }));
}

function toMessage(text: string): string {
  return redactLine(text.replace(RUNTIME_LAYERS, ""), MESSAGE_LENGTH);
}

// What containerd and runc say in front of what is wrong: nearly as long as what is shown.
const RUNTIME_LAYERS = /failed to create containerd task: .*?unable to start container process: /;

function whyNot(error: unknown): string {
  const code = error instanceof NotifyError ? error.code : "";
  switch (code) {
    case "KUBE_FORBIDDEN":
    case "KUBE_UNAUTHORIZED":
      return "forbidden";
    case "KUBE_TIMEOUT":
      return "no answer in time";
    case "KUBE_NOT_FOUND":
      return "gone";
    case "KUBE_UNREACHABLE":
      return "not reachable";
    default:
      return "failed";
  }
}
