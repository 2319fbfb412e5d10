import { expect, it } from "vitest";
import type { StoredRevision } from "../../src/flow/ports.ts";
import { failureQuestion } from "../../src/release/failure-question.ts";

const SINCE = new Date("2026-11-21T10:00:00Z");

function failed(content: unknown): StoredRevision {
  const release = {
    name: "shop",
    namespace: "prod",
    revision: 2,
    status: "failed",
    chart: { name: "shop", version: "1.0.0", appVersion: undefined },
    chartValues: {},
    config: {},
    record: undefined,
    running: undefined,
    newer: undefined,
  };
  return { release, description: "Upgrade failed", content };
}

const MANIFEST = `---
# Source: shop/templates/web.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
---
{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "import", "namespace": "prod"}}
---
kind: "StatefulSet"
metadata: { name: db, namespace: elsewhere }
---
kind: Service
metadata: { name: web }
---
kind: ConfigMap
metadata: { name: text }
data:
  pod.yaml: |
    kind: Pod
    metadata: { name: inner }
---
kind: DaemonSet
metadata: [broken
`;
const hook = (name: string, phase?: string, ...events: string[]) => ({
  kind: "Job",
  name,
  events,
  ...(phase !== undefined && { last_run: { started_at: "2026-11-21T10:00:01Z", phase } }),
});

it("names the workloads in the release's own namespace", async () => {
  expect(await failureQuestion(failed({ manifest: MANIFEST }), SINCE)).toEqual({
    since: SINCE,
    description: "Upgrade failed",
    hook: undefined,
    workloads: [
      { kind: "Deployment", name: "web" },
      { kind: "Job", name: "import" },
    ],
  });
});

it.each([
  ["that failed", [hook("a", "Succeeded"), hook("b", "Failed"), hook("c")], "b"],
  ["that Helm was interrupted at", [hook("a", "Succeeded"), hook("b", "Running"), hook("c")], "b"],
  ["that failed before one that runs", [hook("a", "Running"), hook("b", "Failed")], "b"],
  ["none where all went well", [hook("a", "Succeeded"), hook("b", ""), hook("c")], undefined],
  ["none where there are none", undefined, undefined],
  ["none where Helm writes what is not known", [{ kind: 1 }], undefined],
])("names the hook %s", async (_, hooks, name) => {
  const question = await failureQuestion(failed({ hooks }), SINCE);
  expect(question.hook).toEqual(name && { kind: "Job", name });
});

it("of an uninstall names a hook of its own only", async () => {
  const hooks = [hook("t", "Failed", "test"), hook("h", "Running", "pre-delete")];
  const { release, ...rest } = failed({ manifest: MANIFEST, hooks });
  const left = { ...rest, release: { ...release, status: "uninstalling" } };
  const { hook: named } = await failureQuestion(left, SINCE);
  expect(named).toEqual({ kind: "Job", name: "h" });
});

it.each([
  ["a hook before it", ["pre-upgrade", "pre-install"], []],
  ["a hook after it", ["post-upgrade"], ["web", "import"]],
  ["a hook before and after it", ["pre-upgrade", "post-upgrade"], ["web", "import"]],
])("what was applied is to blame only where it was: %s", async (_, events, names) => {
  const content = { manifest: MANIFEST, hooks: [hook("h", "Failed", ...events)] };
  const { workloads } = await failureQuestion(failed(content), SINCE);
  expect(workloads.map(({ name }) => name)).toEqual(names);
});

// Helm writes down that a hook runs, and not when it has ended well.
it("looks at what is applied also where a hook before it is said to run", async () => {
  const content = { manifest: MANIFEST, hooks: [hook("h", "Running", "pre-upgrade")] };
  const { hook: running, workloads } = await failureQuestion(failed(content), SINCE);
  expect(running).toEqual({ kind: "Job", name: "h" });
  expect(workloads.map(({ name }) => name)).toEqual(["web", "import"]);
});

it("does not take what Helm waits for in no hook for the place where it was interrupted", async () => {
  const unawaited = { ...hook("shop-helm-notify", "Running", "pre-upgrade"), kind: "ReplicaSet" };
  const { hook: running } = await failureQuestion(failed({ hooks: [unawaited] }), SINCE);
  expect(running).toBeUndefined();
});

it.each([
  ["Helm left no revision", undefined],
  ["the revision is not one", failed("text")],
])("names nothing where %s", async (_, revision) => {
  const { hook: found, workloads } = await failureQuestion(revision, SINCE);
  expect([found, workloads]).toEqual([undefined, []]);
});
