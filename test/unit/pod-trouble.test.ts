// The states are those a kubelet 1.34 and its scheduler wrote.
import { expect, it } from "vitest";
import { type Pod, troubleOf } from "../../src/kube/pods.ts";

type Status = Pod["status"];

function podWith(status: Status): Pod {
  return {
    metadata: { name: "web-5d4f8b9c7d-x2k9p", creationTimestamp: "2026-11-21T10:33:03Z" },
    spec: {
      initContainers: [{ name: "migrate", image: "shop/migrate:2" }],
      containers: [
        { name: "main", image: "shop/web:2" },
        { name: "proxy", image: "proxy:1" },
      ],
    },
    status,
  };
}

const NOT_READY = {
  type: "Ready",
  status: "False",
  reason: "ContainersNotReady",
  message: "containers with unready status: [main]",
};
const SINCE = new Date("2026-11-21T10:33:00Z");
const ended = (exitCode: number, reason: string, message?: string) => ({
  terminated: {
    exitCode,
    reason,
    finishedAt: "2026-11-21T10:33:05Z",
    ...(message !== undefined && { message }),
  },
});
const waiting = (reason: string, message?: string) => ({
  waiting: { reason, ...(message !== undefined && { message }) },
});
type State = NonNullable<NonNullable<Status["containerStatuses"]>[number]["state"]>;
const running: State = { running: {} };
const container = (name: string, state: State, lastState: State = {}, ready = false) => ({
  name,
  ready,
  state,
  lastState,
});
const unready = (...containerStatuses: ReturnType<typeof container>[]): Status => ({
  phase: "Running",
  conditions: [NOT_READY],
  containerStatuses,
});
const BACK_OFF = waiting("CrashLoopBackOff", "back-off 40s restarting failed container=main");

it.each<[string, Status, object]>([
  [
    "one that crashes again and again",
    unready(container("main", BACK_OFF, ended(3, "Error"))),
    { rank: "crashed", reason: "CrashLoopBackOff", message: "exit code 3" },
  ],
  [
    "one that ends again and again, however well",
    unready(container("main", BACK_OFF, ended(0, "Completed"))),
    { rank: "crashed", reason: "CrashLoopBackOff", message: "exit code 0" },
  ],
  [
    "one without memory",
    unready(container("main", BACK_OFF, ended(137, "OOMKilled"))),
    { rank: "crashed", reason: "OOMKilled", message: "exit code 137" },
  ],
  [
    "one that cannot be started, in the runtime's words",
    unready(container("main", BACK_OFF, ended(128, "StartError", 'exec: "/nope": no such file'))),
    {
      rank: "crashed",
      reason: "StartError",
      message: 'exit code 128: exec: "/nope": no such file',
    },
  ],
  [
    "one that has just crashed",
    unready(container("main", ended(3, "Error"))),
    { rank: "crashed", reason: "Error", message: "exit code 3" },
  ],
  [
    "one that was started again after a crash",
    unready(container("main", running, ended(3, "Error"))),
    { rank: "crashed", reason: "Error", message: "exit code 3" },
  ],
  [
    "one that is ready between two crashes",
    unready(container("main", running, ended(3, "Error"), true)),
    { rank: "crashed", reason: "Error", message: "exit code 3" },
  ],
  [
    "one whose image cannot be pulled",
    unready(container("main", waiting("ErrImagePull", "not found"))),
    { rank: "no image", reason: "ErrImagePull", message: "not found" },
  ],
  [
    "one whose image has no name",
    unready(container("main", waiting("InvalidImageName"))),
    { rank: "no image", reason: "InvalidImageName" },
  ],
  [
    "one whose Secret is missing",
    unready(container("main", waiting("CreateContainerConfigError", 'secret "nope" not found'))),
    {
      rank: "not started",
      reason: "CreateContainerConfigError",
      message: 'secret "nope" not found',
    },
  ],
  [
    "one that runs and is not ready",
    unready(container("main", running), container("proxy", running, {}, true)),
    { rank: "not ready", reason: "ContainersNotReady" },
  ],
  [
    "the worst of several",
    unready(
      container("proxy", waiting("ImagePullBackOff")),
      container("main", BACK_OFF, ended(3, "Error")),
    ),
    { rank: "crashed", reason: "CrashLoopBackOff", message: "exit code 3" },
  ],
])("names the container and its image as asked for: %s", (_, status, expected) => {
  expect(troubleOf(podWith(status), SINCE)).toEqual({
    ...expected,
    container: "main",
    image: "shop/web:2",
  });
});

it("names the init container that the others wait for", () => {
  const status = unready(container("main", waiting("PodInitializing")));
  const initContainerStatuses = [container("migrate", ended(7, "Error"))];
  expect(troubleOf(podWith({ ...status, initContainerStatuses }), SINCE)).toMatchObject({
    container: "migrate",
    image: "shop/migrate:2",
    message: "exit code 7",
  });
});

it.each<[string, Status, object]>([
  [
    "no node for it",
    {
      phase: "Pending",
      conditions: [
        {
          type: "PodScheduled",
          status: "False",
          reason: "Unschedulable",
          message: "0/1 nodes are available",
        },
      ],
    },
    { rank: "unschedulable", reason: "Unschedulable", message: "0/1 nodes are available" },
  ],
  [
    "it was evicted",
    { phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." },
    { rank: "crashed", reason: "Evicted", message: "The node was low on resource: memory." },
  ],
  [
    "its container ended well, and is not started again yet",
    unready(container("main", ended(0, "Completed"))),
    { rank: "not ready", reason: "ContainersNotReady", message: NOT_READY.message },
  ],
  [
    "its volumes are not there yet",
    unready(container("main", waiting("ContainerCreating"))),
    { rank: "not ready", reason: "ContainersNotReady", message: NOT_READY.message },
  ],
])("is the pod's own: %s", (_, status, expected) => {
  expect(troubleOf(podWith(status), SINCE)).toEqual(expected);
});

it.each<[string, Status]>([
  ["ready", { phase: "Running", conditions: [{ type: "Ready", status: "True" }] }],
  ["done", { phase: "Succeeded", conditions: [{ ...NOT_READY, reason: "PodCompleted" }] }],
  ["of no state yet", {}],
  [
    "ready since a crash before the run",
    {
      containerStatuses: [
        container(
          "main",
          running,
          { terminated: { exitCode: 3, finishedAt: "2026-11-21T10:32:59Z" } },
          true,
        ),
      ],
    },
  ],
])("is none where the pod is %s", (_, status) => {
  expect(troubleOf(podWith(status), SINCE)).toBeUndefined();
});
