// Pods of Jobs: programs that run, end, and never outlive their pod.
import { afterAll, beforeAll, expect, it } from "vitest";
import { ask } from "../support/kube/ask.ts";
import { startKube, type EmbeddedKube } from "../support/kube/embedded-kube.ts";
import { textAt, type JsonObject, type KubeObject } from "../support/kube/json.ts";
import { PROBE } from "../support/kube/probe-image.ts";

let kube: EmbeddedKube;

beforeAll(async () => {
  kube = await startKube({ images: { probe: PROBE } });
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

function podOfJob(name: string): KubeObject | undefined {
  return kube.list("pods", "default").find((pod) => pod.metadata.name.startsWith(`${name}-`));
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
  await expect.poll(look, { timeout: 5000 }).toBeGreaterThan(0);
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
  const pid = await sleepingPid(kube, () => podOfJob("slow")?.metadata.name);
  await expect.poll(() => endOfJob("slow"), { timeout: 5000 }).toBe("DeadlineExceeded");
  await expect.poll(() => isAlive(pid)).toBe(false);
});

it("a deleted Job takes its process along", async () => {
  createJob("gone", {}, { image: "probe", args: ["sleep"] });
  const pid = await sleepingPid(kube, () => podOfJob("gone")?.metadata.name);
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
  const waiting = () => textAt(podOfJob("waits"), ...state, "waiting", "message");
  await expect.poll(waiting).toBe('secret "late" not found');
  kube.create({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "late", namespace: "default" },
    stringData: { a: "b" },
  });
  await expect.poll(() => endOfJob("waits")).toBe("CompletionsReached");
});
