import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runHook } from "../../hooks-image/hook.ts";
import { HookBed, type HookEnvironment } from "../support/hook-bed.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { startKube } from "../support/kube/embedded-kube.ts";
import { commit, recordOf } from "../support/records.ts";
import { RATE_LIMITED, startSlack } from "../support/slack/double.ts";

const SOURCE = "https://github.com/acme/api";
const OLD = recordOf({
  api: { tag: "1.3.2", revision: commit("1"), source: SOURCE },
  web: { tag: "5.0.0" },
});
const NEW = recordOf({
  api: { tag: "1.4.0", revision: commit("2"), source: SOURCE },
  web: { tag: "5.0.0" },
});

let bed: HookBed;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  bed = new HookBed(await startKube(), await startSlack({ archivedChannels: ["old"] }));
});
afterAll(() => bed.stop());
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** One run of the hook with all it said. */
async function run(env: HookEnvironment) {
  const said = { stdout: "", stderr: "" };
  const status = await runHook({
    env,
    stop: new AbortController().signal,
    print: (line) => (said.stdout += `${line}\n`),
    warn: (line) => (said.stderr += `${line}\n`),
  });
  return { status, ...said };
}

/** What Slack got about a release. */
function messagesOf(name: string) {
  return bed.slack.messages.filter((message) => message.text.includes(` ${name} `));
}

describe("an upgrade", () => {
  it("is announced from the live record, and confirmed in its thread", async () => {
    const release = bed.createRelease(OLD);
    const start = await run(release.env("pre-upgrade", NEW));
    expect(start).toEqual({
      status: 0,
      stdout: `told Slack: Deploying ${release.name} to production: api 1.3.2 → 1.4.0\n`,
      stderr: "",
    });
    const opened = release.readLedger()?.run;
    expect(opened).toMatchObject({ action: "upgrade", phase: "started", from: OLD, to: NEW });

    release.apply(NEW);
    const end = await run(release.env("post-upgrade", NEW));
    expect(end).toEqual({
      status: 0,
      stdout: `told Slack: Deployed ${release.name} to production: api 1.3.2 → 1.4.0\n`,
      stderr: "",
    });
    const [announced, confirmed] = messagesOf(release.name);
    expect(opened?.message).toEqual({ channel: expect.stringMatching(/^C/), ts: announced?.ts });
    expect(confirmed).toMatchObject({ channel: opened?.message?.channel, threadTs: announced?.ts });
    expect(release.readLedger()?.run).toMatchObject({ id: opened?.id, phase: "ended" });
    expect(bed.kube.get("configmaps", "default", release.ledger)?.metadata.labels).toEqual({
      "app.kubernetes.io/managed-by": "helm-notify",
    });
  });

  it("without a live record comes from the unknown: the release is older than the snippets", async () => {
    const release = bed.createRelease();
    const { stdout } = await run(release.env("pre-upgrade", NEW));
    expect(stdout).toContain("production: api 1.4.0, web 5.0.0\n");
    expect(JSON.stringify(messagesOf(release.name))).toContain("what ran before is not known");
  });

  it("whose announcement was never made is confirmed without a past", async () => {
    const release = bed.createRelease(OLD);
    await run(release.env("pre-upgrade", NEW, { HELM_NOTIFY_REVISION: "6" }));
    const { stdout } = await run(release.env("post-upgrade", NEW));
    expect(stdout).toContain(`Deployed ${release.name} to production: api 1.4.0, web 5.0.0\n`);
    expect(messagesOf(release.name)[1]).not.toHaveProperty("threadTs");
    expect(release.readLedger()?.run).toMatchObject({ revision: 6, phase: "started" });
  });

  it("that follows a failed one keeps it in the ledger", async () => {
    const release = bed.createRelease(OLD);
    await run(release.env("pre-upgrade", NEW, { HELM_NOTIFY_REVISION: "6" }));
    await run(release.env("pre-upgrade", NEW));
    expect(release.readLedger()).toMatchObject({
      run: { revision: 7, from: OLD },
      runs: [{ revision: 6, phase: "started" }],
    });
  });

  it("by webhook is told in two messages", async () => {
    const release = bed.createRelease(OLD);
    const byWebhook = { SLACK_BOT_TOKEN: "", SLACK_WEBHOOK_URL: bed.slack.webhookUrl };
    await run(release.env("pre-upgrade", NEW, byWebhook));
    await run(release.env("post-upgrade", NEW, byWebhook));
    expect(messagesOf(release.name).map(({ method, text }) => `${method} ${text}`)).toEqual([
      `webhook Deploying ${release.name} to production: api 1.3.2 → 1.4.0`,
      `webhook Deployed ${release.name} to production: api 1.3.2 → 1.4.0`,
    ]);
  });
});

it("a first install is one, whatever record lies around", async () => {
  const release = bed.createRelease(OLD);
  const start = await run(release.env("pre-install", NEW));
  expect(start.stdout).toContain(`Deploying ${release.name} to production: api 1.4.0, web 5.0.0\n`);
  expect(release.readLedger()?.run?.from).toBeNull();
  const end = await run(release.env("post-install", NEW));
  expect(end.stdout).toContain(`Deployed ${release.name} to production: api 1.4.0, web 5.0.0\n`);
});

it("a rollback is told from what is live, not from what its own manifests once replaced", async () => {
  const release = bed.createRelease(NEW);
  const target = { HELM_NOTIFY_REVISION: "3" };
  const start = await run(release.env("pre-rollback", OLD, target));
  expect(start.stdout).toContain(`Rolling back ${release.name} in production: api 1.4.0 → 1.3.2\n`);
  release.apply(OLD);
  const end = await run(release.env("post-rollback", OLD, target));
  expect(end.stdout).toContain(`Rolled back ${release.name} in production: api 1.4.0 → 1.3.2\n`);
});

describe("trouble with Kubernetes", () => {
  it("rights that arrive late are waited for", async () => {
    const release = bed.createRelease(OLD);
    bed.kube.addFault({
      resource: "configmaps",
      name: release.record,
      times: 2,
      action: { status: 403 },
    });
    const { stdout, stderr } = await run(release.env("pre-upgrade", NEW));
    expect(stdout).toContain("api 1.3.2 → 1.4.0");
    expect(stderr).toBe("");
  });

  it("another writer of the ledger is not overwritten", async () => {
    const release = bed.createRelease(OLD);
    bed.kube.addFault({
      verb: "patch",
      resource: "configmaps",
      name: release.ledger,
      times: 1,
      action: { status: 409, reason: "Conflict" },
    });
    expect(await run(release.env("pre-upgrade", NEW))).toMatchObject({ status: 0, stderr: "" });
    expect(release.readLedger()?.run?.from).toEqual(OLD);
  });

  it("an API that does not answer leaves time for Slack, and the past unknown", async () => {
    const release = bed.createRelease(OLD);
    ends.push(bed.kube.addFault({ namespace: "default", action: "hang" }));
    const deadline = { HELM_NOTIFY_DEADLINE_SECONDS: "3" };
    const { status, stdout, stderr } = await run(release.env("pre-upgrade", NEW, deadline));
    expect([status, stdout]).toEqual([
      0,
      `told Slack: Deploying ${release.name} to production: api 1.4.0, web 5.0.0\n`,
    ]);
    expect(stderr).toMatch(/^the Kubernetes API does not answer/);
  });

  it("a ledger of a later version is left as it is", async () => {
    const release = bed.createRelease(OLD);
    bed.kube.create({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: release.ledger, namespace: "default" },
      data: { "ledger.json": '{"v":2}' },
    });
    const { stdout, stderr } = await run(release.env("pre-upgrade", NEW));
    expect(stdout).toContain("api 1.3.2 → 1.4.0");
    expect(stderr).toContain(`the ledger in ConfigMap ${release.ledger} cannot be read`);
    expect(release.readLedger()).toEqual({ v: 2 });
  });
});

describe("without rights on the API", () => {
  it.each<[string, Record<string, string>, string]>([
    ["pre-upgrade", { "previous.json": JSON.stringify(OLD) }, "api 1.3.2 → 1.4.0"],
    ["post-upgrade", { "previous.json": JSON.stringify(OLD) }, "api 1.3.2 → 1.4.0"],
    ["post-upgrade", {}, "api 1.4.0, web 5.0.0"],
    ["pre-install", {}, "api 1.4.0, web 5.0.0"],
    ["pre-rollback", { "previous.json": JSON.stringify(OLD) }, "api 1.4.0, web 5.0.0"],
  ])("%s takes the past from render time where that is true", async (event, files, change) => {
    const mounted = { ...files, "record.json": JSON.stringify(NEW) };
    const { status, stdout, stderr } = await run(bed.settings(event, `quiet-${event}`, mounted));
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(new RegExp(`production: ${change}\n$`));
  });
});

describe("trouble with Slack", () => {
  it.each([
    ["ignore", 0],
    ["fail", 1],
  ])("with failurePolicy %s the exit status is %i", async (policy, status) => {
    const release = bed.createRelease(OLD);
    const env = { SLACK_CHANNEL: "#old", HELM_NOTIFY_FAILURE_POLICY: policy };
    expect(await run(release.env("pre-upgrade", NEW, env))).toEqual({
      status,
      stdout: "",
      stderr: "slack refused the message: is_archived. Choose a channel that is not archived.\n",
    });
    expect(release.readLedger()?.run?.from).toEqual(OLD);
  });

  it("that outlasts the deadline is given up", async () => {
    const release = bed.createRelease(OLD);
    bed.slack.addFaults({ kind: "hang" });
    const env = { HELM_NOTIFY_DEADLINE_SECONDS: "1" };
    const { status, stdout, stderr } = await run(release.env("pre-upgrade", NEW, env));
    expect([status, stdout]).toEqual([0, ""]);
    expect(stderr).toMatch(/^gave up on Slack: no answer from 127\.0\.0\.1/);
  });

  it("that passes costs nothing but time", async () => {
    const release = bed.createRelease(OLD);
    bed.slack.addFaults(RATE_LIMITED(0), { kind: "close" });
    expect(await run(release.env("pre-upgrade", NEW))).toMatchObject({ status: 0, stderr: "" });
    expect(messagesOf(release.name)).toHaveLength(1);
  });

  it("behind a certificate of one's own is met with SSL_CERT_FILE", async () => {
    const tls = selfSigned([], ["127.0.0.1"]);
    const secure = await startSlack({ tls });
    ends.push(() => secure.stop());
    const release = bed.createRelease(OLD);
    const ca = join(bed.directory({ "ca.pem": tls.cert }), "ca.pem");
    const env = release.env("pre-upgrade", NEW, { SLACK_API_URL: secure.apiUrl });
    expect((await run(env)).stderr).toContain("no trusted TLS connection");
    expect(await run({ ...env, SSL_CERT_FILE: ca })).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("settings that cannot work", () => {
  it.each([
    [{ SLACK_BOT_TOKEN: "" }, "neither SLACK_WEBHOOK_URL nor SLACK_BOT_TOKEN is set"],
    [{ SLACK_BOT_TOKEN: "xoxb-1\nxoxb-2" }, "SLACK_BOT_TOKEN holds what no token does"],
    [{ SLACK_CHANNEL: " " }, "SLACK_CHANNEL is not set, which SLACK_BOT_TOKEN needs"],
    [{ KUBERNETES_SERVICE_HOST: "" }, "KUBERNETES_SERVICE_HOST is not set"],
    [{ HELM_NOTIFY_RUN_DIR: "/nowhere" }, "/nowhere/record.json is missing"],
    [{ SSL_CERT_FILE: "/nowhere.pem" }, "SSL_CERT_FILE /nowhere.pem cannot be read"],
  ])("%j", async (more, problem) => {
    const env = bed.createRelease(OLD).env("pre-upgrade", NEW, more);
    const ignored = await run(env);
    expect(ignored).toMatchObject({ status: 0, stdout: "" });
    expect(ignored.stderr).toContain(problem);
    expect(await run({ ...env, HELM_NOTIFY_FAILURE_POLICY: "fail" })).toMatchObject({ status: 1 });
  });

  it("a record of a later version is not guessed at", async () => {
    const env = bed.settings("pre-upgrade", "later", { "record.json": '{"v":2}' });
    const { status, stderr } = await run(env);
    expect(status).toBe(0);
    expect(stderr).toContain("record.json is not a record this version can read");
  });
});
