// Why a run failed, asked of a real cluster after the real Helm: what the kubelet, the scheduler and the controllers write.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { HELM_MAJORS, type HelmMajor, helmPath } from "../../scripts/toolbox.ts";
import type { Cause } from "../../src/domain/cause.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { findCause } from "../../src/kube/failure.ts";
import { openApi } from "../../src/kube/open.ts";
import { failureQuestion } from "../../src/release/failure-question.ts";
import { storedRevisions } from "../../src/release/storage.ts";
import { kubeWorld } from "../support/kube-world.ts";
import { run } from "../support/process.ts";
import { type Namespace, openNamespace } from "./namespace.ts";

const { kubeconfig } = inject("cluster");

const folder = mkdtempSync(join(tmpdir(), "helm-notify-cause-"));
let namespace: Namespace;
beforeAll(async () => {
  namespace = await openNamespace(kubeconfig);
  const label = "pod-security.kubernetes.io/enforce-";
  await namespace.kubectl(["label", "namespace", namespace.name, label]);
  mkdirSync(join(folder, "templates"));
});
afterAll(async () => {
  await namespace.close();
  rmSync(folder, { recursive: true });
});

it.each<[string, object, object]>([
  [
    "crashes",
    script("echo starting; echo postgres://app:s3cret@db/app refused >&2; exit 3"),
    {
      reason: expect.stringMatching(/^(?:CrashLoopBackOff|Error)$/),
      message: "exit code 3",
      log: expect.arrayContaining(["starting", "postgres://app:***@db/app refused"]),
    },
  ],
  [
    "has no image",
    { image: "registry.invalid/x:1" },
    {
      reason: expect.stringMatching(/^(?:ErrImagePull|ImagePullBackOff)$/),
      image: "registry.invalid/x:1",
    },
  ],
  [
    "has too little memory",
    { ...script("a=x; while :; do a=$a$a; done"), resources: { limits: { memory: "16Mi" } } },
    { reason: "OOMKilled", message: "exit code 137" },
  ],
  [
    "lacks a secret",
    { env: [{ name: "A", valueFrom: { secretKeyRef: { name: "nope", key: "a" } } }] },
    { reason: "CreateContainerConfigError", message: 'secret "nope" not found' },
  ],
  [
    "has no such program",
    { command: ["/nope"] },
    {
      reason: "StartError",
      message: expect.stringMatching(/^exit code 128: exec: .*no such file/),
      image: "registry.example.com/shop/web:2",
    },
  ],
  [
    "is never ready",
    { readinessProbe: { exec: { command: ["false"] }, periodSeconds: 1 } },
    { reason: "ContainersNotReady", message: undefined },
  ],
])("a container that %s", async (what, container, expected) => {
  const release = what.replaceAll(" ", "-");
  writeChart([deployment(release, container)]);
  const failed = await failing(4, ["install", release, "--wait", "--timeout=1s"]);
  const name = expect.stringMatching(new RegExp(`^${release}-`));
  await untilExplained(failed, {
    pods: [{ pod: name, container: "main", ...expected }],
    morePods: 0,
    missing: [],
  });
});

it("a pod for which there is no node, and one that may not be made", async () => {
  writeChart([
    deployment("web", {}, { nodeSelector: { nowhere: "true" } }),
    deployment("api", {}, { serviceAccountName: "missing" }),
  ]);
  const failed = await failing(4, ["install", "nowhere", "--wait", "--timeout=1s"]);
  await untilExplained(failed, {
    pods: [
      { reason: "Unschedulable", message: expect.stringContaining("0/1 nodes are available") },
    ],
    events: [
      {
        about: expect.stringMatching(/^ReplicaSet api-/),
        reason: "FailedCreate",
        message: expect.stringContaining('serviceaccount "missing" not found'),
      },
    ],
  });
});

describe.each(HELM_MAJORS)("of Helm %i", (major) => {
  it("a hook that fails", async () => {
    const name = `migrate-${major}`;
    const hook = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name, annotations: { "helm.sh/hook": "pre-install" } },
      spec: { backoffLimit: 0, template: pod(script("echo migrating; exit 9"), NEVER) },
    };
    writeChart([hook]);
    const { hook: found, description } = await explain(
      await failing(major, ["install", `hook-${major}`]),
    );
    expect(found).toEqual({ kind: "Job", name, reason: "exit code 9", log: ["migrating"] });
    expect(description).toMatch(/pre-install.*migrate/);
  });

  it("pods that Helm has already taken back", async () => {
    const name = `back-${major}`;
    writeChart([deployment(name, {})]);
    await helm(major, ["install", name, "--wait"], 0);
    writeChart([deployment(name, script("exit 2"))]);
    const undo = major === 3 ? "--atomic" : "--rollback-on-failure";
    const failed = await failing(major, ["upgrade", name, undo, "--timeout=20s"]);
    const list = ["get", "pods", "--selector", `app=${name}`, "--output", "name"];
    const left = async () => (await namespace.kubectl(list)).stdout.trim().split("\n");
    await expect.poll(left).toHaveLength(1);
    const { pods, events } = await explain(failed);
    expect(pods).toEqual([]);
    expect(events).toContainEqual({
      about: expect.stringMatching(/^Pod back-/),
      reason: "BackOff",
      message: expect.stringContaining("restarting failed container main"),
    });
  });
});

interface Failed {
  readonly since: Date;
  readonly release: string;
  readonly revision: number;
}

/** Helm with arguments that are to fail. */
async function failing(
  major: HelmMajor,
  [verb = "", release = "", ...flags]: readonly string[],
): Promise<Failed> {
  const since = new Date();
  await helm(major, [verb, release, ...flags], 1);
  return { since, release, revision: verb === "install" ? 1 : 2 };
}

async function helm(
  major: HelmMajor,
  [verb = "", release = "", ...flags]: readonly string[],
  code: number,
): Promise<void> {
  const env = { ...process.env, KUBECONFIG: kubeconfig, HELM_CACHE_HOME: folder, HOME: folder };
  const argv = [verb, release, folder, "--namespace", namespace.name, ...flags];
  expect(await run([helmPath(major), ...argv], { env })).toMatchObject({ code });
}

/** Helm gives up before the node has come that far: what is looked at is the node's work. */
async function untilExplained(failed: Failed, expected: object): Promise<void> {
  await expect.poll(() => explain(failed)).toMatchObject(expected);
}

async function explain({ since, release, revision }: Failed): Promise<Cause> {
  const world = kubeWorld({ KUBECONFIG: kubeconfig });
  const api = await openApi({ namespace: namespace.name }, 20_000, world);
  if (api === undefined) throw new Error("no connection");
  const deadline = createDeadline(5000);
  try {
    const failed = await storedRevisions(api, "secrets", release).read(revision, deadline.signal);
    const cause = await findCause(api, await failureQuestion(failed, since), deadline);
    // This cluster has no name server, and its kubelet says so of every pod.
    const events = cause.events.filter(({ reason }) => reason !== "MissingClusterDNS");
    return { ...cause, events };
  } finally {
    api.close();
  }
}

const NEVER = { restartPolicy: "Never" };

function script(text: string) {
  return { command: ["sh", "-c", text] };
}

function pod(container: object, spec: object = {}) {
  const main = { name: "main", image: "registry.example.com/shop/web:2", ...container };
  return { spec: { containers: [main], terminationGracePeriodSeconds: 0, ...spec } };
}

function deployment(name: string, container: object, spec?: object) {
  const labels = { app: name };
  const template = { metadata: { labels }, ...pod(container, spec) };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    // Without a probe it is ready while it runs, be it for a moment.
    spec: { minReadySeconds: 3, selector: { matchLabels: labels }, template },
  };
}

function writeChart(objects: readonly object[]): void {
  const chart = { apiVersion: "v2", name: "trouble", version: "1.0.0" };
  writeFileSync(join(folder, "Chart.yaml"), JSON.stringify(chart));
  const texts = objects.map((object) => JSON.stringify(object));
  writeFileSync(join(folder, "templates/all.yaml"), texts.join("\n---\n"));
}
