// Pods of Jobs and ReplicaSets: programs that run, end, and never outlive their pod.
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask } from "../support/kube/ask.ts";
import { startKube, type EmbeddedKube } from "../support/kube/embedded-kube.ts";
import { at, objectAt, textAt, type JsonObject, type KubeObject } from "../support/kube/json.ts";
import { PROBE } from "../support/kube/probe-image.ts";

let kube: EmbeddedKube;

beforeAll(async () => {
  kube = await startKube({ images: { probe: PROBE }, notReady: /^registry\.invalid\// });
});

afterAll(() => kube.stop());

function createJob(name: string, spec: JsonObject, container: JsonObject): void {
  const podSpec = { restartPolicy: "Never", containers: [{ name: "c", ...container }] };
  kube.create({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: "default" },
    spec: { backoffLimit: 0, template: { spec: podSpec }, ...spec },
  });
}

function podOf(name: string): KubeObject | undefined {
  return kube.list("pods", "default").find((pod) => pod.metadata.name.startsWith(name));
}

function endOfJob(name: string): string {
  return textAt(kube.get("jobs", "default", name), "status", "conditions", 1, "reason");
}

/** The process of a sleeping probe, once it sleeps. */
async function sleepingPid(server: EmbeddedKube, pod: () => string | undefined): Promise<number> {
  let pid = 0;
  const look = async () => {
    const { text } = await ask(server, `/api/v1/namespaces/default/pods/${pod()}/log`);
    pid = Number(/sleeping as (\d+)/.exec(text)?.[1] ?? 0);
    return pid;
  };
  await expect.poll(look).toBeGreaterThan(0);
  return pid;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

it.each([
  ["true", { command: ["/bin/true"] }, "CompletionsReached"],
  ["nothing", {}, "CompletionsReached"],
  ["false", { command: ["/bin/false"] }, "BackoffLimitExceeded"],
  ["sh-false", { command: ["sh", "-c"], args: ["false"] }, "BackoffLimitExceeded"],
  ["exit-3", { command: ["sh", "-c", "exit 3"] }, "BackoffLimitExceeded"],
])("of an unknown image end at once: %s", async (name, container, reason) => {
  createJob(name, {}, { image: "busybox:1", ...container });
  await expect.poll(() => endOfJob(name)).toBe(reason);
});

it("a deadline ends the process and fails the Job", async () => {
  createJob("slow", { activeDeadlineSeconds: 1 }, { image: "probe", args: ["sleep"] });
  const pid = await sleepingPid(kube, () => podOf("slow")?.metadata.name);
  await expect.poll(() => endOfJob("slow")).toBe("DeadlineExceeded");
  await expect.poll(() => isAlive(pid)).toBe(false);
});

it("a deleted Job takes its process along", async () => {
  createJob("gone", {}, { image: "probe", args: ["sleep"] });
  const pid = await sleepingPid(kube, () => podOf("gone")?.metadata.name);
  kube.delete("jobs", "default", "gone");
  await expect.poll(() => isAlive(pid)).toBe(false);
});

it("the end of the server is the end of every process", async () => {
  const own = await startKube({ images: { probe: PROBE } });
  own.create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "p", namespace: "default" },
    spec: {
      restartPolicy: "Never",
      containers: [{ name: "c", image: "probe", args: ["sleep"] }],
    },
  });
  const pid = await sleepingPid(own, () => "p");
  await own.stop();
  expect(isAlive(pid)).toBe(false);
});

it("a missing Secret keeps the pod waiting until it comes", async () => {
  const env = [{ name: "A", valueFrom: { secretKeyRef: { name: "late", key: "a" } } }];
  createJob("waits", {}, { image: "busybox", env });
  const state = ["status", "containerStatuses", 0, "state"] as const;
  const waiting = () => textAt(podOf("waits"), ...state, "waiting", "message");
  await expect.poll(waiting).toBe('secret "late" not found');
  kube.create({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "late", namespace: "default" },
    stringData: { a: "b" },
  });
  await expect.poll(() => endOfJob("waits")).toBe("CompletionsReached");
});

function createReplicaSet(name: string, container: JsonObject, podSpec: JsonObject = {}): void {
  const labels = { app: name };
  const spec = { containers: [{ name: "c", ...container }], ...podSpec };
  kube.create({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: { name, namespace: "default" },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  });
}

const SLEEPING = { image: "probe:1", args: ["sleep"] };

function containerOf(name: string): JsonObject {
  return objectAt(podOf(name), "status", "containerStatuses", 0);
}

function waitingOf(name: string): JsonObject {
  return objectAt(containerOf(name), "state", "waiting");
}

function pidOf(name: string): Promise<number> {
  return sleepingPid(kube, () => podOf(name)?.metadata.name);
}

async function previousLog(name: string): Promise<string> {
  const path = `/api/v1/namespaces/default/pods/${podOf(name)?.metadata.name}/log?previous=true`;
  return (await ask(kube, path)).text;
}

it("a program runs until its ReplicaSet goes", async () => {
  createReplicaSet("kept", SLEEPING);
  const pid = await pidOf("kept");
  expect(textAt(podOf("kept"), "status", "phase")).toBe("Running");
  kube.delete("replicasets", "default", "kept");
  await expect.poll(() => isAlive(pid)).toBe(false);
  expect(podOf("kept")).toBeUndefined();
});

it("a program of a ReplicaSet that was killed is started again in the same pod", async () => {
  createReplicaSet("killed", SLEEPING);
  const first = await pidOf("killed");
  const pod = podOf("killed")?.metadata.name;
  process.kill(first, "SIGKILL");
  await expect.poll(() => containerOf("killed")["restartCount"]).toBe(1);
  expect(await pidOf("killed")).not.toBe(first);
  expect(podOf("killed")?.metadata.name).toBe(pod);
  expect(at(containerOf("killed"), "lastState", "terminated", "exitCode")).toBe(137);
  expect(await previousLog("killed")).toBe(`sleeping as ${first}\n`);
});

it("a program of a ReplicaSet that ends is started again after a pause", async () => {
  createReplicaSet("ends", { image: "probe:1", args: ["fail"] });
  await expect.poll(() => waitingOf("ends")["reason"]).toBe("CrashLoopBackOff");
  await expect.poll(() => containerOf("ends")["restartCount"]).toBeGreaterThan(2);
  expect(await previousLog("ends")).toBe("the probe was told to fail\n");
});

it("an account that comes late keeps the pod of a ReplicaSet waiting, at no time ready", async () => {
  const sources = [{ serviceAccountToken: { path: "token" } }];
  createReplicaSet("early", SLEEPING, {
    serviceAccountName: "late",
    volumes: [{ name: "kube", projected: { sources } }],
  });
  await expect.poll(() => waitingOf("early")["message"]).toBe('serviceaccount "late" not found');
  const past = "watch=true&resourceVersion=1&timeoutSeconds=1&labelSelector=app%3Dearly";
  const { text } = await ask(kube, `/api/v1/namespaces/default/pods?${past}`);
  expect(text).toContain("CreateContainerConfigError");
  expect(text).not.toContain('"ready":true');
  const metadata = { name: "late", namespace: "default" };
  kube.create({ apiVersion: "v1", kind: "ServiceAccount", metadata });
  await pidOf("early");
});

it.each([
  [
    "registry.invalid/probe:1",
    { ready: false, state: { waiting: { reason: "ImagePullBackOff" } } },
  ],
  ["busybox:1", { ready: true, state: { running: {} } }],
])("the pod of a ReplicaSet with %s runs nothing", async (image, expected) => {
  const name = image.replaceAll(/\W/g, "-");
  createReplicaSet(name, { image });
  await expect.poll(() => containerOf(name)).toMatchObject(expected);
});

it("a ReplicaSet's name of 63 characters is cut for its pods", async () => {
  createReplicaSet("n".repeat(63), { image: "busybox:1" });
  const base = "n".repeat(58);
  await expect.poll(() => podOf(base)?.metadata.name).toMatch(/^n{58}[b-z2-9]{5}$/);
});
