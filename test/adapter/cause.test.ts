// Why a run failed, asked of the embedded API; test/cluster/cause.test.ts asks a real one.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/domain/secret.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { type FailureQuestion, findCause, type Workload } from "../../src/kube/failure.ts";
import { openKube } from "../../src/kube/kube-api.ts";
import { type EmbeddedKube, startKube } from "../support/kube/embedded-kube.ts";
import type { JsonObject } from "../support/kube/json.ts";

const node = (script: string) => [process.execPath, "-e", script];
const CRASH = node(`
  for (let n = 1; n <= 20; n++) console.log("line " + n);
  console.log("postgres://app:s3cret@db/shop refused");
  process.exitCode = 3;`);
const SHOUT = node(`
  for (let n = 0; n < 20; n++) console.log(n + " " + "\\u2588\\"".repeat(400));
  process.exitCode = 1;`);
const SLEEP = node(`console.log("waiting for the database"); setTimeout(() => {}, 60_000);`);

let kube: EmbeddedKube;
let began: Date;
beforeEach(async () => {
  began = new Date();
  kube = await startKube({
    images: { crash: CRASH, shout: SHOUT, sleep: SLEEP },
    notReady: /^registry\.invalid\//,
  });
  kube.create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } });
});
afterEach(() => kube.stop());

/** What a run left that began just now, as its release tells it. */
async function ask(
  question: Partial<FailureQuestion>,
  { token = kube.adminToken, ms = 5000 } = {},
) {
  const authorization = new Secret(`Bearer ${token}`);
  const api = openKube({
    server: kube.url,
    namespace: "shop",
    headers: { authorization },
    tls: { ca: kube.ca },
    origin: `context "test"`,
  });
  const asked = { since: began, description: undefined, hook: undefined, workloads: [] };
  try {
    return await findCause(api, { ...asked, ...question }, createDeadline(ms));
  } finally {
    api.close();
  }
}

const WEB: Workload = { kind: "Deployment", name: "web" };
const MIGRATE = { kind: "Job", name: "migrate" };

function deployment(name: string, image: string, replicas = 1) {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "shop" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "main", image }] } },
    },
  };
}

function createJob(name: string, image: string, spec: JsonObject = {}): void {
  kube.create({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace: "shop" },
    spec: {
      backoffLimit: 0,
      ...spec,
      template: { spec: { restartPolicy: "Never", containers: [{ name: "main", image }] } },
    },
  });
}

function warn(kind: string, name: string, options: JsonObject = {}): void {
  const now = new Date().toISOString();
  kube.create({
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: `${name}.${kube.list("events").length}`, namespace: "shop" },
    involvedObject: { kind, name, namespace: "shop" },
    type: "Warning",
    reason: "Unhealthy",
    message: "Readiness probe failed",
    lastTimestamp: now,
    ...options,
  });
}

const at = (secondsAgo: number) => new Date(Date.now() - secondsAgo * 1000).toISOString();

const podNames = () => kube.list("pods", "shop").map(({ metadata }) => metadata.name);
/** Waits until each pod of the namespace, `count` of them, is in that state. */
async function pods(count: number, state: RegExp): Promise<void> {
  await expect
    .poll(() =>
      kube.list("pods", "shop").filter(({ status }) => state.test(JSON.stringify(status))),
    )
    .toHaveLength(count);
}

describe("a pod of the release", () => {
  it("whose image cannot be pulled is told with the image", async () => {
    kube.create(deployment("web", "registry.invalid/shop/web:2"));
    await pods(1, /ImagePullBackOff/);
    expect(await ask({ workloads: [WEB] })).toMatchObject({
      pods: [
        {
          pod: podNames()[0],
          container: "main",
          reason: "ImagePullBackOff",
          message: 'Back-off pulling image "registry.invalid/shop/web:2"',
          image: "registry.invalid/shop/web:2",
          log: undefined,
        },
      ],
      morePods: 0,
      missing: [],
    });
  });

  it("that crashes is told with the last lines before the crash, without secrets", async () => {
    kube.create(deployment("web", "shop/crash:2"));
    await pods(1, /"exitCode":3/);
    const { pods: found } = await ask({ workloads: [WEB] });
    const lines = Array.from({ length: 14 }, (_, index) => `line ${index + 7}`);
    expect(found).toMatchObject([
      { message: "exit code 3", log: [...lines, "postgres://app:***@db/shop refused"] },
    ]);
  });

  it("that fails like the others of its kind is told once, and the others counted", async () => {
    kube.create(deployment("web", "registry.invalid/shop/web:2", 4));
    await pods(4, /ImagePullBackOff/);
    const { pods: found, morePods } = await ask({ workloads: [WEB] });
    expect([found.length, morePods]).toEqual([1, 3]);
  });

  it("that crashes comes before one without an image; three are told, the others counted", async () => {
    for (const name of ["a", "b", "c"]) {
      kube.create(deployment(name, `registry.invalid/shop/${name}:1`));
    }
    kube.create(deployment("web", "shop/crash:2"));
    await pods(3, /ImagePullBackOff/);
    await pods(1, /"exitCode":3/);
    const workloads = ["a", "b", "c", "web"].map((name) => ({ ...WEB, name }));
    const { pods: found, morePods } = await ask({ workloads });
    expect(found.map(({ pod }) => pod.split("-")[0])).toEqual(["web", "a", "b"]);
    expect(morePods).toBe(1);
  });

  it.each<[string, Workload["kind"]]>([
    ["of a Job", "Job"],
    ["that stands alone", "Pod"],
  ])("%s is found as well", async (_, kind) => {
    const spec = { restartPolicy: "Never", containers: [{ name: "main", image: "shop/crash:1" }] };
    if (kind === "Job") createJob("import", "shop/crash:1");
    else {
      const metadata = { name: "import", namespace: "shop" };
      kube.create({ apiVersion: "v1", kind: "Pod", metadata, spec });
    }
    await pods(1, /"exitCode":3/);
    const { pods: found } = await ask({ workloads: [{ kind, name: "import" }] });
    expect(found).toMatchObject([{ reason: "Error", message: "exit code 3" }]);
  });
});

describe("nobody else's pod", () => {
  it("is blamed", async () => {
    kube.create(deployment("web", "shop/web:2"));
    kube.create(deployment("web-admin", "registry.invalid/other/web:1"));
    createJob("web", "shop/crash:1");
    await pods(1, /ImagePullBackOff/);
    await pods(1, /"exitCode":3/);
    for (const name of podNames()) warn("Pod", name, { message: `of ${name}` });
    warn("Deployment", "web-admin");
    // Of a Job that is gone: a Deployment's pods have two suffixes.
    warn("Pod", "web-x2k9p");
    expect(await ask({ workloads: [WEB] })).toMatchObject({ pods: [], morePods: 0, events: [] });
  });

  it("is asked for where Helm left no revision", async () => {
    const before = kube.requests.length;
    const nothing = { pods: [], morePods: 0, events: [], missing: [] };
    expect(await ask({})).toEqual({ ...nothing, description: undefined });
    expect(kube.requests).toHaveLength(before);
  });
});

it("after Helm rolled back, the pods that are gone are told by their events, and what runs again is not blamed", async () => {
  kube.create(deployment("web", "shop/web:1"));
  await pods(1, /"running"/);
  const [old] = kube.list("replicasets.apps", "shop");
  if (old === undefined) throw new Error("no ReplicaSet");
  // Times are whole seconds: what was there before is to be older than the run.
  await expect.poll(() => at(0) > `${old.metadata.creationTimestamp}`).toBe(true);
  kube.update(deployment("web", "registry.invalid/shop/web:2"));
  await pods(1, /ImagePullBackOff/);
  const [gone = ""] = podNames().filter((name) => !name.startsWith(old.metadata.name));
  warn("Pod", gone, { reason: "BackOff", message: `Back-off restarting in pod ${gone}` });
  kube.update(deployment("web", "shop/web:1"));
  await expect.poll(podNames).not.toContain(gone);
  const [restored] = kube.list("pods", "shop");
  if (restored === undefined) throw new Error("no pod");
  const status = { phase: "Pending", conditions: [{ type: "Ready", status: "False" }] };
  kube.update({ ...restored, status });
  warn("Pod", restored.metadata.name);

  const [failed] = kube
    .list("replicasets.apps", "shop")
    .filter(({ metadata }) => metadata.name !== old.metadata.name);
  // Our clock is ahead, as far as it may be.
  const since = new Date(Date.parse(failed?.metadata.creationTimestamp ?? "") + 5000);
  const { pods: blamed, events } = await ask({ workloads: [WEB], since });

  expect(blamed).toEqual([]);
  expect(events).toMatchObject([{ about: `Pod ${gone}`, reason: "BackOff" }]);
});

it("a Deployment that takes an earlier template up again is told by the pods of that", async () => {
  const since = new Date(Date.now() + 60_000);
  kube.create(deployment("web", "registry.invalid/shop/web:1"));
  await pods(1, /ImagePullBackOff/);
  kube.update(deployment("web", "shop/web:2"));
  await expect.poll(() => kube.list("replicasets.apps", "shop")).toHaveLength(2);
  kube.update(deployment("web", "registry.invalid/shop/web:1"));
  await pods(1, /ImagePullBackOff/);
  const told = async () => (await ask({ workloads: [WEB], since })).pods;
  await expect.poll(told).toMatchObject([{ reason: "ImagePullBackOff" }]);
});

describe("a hook", () => {
  it("that failed is told with its exit code and the end of its log", async () => {
    createJob("migrate", "shop/crash:1");
    await pods(1, /"exitCode":3/);
    const { hook, pods: others } = await ask({ hook: MIGRATE });
    expect(hook).toMatchObject({ ...MIGRATE, reason: "exit code 3" });
    expect(hook?.log).toHaveLength(15);
    expect(others).toEqual([]);
  });

  it("is told by its last pod", async () => {
    const owner = { apiVersion: "batch/v1", ...MIGRATE, uid: "1", controller: true };
    const createPod = (name: string, image: string) =>
      kube.create({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace: "shop", ownerReferences: [owner] },
        spec: { restartPolicy: "Never", containers: [{ name: "main", image }] },
      });
    const { metadata } = createPod("migrate-z", "shop/crash:1");
    // Times are whole seconds.
    await expect.poll(() => at(0) > `${metadata.creationTimestamp}`).toBe(true);
    createPod("migrate-b", "shop/sleep:1");
    await expect
      .poll(async () => (await ask({ hook: MIGRATE })).hook?.log)
      .toEqual(["waiting for the database"]);
  });

  it("that Helm waited for in vain is told with what it wrote", async () => {
    createJob("migrate", "shop/sleep:1");
    await pods(1, /"running"/);
    await expect
      .poll(async () => (await ask({ hook: MIGRATE })).hook?.log)
      .toEqual(["waiting for the database"]);
  });

  it("whose image cannot be pulled is told by it", async () => {
    createJob("migrate", "registry.invalid/shop/migrate:1");
    await pods(1, /ImagePullBackOff/);
    expect((await ask({ hook: MIGRATE })).hook).toMatchObject({
      reason: expect.stringMatching(/^ImagePullBackOff: Back-off pulling image/),
      log: undefined,
    });
  });

  it("whose pods are gone is named, and its events tell", async () => {
    warn("Job", "migrate", { reason: "BackoffLimitExceeded", message: "too often" });
    warn("Pod", "migrate-x2k9p", { reason: "BackOff", message: "Back-off" });
    const { hook, events, missing } = await ask({ hook: MIGRATE });
    expect(hook).toEqual({ ...MIGRATE, reason: undefined, log: undefined });
    expect(events.map(({ about }) => about).toSorted()).toEqual([
      "Job migrate",
      "Pod migrate-x2k9p",
    ]);
    expect(missing).toEqual([]);
  });
});

describe("warnings", () => {
  const since = new Date(Date.now() - 60_000);

  it("are the five newest of the run, each told once, whichever field has the time", async () => {
    warn("Deployment", "web", { message: "long ago", lastTimestamp: at(600) });
    warn("Deployment", "web", { message: "6", lastTimestamp: at(6) });
    warn("Deployment", "web", { message: "2", lastTimestamp: null, eventTime: at(2) });
    const series = { count: 2, lastObservedTime: at(1) };
    warn("Deployment", "web", { message: "1", lastTimestamp: null, eventTime: at(50), series });
    for (const message of ["4", "3", "4", "5"]) {
      warn("Deployment", "web", { message, lastTimestamp: at(Number(message)) });
    }
    const { events } = await ask({ workloads: [WEB], since });
    expect(events.map(({ message }) => message)).toEqual(["1", "2", "3", "4", "5"]);
  });

  it("that differ in their pod's name only are told once", async () => {
    for (const name of ["db-0", "db-1"]) {
      const uid = "123e4567-e89b-12d3-a456-426614174000";
      warn("Pod", name, { message: `restarting pod ${name}_shop(${uid})` });
    }
    const { events } = await ask({ workloads: [{ kind: "StatefulSet", name: "db" }] });
    expect(events).toHaveLength(1);
  });

  it("that repeat what is told of the pod are left out", async () => {
    kube.create(deployment("web", "registry.invalid/shop/web:2"));
    await pods(1, /ImagePullBackOff/);
    const [name = ""] = podNames();
    warn("Pod", name, { reason: "Failed", message: "Error: ImagePullBackOff" });
    warn("Pod", name, { reason: "BackOff", message: "Back-off restarting it" });
    warn("Pod", name, { reason: "Failed", message: "token=abc was refused" });
    const { events } = await ask({ workloads: [WEB] });
    expect(events.map(({ message }) => message)).toEqual(["token=*** was refused"]);
  });

  it("of earlier runs are not told", async () => {
    warn("Deployment", "web", { lastTimestamp: at(90) });
    expect((await ask({ workloads: [WEB], since })).events).toEqual([]);
  });

  it("that are none are not told", async () => {
    warn("Deployment", "web", { type: "Normal" });
    expect((await ask({ workloads: [WEB] })).events).toEqual([]);
  });
});

describe("what cannot be read", () => {
  it("is named, and the rest is told", async () => {
    kube.create(deployment("web", "shop/crash:2"));
    await pods(1, /"exitCode":3/);
    kube.addFault({ resource: "events", action: { status: 403, message: "no" } });
    kube.addFault({ resource: "pods/log", action: { status: 403, message: "no" } });
    const { pods: found, missing } = await ask({ workloads: [WEB] });
    expect(found).toMatchObject([{ message: "exit code 3" }]);
    expect(missing).toEqual(["events: forbidden", `log of ${podNames()[0]}: forbidden`]);
  });

  it("is all for someone without rights", async () => {
    const { missing, ...rest } = await ask(
      { hook: MIGRATE, workloads: [WEB], description: "post-upgrade hooks failed" },
      { token: kube.addUser("jane") },
    );
    expect(missing.toSorted()).toEqual([
      "events: forbidden",
      "pods: forbidden",
      "replica sets: forbidden",
    ]);
    expect(rest).toMatchObject({ hook: MIGRATE, description: "post-upgrade hooks failed" });
  });

  it("in time costs no more than half of it, so that the logs are still read", async () => {
    kube.create(deployment("web", "shop/crash:2"));
    await pods(1, /"exitCode":3/);
    kube.addFault({ resource: "events", action: "hang" });
    const { pods: found, missing } = await ask({ workloads: [WEB] }, { ms: 1000 });
    expect(missing).toEqual(["events: no answer in time"]);
    expect(found[0]?.log).toHaveLength(15);
  });

  it("at all leaves nothing but its name", async () => {
    for (const resource of ["pods", "replicasets", "events"]) {
      kube.addFault({ resource, action: "close" });
    }
    const { missing } = await ask({ workloads: [WEB] });
    expect(missing.toSorted()).toEqual([
      "events: not reachable",
      "pods: not reachable",
      "replica sets: not reachable",
    ]);
  });

  it("is told of a namespace with more than is asked for", async () => {
    for (let n = 0; n < 501; n++) warn("Pod", `other-${n}`);
    const { missing } = await ask({ workloads: [WEB] });
    expect(missing).toEqual(["events: all but the first 500"]);
  });
});

it("the whole stays small and takes few requests, whatever is written", async () => {
  const names = ["a", "b", "c", "d"];
  for (const name of names) kube.create(deployment(name, `shop/shout:${name}`));
  createJob("migrate", "shop/shout:1");
  await pods(5, /"exitCode":1/);
  for (const name of names) {
    for (const message of ["x", "y", "z"]) {
      warn("Deployment", name, { message: message.repeat(1000) });
    }
  }
  const before = kube.requests.length;
  const found = await ask({
    hook: MIGRATE,
    workloads: names.map((name) => ({ ...WEB, name })),
    description: "post-upgrade hooks failed: ".repeat(100),
  });
  const text = JSON.stringify(found);
  expect(found.pods.flatMap(({ log = [] }) => log)).not.toEqual([]);
  expect(text.length).toBeLessThan(8192);
  expect(kube.requests.length - before).toBeLessThanOrEqual(12);
});
