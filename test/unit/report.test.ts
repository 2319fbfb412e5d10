import { describe, expect, it, vi } from "vitest";
import type { Cause } from "../../src/domain/cause.ts";
import { type Ledger, openRun, type Run } from "../../src/domain/ledger.ts";
import { NotifyError } from "../../src/domain/errors.ts";
import type { RevisionStatus } from "../../src/domain/release.ts";
import type { PlannedRun } from "../../src/flow/report.ts";
import { recordOf } from "../support/records.ts";
import { tellHelm } from "../support/told-run.ts";

const OLD = recordOf({ api: { tag: "1" } });
const NEW = recordOf({ api: { tag: "2" } });
const PLAN: PlannedRun = {
  action: "upgrade",
  release: "shop",
  before: { kind: "record", record: OLD },
  after: NEW,
  isWaited: true,
  isAtomic: false,
  lastRevision: 4,
  hasPod: true,
  isSelfTold: true,
};
/** Helm waits, fails and undoes it. `causes`: what is wrong in the cluster, look by look; the last one after the end. */
async function undone(causes: readonly Partial<Cause>[]) {
  const rest = [...causes];
  let history: readonly RevisionStatus[] = [{ revision: 5, status: "pending-upgrade" }];
  const { messages } = await tellHelm({
    plan: { ...PLAN, isAtomic: true },
    exit: { kind: "exited", code: 1 },
    history: () => history,
    descriptions: { 5: "context deadline exceeded", 6: "Rollback to 4" },
    findCause: () => rest.shift() ?? {},
    during: async ({ beat }) => {
      while (rest.length > 1) {
        const { length } = rest;
        beat();
        await vi.waitFor(() => expect(rest).toHaveLength(length - 1));
      }
      history = [
        { revision: 6, status: "deployed" },
        { revision: 5, status: "failed" },
        { revision: 4, status: "superseded" },
      ];
    },
  });
  return messages.at(-1);
}

const CRASHED = {
  pods: [{ pod: "api-1", reason: "CrashLoopBackOff", log: ["CACHE_URL is not set"] }],
};

describe("a run that Helm undoes", () => {
  it("is told with the pods that it failed for, which are gone by then", async () => {
    expect(await undone([CRASHED, {}])).toMatchObject({
      outcome: { kind: "rolled-back" },
      cause: { ...CRASHED, description: "context deadline exceeded" },
    });
  });

  it("is not put down to pods that came up in the end", async () => {
    expect(await undone([CRASHED, {}, {}])).toMatchObject({ cause: { pods: [] } });
  });

  it("is told with them also where the last look came when they had just gone", async () => {
    let history: readonly RevisionStatus[] = [{ revision: 5, status: "pending-upgrade" }];
    const looks = [CRASHED, {}];
    const { messages } = await tellHelm({
      plan: { ...PLAN, isAtomic: true },
      exit: { kind: "exited", code: 1 },
      history: () => history,
      findCause: () => {
        const found = looks.shift() ?? {};
        if (looks.length === 0) history = [{ revision: 5, status: "failed" }];
        return found;
      },
      during: async ({ beat }) => {
        beat();
        await vi.waitFor(() => expect(looks).toHaveLength(1));
        beat();
        await vi.waitFor(() => expect(looks).toHaveLength(0));
      },
    });
    expect(messages.at(-1)).toMatchObject({ cause: CRASHED });
  });

  it("is looked at once at a time", async () => {
    let looks = 0;
    await tellHelm({
      plan: { ...PLAN, isAtomic: true },
      history: () => {
        looks++;
        return [];
      },
      during: async ({ beat }) => {
        beat();
        beat();
        await vi.waitFor(() => expect(looks).toBe(1));
        beat();
        await vi.waitFor(() => expect(looks).toBe(2));
      },
    });
  });

  it("is not looked at where only Helm reaches the cluster", async () => {
    const look = vi.fn<() => RevisionStatus[]>(() => []);
    await tellHelm({
      plan: { ...PLAN, isAtomic: true },
      history: look,
      ports: { openCluster: async () => undefined },
      during: ({ beat }) => beat(),
    });
    // For its end.
    expect(look).toHaveBeenCalledOnce();
  });

  it("is not put down to pods where a hook failed", async () => {
    const hook = { kind: "Job", name: "migrate" };
    expect(await undone([CRASHED, { hook }])).toMatchObject({ cause: { hook, pods: [] } });
  });
});

const FAILED = {
  plan: PLAN,
  exit: { kind: "exited", code: 1 },
  history: [
    { revision: 5, status: "failed" },
    { revision: 4, status: "deployed" },
  ],
  descriptions: { 5: "post-upgrade hooks failed: job failed" },
} as const;

describe("a run that went well", () => {
  it("is told when it begins and when it has ended, and the ledger says so", async () => {
    const { messages, ledger, exit, lines } = await tellHelm({
      plan: PLAN,
      history: [{ revision: 5, status: "deployed" }],
    });
    expect(exit).toMatchObject({ kind: "exited", code: 0 });
    expect(messages).toMatchObject([
      {
        phase: "start",
        namespace: "shop",
        starter: { actor: "jane", url: "https://ci/1" },
        changes: [{ kind: "changed", name: "api" }],
      },
      { phase: "end", outcome: { kind: "rolled-out" }, revision: 5 },
    ]);
    expect(ledger()?.run).toMatchObject({
      id: "run-1",
      by: "plugin",
      phase: "ended",
      outcome: { kind: "rolled-out" },
      revision: 5,
      from: OLD,
      to: NEW,
      tellings: { slack: { told: "end", place: { ts: "1.1" } } },
    });
    expect(lines).toEqual([]);
  });

  it("is told at its end as the chart rendered it", async () => {
    const rendered = recordOf({ api: { tag: "2", image: "shop/api" } });
    const { messages, ledger } = await tellHelm({ plan: PLAN, recordAfter: rendered });
    expect(messages[1]).toMatchObject({ changes: [{ to: { image: "shop/api" } }] });
    expect(ledger()?.run?.to).toEqual(rendered);
  });

  it("is told as planned where somebody else has begun since", async () => {
    const { messages, ledger } = await tellHelm({
      plan: PLAN,
      history: [
        { revision: 6, status: "pending-upgrade" },
        { revision: 5, status: "deployed" },
      ],
      recordAfter: recordOf({ api: { tag: "3" } }),
    });
    expect(messages[1]).toMatchObject({ revision: 5, changes: [{ to: { tag: "2" } }] });
    expect(ledger()?.run?.to).toEqual(NEW);
  });

  it("that a pod took over meanwhile is left to the pod", async () => {
    const tellings = { slack: { told: "end" } } as const;
    const { messages, ledger } = await tellHelm({
      plan: PLAN,
      during: async ({ ledger: read, write, messages: told }) => {
        await vi.waitFor(() => expect(told).toHaveLength(1));
        const { run } = read() ?? {};
        if (run) write({ v: 1, run: { ...run, by: "hook", pod: "uid", tellings }, runs: [] });
      },
    });
    expect(messages).toHaveLength(1);
    expect(ledger()?.run).toMatchObject({
      phase: "ended",
      outcome: { kind: "rolled-out" },
      tellings,
    });
  });

  it("is in the ledger before Helm runs, and beats while it runs", async () => {
    const seen: unknown[] = [];
    await tellHelm({
      plan: PLAN,
      during: ({ ledger, beat }) => {
        seen.push(ledger()?.run?.phase);
        beat();
      },
      ports: { readShipped: async () => ({}) },
    });
    expect(seen).toEqual(["started"]);
  });
});

describe("who it was", () => {
  it("is written down as the cluster knows it, beside what the CI says", async () => {
    const { ledger } = await tellHelm({ plan: PLAN, account });
    expect(ledger()?.run).toMatchObject({ actor: "jane", account: account(), phase: "ended" });
  });

  it("is written down while Helm still runs", async () => {
    expect.assertions(1);
    await tellHelm({
      plan: PLAN,
      account,
      during: async ({ ledger, beat }) => {
        beat();
        await expect.poll(() => ledger()?.run?.account).toBe(account());
      },
    });
  });

  it("is written down for the pod that tells", async () => {
    const { ledger } = await tellHelm({ plan: PLAN, account, deliveries: false });
    expect(ledger()?.run).toMatchObject({ by: "hook", account: account() });
  });

  it("is left open by a cluster that does not say it, without a word", async () => {
    const { ledger, lines } = await tellHelm({ plan: PLAN, account: refuse });
    expect(ledger()?.run).not.toHaveProperty("account");
    expect(lines).toEqual([]);
  });
});

describe("a first install into a namespace that comes with Helm", () => {
  it("is in the ledger as soon as there is a place for it, from its beginning", async () => {
    const { ledger, lines } = await tellHelm({
      plan: { ...PLAN, action: "install", before: { kind: "nothing" }, lastRevision: 0 },
      history: [{ revision: 1, status: "deployed" }],
      isNamespaceNew: true,
    });
    expect(lines).toEqual([]);
    expect(ledger()?.run).toMatchObject({
      action: "install",
      phase: "ended",
      revision: 1,
      tellings: { slack: { told: "end", place: { ts: "1.1" } } },
    });
  });
});

describe("a run that failed", () => {
  it("keeps Helm's exit status, and says on the terminal, in the ledger and to people what became of it", async () => {
    const { messages, ledger, exit, lines } = await tellHelm(FAILED);
    expect(exit).toMatchObject({ kind: "exited", code: 1 });
    expect(messages.at(-1)).toMatchObject({
      phase: "end",
      outcome: { kind: "failed" },
      cause: { description: "post-upgrade hooks failed: job failed" },
    });
    expect(ledger()?.run).toMatchObject({ phase: "ended", outcome: { kind: "failed" }, to: NEW });
    expect(lines[0]).toBe("the upgrade failed; what was applied until then is still there");
  });

  it("to uninstall is explained by the last revision, and in words of its own", async () => {
    const { messages, lines } = await tellHelm({
      ...FAILED,
      plan: { ...PLAN, action: "uninstall", after: undefined },
      history: [{ revision: 4, status: "uninstalling" }],
      descriptions: { 4: "Deletion in progress (or silently failed)" },
    });
    expect(lines).toEqual(["the uninstall failed; what was not removed until then is still there"]);
    expect(messages.at(-1)?.cause).toMatchObject({ missing: [], description: undefined });
  });

  it("to uninstall before it began is not put down to the last revision", async () => {
    const { messages } = await tellHelm({
      ...FAILED,
      plan: { ...PLAN, action: "uninstall", after: undefined },
      history: [{ revision: 4, status: "deployed" }],
    });
    expect(messages.at(-1)).toMatchObject({
      outcome: { kind: "not-applied" },
      cause: { missing: ["the failed revision"] },
    });
  });

  it.each<[string, RevisionStatus[], string | undefined]>([
    [
      "was refused",
      [{ revision: 4, status: "pending-upgrade" }],
      "revision 4 is pending-upgrade: helm notify recover shop -n shop says whether somebody is at it, and ends it",
    ],
    [
      "left it so",
      [
        { revision: 5, status: "pending-rollback" },
        { revision: 4, status: "deployed" },
      ],
      "revision 5 is pending-rollback: helm notify recover shop -n shop says whether somebody is at it, and ends it",
    ],
    ["found nothing pending", FAILED.history.slice(), undefined],
  ])("names the command that frees a pending release, where it %s", async (_, history, hint) => {
    const { lines } = await tellHelm({ ...FAILED, history });
    expect(lines.find((line) => line.includes("recover"))).toBe(hint);
  });

  it("after another run had begun is told and kept as it ended", async () => {
    const { messages, ledger, lines } = await tellHelm({
      ...FAILED,
      history: [{ revision: 6, status: "deployed" }, ...FAILED.history],
      descriptions: { ...FAILED.descriptions, 6: "Rollback to 4" },
      during: async ({ ledger: read, write }) => {
        const { run } = read() ?? {};
        const next = { ...run, id: "run-2", action: "rollback", startedAt: "2026-11-21T10:00:00Z" };
        write(openRun(read(), next as Run));
      },
    });
    const outcome = { kind: "rolled-back", toRevision: 4 };
    expect(messages.at(-1)).toMatchObject({ phase: "end", outcome });
    expect(ledger()?.runs[0]).toMatchObject({ id: "run-1", outcome, revision: 5 });
    expect(lines[0]).toBe("the upgrade failed, and was rolled back to revision 4");
  });

  it("without anybody to tell is explained on the terminal all the same", async () => {
    const { messages, ledger, lines } = await tellHelm({
      ...FAILED,
      plan: { ...PLAN, hasPod: false },
      deliveries: false,
    });
    expect(messages).toEqual([]);
    expect(ledger()).toBeUndefined();
    expect(lines[0]).toMatch(/^the upgrade failed/);
  });
});

describe("who tells", () => {
  it("the pod, where the plugin has no credentials; what the plugin knows of the end it writes down", async () => {
    const { ledger, messages } = await tellHelm({ ...FAILED, deliveries: false });
    expect(messages).toEqual([]);
    expect(ledger()?.run).toMatchObject({
      by: "hook",
      actor: "jane",
      phase: "ended",
      outcome: { kind: "failed" },
    });
  });

  it("the pod, where only the rendered record says what is deployed", async () => {
    const { ledger, messages } = await tellHelm({ plan: { ...PLAN, isSelfTold: false } });
    expect(messages).toEqual([]);
    expect(ledger()?.run?.by).toBe("hook");
  });

  it("nobody, where there is neither a pod nor a credential: the ledger is left alone", async () => {
    const { ledger, lines } = await tellHelm({
      plan: { ...PLAN, hasPod: false },
      deliveries: false,
    });
    expect(ledger()).toBeUndefined();
    expect(lines).toEqual([]);
  });
});

describe("nothing is in the way of the deploy", () => {
  it("a ledger that may not be written is warned of, and both messages are told", async () => {
    const { messages, exit, lines } = await tellHelm({ plan: PLAN, isLedgerForbidden: true });
    expect(exit).toMatchObject({ code: 0 });
    expect(messages.map(({ phase }) => phase)).toEqual(["start", "end"]);
    expect(lines[0]).toBe("warning: the ledger is not kept: configmaps is forbidden");
  });

  it("a Slack that refuses is warned of", async () => {
    const refused = {
      kind: "refused",
      reason: "slack refused: is_archived",
      hint: "Unarchive it.",
    };
    const { exit, lines, ledger } = await tellHelm({
      plan: PLAN,
      deliveries: [refused, refused] as never,
    });
    expect(exit).toMatchObject({ code: 0 });
    expect(lines).toEqual([
      "warning: slack refused: is_archived. Unarchive it.",
      "warning: slack refused: is_archived. Unarchive it.",
    ]);
    expect(ledger()?.run?.tellings).toEqual({
      slack: { trouble: "slack refused: is_archived. Unarchive it." },
    });
  });

  it.each<[string, object]>([
    ["credentials that cannot be read", { openTellers: async () => refuse() }],
    ["a history that cannot be read", { openRevisions: async () => refuse() }],
    ["a cluster that only Helm reaches", { openCluster: async () => undefined }],
  ])("%s", async (_, ports) => {
    const { exit } = await tellHelm({ plan: PLAN, ports });
    expect(exit).toMatchObject({ code: 0 });
  });

  it("a bug of ours while Helm runs is a warning, and the end is told all the same", async () => {
    const { exit, lines, messages } = await tellHelm({
      plan: PLAN,
      ports: {
        enrich: async () => {
          throw new TypeError("a bug");
        },
      },
    });
    expect(exit).toMatchObject({ code: 0 });
    expect(lines.join("\n")).toContain("TypeError: a bug");
    expect(messages.at(-1)).toMatchObject({ phase: "end" });
  });

  it("a bug of ours after Helm ran is a warning", async () => {
    const { exit, lines } = await tellHelm({
      plan: PLAN,
      ports: {
        openRevisions: async () => {
          throw new TypeError("a bug");
        },
      },
    });
    expect(exit).toMatchObject({ code: 0 });
    expect(lines.join("\n")).toContain("a bug");
  });
});

describe("earlier runs", () => {
  const open: Ledger = {
    v: 1,
    runs: [],
    run: {
      id: "run-0",
      action: "upgrade",
      by: "plugin",
      startedAt: "2026-11-21T09:00:00Z",
      to: OLD,
      phase: "started",
      tellings: { slack: { told: "start", place: { channel: "C1", ts: "0.1" } } },
    },
  };

  const place = { ts: "0.1" };
  it("one whose end nobody saw is told so, late", async () => {
    const { messages, ledger } = await tellHelm({ plan: PLAN, earlier: open });
    expect(messages.find(({ isLate }) => isLate)).toMatchObject({
      phase: "end",
      outcome: { kind: "unknown" },
    });
    expect(ledger()?.runs[0]).toMatchObject({
      id: "run-0",
      phase: "ended",
      tellings: { slack: { told: "end", place } },
    });
  });

  it.each([
    ["one that left its mark has ended well", "7", "applied"],
    ["a mark from before it says nothing of it", "5", "unknown"],
  ])("%s", async (_, resourceVersion, kind) => {
    const { run } = open;
    const mark = { resourceVersion, uid: "u2", createdAt: "2026-11-21T09:00:10Z", data: {} };
    const { messages, ledger } = await tellHelm({
      plan: PLAN,
      earlier: { ...open, run: run && { ...run, by: "hook", pod: run.id, since: "6" } },
      end: mark,
    });
    expect(messages.find(({ isLate }) => isLate)).toMatchObject({ outcome: { kind } });
    expect(ledger()?.runs[0]).toMatchObject({ id: "run-0", outcome: { kind } });
  });
});

function account(): string {
  return "system:serviceaccount:ci:deployer";
}

function refuse(): never {
  throw new NotifyError("KUBE_FORBIDDEN", "secrets is forbidden");
}
