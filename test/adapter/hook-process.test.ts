import { execFile } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HookBed, type HookEnvironment } from "../support/hook-bed.ts";
import { startKube } from "../support/kube/embedded-kube.ts";
import { recordOf } from "../support/records.ts";
import { startSlack } from "../support/slack/double.ts";

const MAIN = join(import.meta.dirname, "../../hooks-image/main.ts");
const OLD = recordOf({ api: { tag: "1.3.2" } });
const NEW = recordOf({ api: { tag: "1.4.0" } });

let bed: HookBed;
beforeAll(async () => {
  bed = new HookBed(await startKube(), await startSlack({ archivedChannels: ["old"] }));
});
afterAll(() => bed.stop());

/** Runs the program as the Job does; `onSpawn` gets the way to end it as a kubelet does. */
function run(env: HookEnvironment, onSpawn: (terminate: () => void) => void = () => {}) {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN], { env }, (_, stdout, stderr) =>
      resolve({ status: child.exitCode, stdout, stderr }),
    );
    onSpawn(() => child.kill("SIGTERM"));
  });
}

it("what was posted is said on stdout", async () => {
  const release = bed.createRelease(OLD);
  expect(await run(release.env("pre-upgrade", NEW))).toEqual({
    status: 0,
    stdout: `told Slack: Deploying ${release.name} to production: api 1.3.2 → 1.4.0\n`,
    stderr: "",
  });
});

it("what went wrong is said on stderr, and fails the Job only where the chart wants that", async () => {
  const env = bed.createRelease(OLD).env("pre-upgrade", NEW, {
    SLACK_CHANNEL: "#old",
    HELM_NOTIFY_FAILURE_POLICY: "fail",
  });
  expect(await run(env)).toEqual({
    status: 1,
    stdout: "",
    stderr:
      "helm notify: slack refused the message: is_archived. Choose a channel that is not archived.\n",
  });
});

it("a pod that is told to go goes, and fails nothing", async () => {
  const env = bed.createRelease(OLD).env("pre-upgrade", NEW);
  bed.slack.addFaults({ kind: "hang" });
  const exit = run(env, (terminate) => bed.slack.onRequest(terminate));
  expect(await exit).toMatchObject({
    status: 0,
    stdout: "",
    stderr: expect.stringContaining("helm notify: gave up on Slack"),
  });
});

it("settings that cannot work are all named at once, without a value, and fail nothing", async () => {
  const env = {
    HELM_NOTIFY_EVENT: "post-delete",
    HELM_NOTIFY_RELEASE: "shop",
    HELM_NOTIFY_DEADLINE_SECONDS: "soon",
    SLACK_WEBHOOK_URL: "xoxb-secret",
  };
  expect(await run(env)).toEqual({
    status: 0,
    stdout: "",
    stderr:
      "helm notify: the job's settings are not valid: " +
      "HELM_NOTIFY_EVENT is not one of pre-install, post-install, pre-upgrade, post-upgrade, pre-rollback, post-rollback; " +
      "HELM_NOTIFY_NAMESPACE is not set; " +
      "HELM_NOTIFY_RUN_DIR is not set; " +
      "HELM_NOTIFY_DEADLINE_SECONDS is not a whole number from 1 to 3600; " +
      "SLACK_WEBHOOK_URL is not an http or https address. " +
      "Check helm-notify.slack in the values and the keys of the Secret it names.\n",
  });
});
