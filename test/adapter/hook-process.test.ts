import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { HookBed, type HookEnvironment, type HookRelease } from "../support/hook-bed.ts";
import { startKube } from "../support/kube/embedded-kube.ts";
import { recordOf } from "../support/records.ts";
import { startSlack } from "../support/slack/double.ts";

const MAIN = join(import.meta.dirname, "../../hooks-image/main.ts");
const OLD = recordOf({ api: { tag: "1.3.2" } });
const NEW = recordOf({ api: { tag: "1.4.0" } });
const SOON = { timeout: 100_000, interval: 5 };

let bed: HookBed;
beforeAll(async () => {
  bed = new HookBed(await startKube(), await startSlack());
});
afterAll(() => bed.stop());

/** The program as a container of the pod. */
function run(env: HookEnvironment) {
  const child = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "pipe"] });
  return { child, end: finish(child) };
}

async function finish(child: ChildProcess) {
  const [stdout, stderr, [status]] = await Promise.all([
    child.stdout ? text(child.stdout) : "",
    child.stderr ? text(child.stderr) : "",
    once(child, "exit"),
  ]);
  return { status, stdout, stderr };
}

function channelOf({ name }: HookRelease) {
  return bed.slack.channel().filter((message) => message.text.includes(name));
}

/** What Helm and Kubernetes do from the watcher's announcement on. */
async function finishRun(release: HookRelease, { child, end }: ReturnType<typeof run>) {
  release.apply(NEW);
  release.end();
  await vi.waitFor(() => expect(release.isWatcherGone()).toBe(true), SOON);
  child.kill("SIGTERM");
  return end;
}

it("a run is told without a word on its own streams, and the pod ends well", async () => {
  const release = bed.createRelease(OLD);
  release.begin(NEW);
  const watcher = run(release.env());
  await vi.waitFor(() => expect(channelOf(release)).toHaveLength(1), SOON);
  expect(await finishRun(release, watcher)).toEqual({ status: 0, stdout: "", stderr: "" });
});

const startIsTold = (release: HookRelease) =>
  release.readLedger()?.run?.tellings?.["slack"]?.told === "start";

it.each<[string, number, (release: HookRelease) => boolean]>([
  ["before it does anything", 1, () => true],
  [
    "when it has asked for its run",
    1,
    ({ name }) => bed.kube.requests.some(({ path }) => path.endsWith(`/${name}-helm-notify-run`)),
  ],
  ["when it has opened the run", 1, (release) => release.readLedger()?.run !== undefined],
  // The one gap: what was posted was not written down.
  ["as it posts", 2, (release) => channelOf(release).length > 0],
  ["when it has told the beginning", 1, startIsTold],
])("killed %s, another container goes on", async (_, atMost, isTime) => {
  const release = bed.createRelease(OLD);
  release.begin(NEW);
  const killed = run(release.env());
  await vi.waitFor(() => expect(isTime(release)).toBe(true), { timeout: 100_000, interval: 1 });
  killed.child.kill("SIGKILL");
  await killed.end;
  release.apply(NEW);
  const next = run(release.env());
  await vi.waitFor(() => expect(startIsTold(release)).toBe(true), SOON);
  expect(await finishRun(release, next)).toMatchObject({ status: 0, stderr: "" });
  const messages = channelOf(release);
  expect(messages.length).toBeLessThanOrEqual(atMost);
  expect(messages.at(-1)).toMatchObject({ isEdited: true, replies: [{}] });
  expect(messages.every((message) => message.text.includes("api 1.3.2 → 1.4.0"))).toBe(true);
  expect(release.readLedger()).toMatchObject({ run: { from: OLD, phase: "ended" }, runs: [] });
});

it("killed when it has closed the run, another container tells how it ended", async () => {
  const release = bed.createRelease(OLD);
  release.begin(NEW);
  const killed = run(release.env());
  await vi.waitFor(() => expect(startIsTold(release)).toBe(true), SOON);
  // The edit is read, and never answered.
  bed.slack.addFaults({ kind: "hang" });
  release.end();
  await vi.waitFor(() => expect(release.readLedger()?.run?.phase).toBe("ended"), SOON);
  killed.child.kill("SIGKILL");
  await killed.end;
  const next = run(release.env());
  await vi.waitFor(() => expect(release.isWatcherGone()).toBe(true), SOON);
  next.child.kill("SIGTERM");
  expect(await next.end).toMatchObject({ status: 0, stderr: "" });
  expect(channelOf(release)).toMatchObject([{ isEdited: true, replies: [{}] }]);
});

it("told to go it goes soon, says nothing, and leaves the run to the next container", async () => {
  const release = bed.createRelease(OLD);
  release.begin(NEW);
  const { child, end } = run(release.env());
  await vi.waitFor(() => expect(startIsTold(release)).toBe(true), SOON);
  child.kill("SIGTERM");
  expect(await end).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(release.readLedger()?.run?.phase).toBe("started");
  expect(release.isWatcherGone()).toBe(false);
});

it("told to go while Slack takes its time, it still writes down what it told", async () => {
  const release = bed.createRelease(OLD);
  release.begin(NEW);
  bed.slack.addFaults({ kind: "late", ms: 3000 });
  const { child, end } = run(release.env());
  await vi.waitFor(() => expect(channelOf(release)).toHaveLength(1), SOON);
  child.kill("SIGTERM");
  expect(await end).toEqual({ status: 0, stdout: "", stderr: "" });
  expect(startIsTold(release)).toBe(true);
});

it("all settings of the chart's that are missing are named at once, and the pod waits to be told to go", async () => {
  const { child, end } = run({ HELM_NOTIFY_RELEASE: "shop", SLACK_WEBHOOK_URL: "xoxb-secret" });
  await once(child.stderr ?? child, "data");
  child.kill("SIGTERM");
  expect(await end).toEqual({
    status: 0,
    stdout: "",
    stderr:
      "helm notify: the pod's settings are not valid: " +
      "HELM_NOTIFY_NAMESPACE is not set; " +
      "HELM_NOTIFY_POD is not set; " +
      "HELM_NOTIFY_KUBE_DIR is not set; " +
      "KUBERNETES_SERVICE_HOST is not set. " +
      "Check helm-notify.slack in the values and the keys of the Secret it names.\n",
  });
});
