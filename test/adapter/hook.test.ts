import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { turnName } from "../../src/domain/turn.ts";
import { runWatcher } from "../../hooks-image/watcher.ts";
import { startGenericReceiver } from "../support/generic-receiver.ts";
import { HookBed, type HookEnvironment, type HookRelease } from "../support/hook-bed.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { startKube } from "../support/kube/embedded-kube.ts";
import { commit, recordOf } from "../support/records.ts";
import { startSlack } from "../support/slack/double.ts";

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

interface Watching {
  readonly lines: string[];
  /** Resolves when the program has ended. */
  readonly done: Promise<void>;
  readonly stop: () => void;
}

/** The program in its pod; a kubelet ends it as soon as its ReplicaSet is gone. */
function start(release: HookRelease, env: HookEnvironment): Watching {
  const stop = new AbortController();
  const lines: string[] = [];
  const kubelet = setInterval(() => {
    if (release.isWatcherGone()) stop.abort();
  }, 20);
  const done = runWatcher({ env, stop: stop.signal, warn: (line) => lines.push(line) });
  return { lines, done: done.finally(() => clearInterval(kubelet)), stop: () => stop.abort() };
}

/** A whole run of Helm with its watcher; returns what that said. */
async function watch(
  release: HookRelease,
  to: typeof NEW,
  more: HookEnvironment = {},
): Promise<string[]> {
  release.begin(to);
  const watching = start(release, release.env(more));
  await vi.waitFor(() => expect(release.readLedger()?.run?.tellings).toBeDefined(), SOON);
  release.apply(to);
  release.end();
  await watching.done;
  return watching.lines;
}

const SOON = { timeout: 100_000, interval: 10 };

/** What stands in Slack about a release. */
function channelOf({ name }: HookRelease) {
  return bed.slack.channel().filter(({ text }) => text.includes(name));
}

describe("a run", () => {
  it("is one message, posted at its beginning and edited at its end, with the end in its thread", async () => {
    const release = bed.createRelease(OLD);
    release.begin(NEW);
    const watching = start(release, release.env());
    await vi.waitFor(() => expect(release.readLedger()?.run?.tellings).toBeDefined(), SOON);
    const [announced] = channelOf(release);
    expect(announced?.text).toBe(`Deploying ${release.name} to production: api 1.3.2 → 1.4.0`);
    expect(announced?.isEdited).toBe(false);
    expect(release.readLedger()?.run).toMatchObject({
      by: "hook",
      from: OLD,
      to: NEW,
      tellings: { slack: { told: "start", place: { ts: announced?.ts } } },
    });

    release.apply(NEW);
    release.end();
    await watching.done;
    expect(watching.lines).toEqual([]);
    const [ended, ...others] = channelOf(release);
    expect(others).toEqual([]);
    expect(ended).toMatchObject({ ts: announced?.ts, isEdited: true });
    expect(ended?.text).not.toContain("Deploying");
    expect(ended?.replies).toHaveLength(1);
    expect(release.readLedger()?.run).toMatchObject({
      phase: "ended",
      outcome: { kind: "applied" },
      tellings: { slack: { told: "end" } },
    });
    const ledger = bed.kube.get("configmaps", "default", `helm-notify-ledger.${release.name}`);
    expect(ledger?.metadata.labels).toEqual({ "app.kubernetes.io/managed-by": "helm-notify" });
    expect(release.isWatcherGone()).toBe(true);
  });

  it("of two pods is told once: a node may go away with one of them", async () => {
    const release = bed.createRelease(OLD);
    release.begin(NEW);
    const pods = ["one", "other"].map((pod) =>
      start(release, release.env({ HELM_NOTIFY_POD: pod })),
    );
    await vi.waitFor(() => expect(release.readLedger()?.run?.tellings).toBeDefined(), SOON);
    release.apply(NEW);
    release.end();
    await Promise.all(pods.map(({ done }) => done));
    expect(channelOf(release)).toMatchObject([{ isEdited: true, replies: [{}] }]);
    expect(pods.flatMap(({ lines }) => lines)).toEqual([]);
  });

  it("by webhook is told in two messages", async () => {
    const release = bed.createRelease(OLD);
    const byWebhook = { SLACK_BOT_TOKEN: "", SLACK_WEBHOOK_URL: bed.slack.webhookUrl };
    expect(await watch(release, NEW, byWebhook)).toEqual([]);
    expect(channelOf(release).map(({ isEdited }) => isEdited)).toEqual([false, false]);
  });

  it("is told to what else a team uses, with or without Slack", async () => {
    const receiver = await startGenericReceiver();
    ends.push(() => receiver.stop());
    const release = bed.createRelease(OLD);
    const more = {
      SLACK_BOT_TOKEN: "",
      GENERIC_URL: receiver.url,
      GENERIC_SECRET: receiver.secret,
    };
    expect(await watch(release, NEW, more)).toEqual([]);
    expect(receiver.events).toHaveLength(2);
    expect(channelOf(release)).toEqual([]);
  });

  it("comes from what was live when it began, however late its pod is", async () => {
    const release = bed.createRelease(OLD);
    release.begin(NEW);
    release.apply(NEW);
    const watching = start(release, release.env());
    release.end();
    await watching.done;
    expect(release.readLedger()?.run?.from).toEqual(OLD);
    expect(channelOf(release)).toHaveLength(1);
  });

  it("comes from the unknown where the cluster has forgotten what was", async () => {
    const release = bed.createRelease(OLD);
    release.begin(NEW);
    release.apply(NEW);
    bed.kube.compact();
    const watching = start(release, release.env());
    release.end();
    await watching.done;
    expect(release.readLedger()?.run).not.toHaveProperty("from");
    expect(watching.lines[0]).toContain("what ran before is not known");
  });

  it("is a first install where there was nothing, with rights that come in its course", async () => {
    const release = bed.createRelease(undefined, { mayAct: false });
    release.begin(NEW, "pre-install");
    const watching = start(release, release.env());
    const isRefused = () =>
      bed.kube.requests.some(({ path }) => path.includes(`/${release.name}-helm-notify`));
    await vi.waitFor(() => expect(isRefused()).toBe(true), SOON);
    release.grant();
    release.apply(NEW);
    release.end();
    await watching.done;
    expect(watching.lines).toEqual([]);
    expect(release.readLedger()?.run).toMatchObject({ action: "install", from: null });
  });

  it("that follows within the same second is called what it is, also by a pod of the one before", async () => {
    const release = bed.createRelease(NEW);
    release.begin(NEW, "pre-upgrade");
    release.mark(OLD, "pre-rollback");
    const earlier = start(release, release.env());
    await vi.waitFor(() => expect(release.readLedger()?.run?.tellings).toBeDefined(), SOON);
    release.replaceWatcher();
    earlier.stop();
    await earlier.done;
    const watching = start(release, release.env());
    release.apply(OLD);
    release.end();
    await watching.done;
    expect(release.readLedger()?.run).toMatchObject({ action: "rollback", from: NEW, to: OLD });
    expect(channelOf(release).map(({ text }) => text)).toEqual([
      expect.stringContaining(`Rolled back ${release.name}`),
    ]);
  });

  const LOCK = { actor: "jane", reason: "freeze", since: "2026-11-21T09:00:00Z" };

  it("says the lock that it did not heed", async () => {
    const release = bed.createRelease(OLD);
    release.lock(LOCK);
    expect(await watch(release, NEW)).toEqual([]);
    expect(JSON.stringify(channelOf(release))).toContain("Although jane had locked it: freeze");
  });

  it("says nothing of a lock that may not be read, as with the Role of an older chart", async () => {
    const release = bed.createRelease(OLD);
    release.lock(LOCK);
    const turn = { resource: "configmaps", name: turnName(release.name) };
    ends.push(bed.kube.addFault({ ...turn, verb: "get", action: { status: 403 } }));
    expect(await watch(release, NEW)).toEqual([]);
    expect(channelOf(release)).toHaveLength(1);
    expect(JSON.stringify(channelOf(release))).not.toContain("locked");
  });

  it("is said in the user's words, and in ours where those are broken", async () => {
    const release = bed.createRelease(OLD);
    release.begin(NEW, "pre-upgrade", { nonsense: "{{x}}" });
    release.end();
    const watching = start(release, release.env());
    await watching.done;
    expect(channelOf(release)).toHaveLength(1);
    expect(watching.lines).toEqual([expect.stringContaining("nonsense")]);
  });
});

describe("trouble with Kubernetes", () => {
  it("another writer of the ledger is not overwritten", async () => {
    const release = bed.createRelease(OLD);
    bed.kube.addFault({
      verb: "patch",
      resource: "configmaps",
      name: `helm-notify-ledger.${release.name}`,
      times: 2,
      action: { status: 409, reason: "Conflict" },
    });
    expect(await watch(release, NEW)).toEqual([]);
    expect(release.readLedger()?.run?.from).toEqual(OLD);
  });

  it("requests that are cut off or refused for a while are made again", async () => {
    const release = bed.createRelease(OLD);
    const ofRun = { resource: "configmaps", name: `${release.name}-helm-notify-run` };
    bed.kube.addFault({ ...ofRun, times: 2, action: { status: 403 } });
    bed.kube.addFault({ ...ofRun, times: 2, action: { status: 401 } });
    bed.kube.addFault({ ...ofRun, times: 2, action: "close" });
    expect(await watch(release, NEW)).toEqual([]);
    expect(channelOf(release)).toHaveLength(1);
  });

  it("a token that the kubelet renewed is the one that counts", async () => {
    const release = bed.createRelease(OLD);
    const env = release.env();
    const token = join(env["HELM_NOTIFY_KUBE_DIR"] ?? "", "token");
    const good = readFileSync(token, "utf8");
    writeFileSync(token, "expired");
    release.begin(NEW);
    const watching = start(release, env);
    const isRefused = () => bed.kube.requests.some(({ user }) => user === "");
    await vi.waitFor(() => expect(isRefused()).toBe(true), SOON);
    writeFileSync(token, good);
    release.end();
    await watching.done;
    expect(watching.lines).toEqual([]);
    expect(channelOf(release)).toHaveLength(1);
  });

  it("a pod that may not have itself taken away says so once, and waits to be told to go", async () => {
    const release = bed.createRelease(OLD);
    const message = "replicasets is forbidden";
    ends.push(
      bed.kube.addFault({
        verb: "delete",
        resource: "replicasets",
        action: { status: 403, message },
      }),
    );
    release.begin(NEW);
    release.end();
    const watching = start(release, release.env());
    await vi.waitFor(() => expect(watching.lines).toHaveLength(1), SOON);
    expect(watching.lines[0]).toContain(message);
    expect(release.readLedger()?.run?.phase).toBe("ended");
    watching.stop();
    await watching.done;
  });

  it("a ledger of a later version is left as it is", async () => {
    const release = bed.createRelease(OLD);
    release.writeLedger({ v: 2 });
    release.begin(NEW);
    const watching = start(release, release.env());
    await watching.done;
    expect(watching.lines[0]).toContain(
      `the ledger in ConfigMap helm-notify-ledger.${release.name}`,
    );
    expect(channelOf(release)).toEqual([]);
  });

  it("a ReplicaSet of the next run is not taken away", async () => {
    const release = bed.createRelease(OLD);
    release.begin(NEW);
    const watching = start(release, release.env());
    await vi.waitFor(() => expect(release.readLedger()?.run?.tellings).toBeDefined(), SOON);
    release.begin(OLD);
    // Nobody ends it here: it leaves by itself, since it has nothing to keep it.
    await watching.done;
    expect(watching.lines).toEqual([]);
    expect(release.isWatcherGone()).toBe(false);
  });
});

describe("trouble with Slack", () => {
  it("is said, kept in the ledger, and stops nothing", async () => {
    const release = bed.createRelease(OLD);
    const lines = await watch(release, NEW, { SLACK_CHANNEL: "#old" });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain("is_archived. ");
    expect(release.readLedger()?.run).toMatchObject({
      phase: "ended",
      tellings: { slack: { trouble: expect.stringContaining("is_archived") } },
    });
    expect(release.isWatcherGone()).toBe(true);
  });

  it("behind a certificate of one's own is met with SSL_CERT_FILE", async () => {
    const tls = selfSigned([], ["127.0.0.1"]);
    const secure = await startSlack({ tls });
    ends.push(() => secure.stop());
    const ca = join(bed.directory({ "ca.pem": tls.cert }), "ca.pem");
    const env = { SLACK_API_URL: secure.apiUrl };
    const refused = await watch(bed.createRelease(OLD), NEW, env);
    expect(refused[0]).toContain("no trusted TLS connection");
    const trusted = { ...env, SSL_CERT_FILE: ca };
    expect(await watch(bed.createRelease(OLD), NEW, trusted)).toEqual([]);
  });
});

describe("settings that cannot work", () => {
  it.each<[string, HookEnvironment, string]>([
    [
      "nobody to tell",
      { SLACK_BOT_TOKEN: "" },
      "none of webhookUrl, botToken and genericUrl is set",
    ],
    ["no channel", { SLACK_CHANNEL: "" }, "no channel is set, which botToken needs"],
    [
      "a token that is none",
      { SLACK_BOT_TOKEN: "xo xb" },
      "holds what no token does, like a space",
    ],
    [
      "authorities that are not there",
      { SSL_CERT_FILE: "/nowhere" },
      "SSL_CERT_FILE /nowhere cannot be read",
    ],
  ])("%s: it is said in one line, and the pod is taken away", async (_, more, problem) => {
    const release = bed.createRelease(OLD);
    release.begin(NEW);
    const watching = start(release, release.env(more));
    await watching.done;
    expect(watching.lines).toEqual([expect.stringContaining(problem)]);
    expect(release.isWatcherGone()).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ["record", { v: 2 }, "pre-upgrade"],
    ["event", NEW, "pre-upgrade,pre-rollback"],
  ])("a %s of another version is not guessed at", async (what, record, event) => {
    const release = bed.createRelease(OLD);
    release.begin(record as never, event);
    const watching = start(release, release.env());
    await watching.done;
    expect(watching.lines).toEqual([
      expect.stringContaining(`no ${what} that this version can read`),
    ]);
    expect(release.isWatcherGone()).toBe(true);
  });
});
