import { describe, expect, it } from "vitest";
import { NotifyError } from "../../src/domain/errors.ts";
import {
  decodeLedger,
  type Ledger,
  LEDGER_KEY,
  ledgerName,
  openRun,
  type Run,
} from "../../src/domain/ledger.ts";
import type { Message } from "../../src/domain/message.ts";
import { HELM_TIMEOUT_MS } from "../../src/domain/recovery.ts";
import { type Turn, TURN_KEY, turnName } from "../../src/domain/turn.ts";
import type { Deadline, StoredConfigMap, StoredRevision, Teller } from "../../src/flow/ports.ts";
import {
  recover,
  type RecoverPorts,
  type RecoverRequest,
  settlePending,
} from "../../src/flow/recover.ts";
import type { ReportPorts } from "../../src/flow/report.ts";
import { recordOf } from "../support/records.ts";

const BEGAN = Date.parse("2026-11-21T10:00:00Z");
const REQUEST: RecoverRequest = {
  release: "shop",
  isRolledBack: false,
  isAgreed: true,
  isForced: false,
  isDryRun: false,
  waitMs: 0,
  timeoutMs: HELM_TIMEOUT_MS,
  output: "text",
};
const PLACE = { channel: "C1", ts: "1.1" };
const RUN: Run = {
  id: "r1",
  action: "upgrade",
  by: "plugin",
  startedAt: new Date(BEGAN).toISOString(),
  from: recordOf({ api: { tag: "1" } }),
  to: recordOf({ api: { tag: "2", thread: "C0123456789/1763719200.000100" } }),
  phase: "started",
  tellings: { slack: { told: "start", place: PLACE } },
};
const HOLDER = { id: "t1", actor: "ci", action: "upgrade", since: RUN.startedAt, beats: 1 };

const LATER = { ...HOLDER, id: "t2", since: new Date(BEGAN + 5000).toISOString() };

/** A release whose revision 5 is pending, in memory; time goes by only when somebody waits. */
class Stuck {
  readonly lines: string[] = [];
  readonly said: string[] = [];
  readonly messages: Message[] = [];
  readonly places: (string | undefined)[] = [];
  readonly questions: string[] = [];
  readonly rollbacks: number[] = [];
  readonly threads: string[] = [];
  statuses: [number, string][] = [
    [5, "pending-upgrade"],
    [4, "deployed"],
  ];
  description = "Preparing upgrade";
  runningHooks: string[] = [];
  answer: string | undefined;
  isTold = true;
  /** Called at every second that somebody waits. */
  onSecond: (second: number) => void = () => {};
  seconds = 1;
  readonly stored = new Map<string, StoredConfigMap>();

  put(name: string, key: string, content: unknown): void {
    const data = { [key]: JSON.stringify(content) };
    const resourceVersion = String(this.stored.size + this.seconds);
    this.stored.set(name, { data, resourceVersion, uid: name, createdAt: RUN.startedAt });
  }
  get ledger(): Ledger | undefined {
    return decodeLedger(this.stored.get(ledgerName("shop"))?.data[LEDGER_KEY] ?? "");
  }
  set ledger(ledger: Ledger | undefined) {
    this.put(ledgerName("shop"), LEDGER_KEY, ledger);
  }
  set turn(turn: Turn) {
    this.put(turnName("shop"), TURN_KEY, turn);
  }
  get hasTurn(): boolean {
    return this.stored.has(turnName("shop"));
  }

  #deadline(ms: number): Deadline {
    const end = this.seconds + ms / 1000;
    return {
      signal: new AbortController().signal,
      remainingMs: () => Math.max(0, end - this.seconds) * 1000,
      sleep: async (sleepMs) => {
        this.seconds += sleepMs / 1000;
        this.onSecond(this.seconds);
      },
      sooner: (limitMs) => this.#deadline(limitMs),
    };
  }

  #revision(revision: number): StoredRevision {
    return {
      release: {
        name: "shop",
        namespace: "shop-prod",
        revision,
        status: "",
        chart: { name: "shop", version: "1.2.0", appVersion: undefined },
        chartValues: {},
        config: {},
        record: recordOf({ api: { tag: revision === 5 ? "2" : "1" } }),
        running: undefined,
        newer: undefined,
      },
      description: this.description,
      startedAt: new Date(BEGAN + 1000),
      content: {},
    };
  }

  get ports(): RecoverPorts {
    const teller: Teller = {
      name: "slack",
      tell: async (message, { place }) => {
        this.messages.push(message);
        this.places.push(place?.ts);
        return { kind: "delivered", place: PLACE };
      },
      tellThread: async () => {
        this.threads.push("told");
        return { kind: "delivered" };
      },
    };
    const report: Partial<ReportPorts> = {
      openTellers: async () => (this.isTold ? [teller] : []),
      readShipped: async () => ({}),
      starter: { actor: "jane" },
      newId: () => "made",
    };
    return {
      namespace: "shop-prod",
      revisions: {
        list: async () => this.statuses.map(([revision, status]) => ({ revision, status })),
        read: async (revision) => this.#revision(revision),
      },
      read: async (name) => this.stored.get(name),
      write: async (name, data) => {
        this.stored.set(name, { data, resourceVersion: "9", uid: name, createdAt: "" });
      },
      listRunningHooks: async () => this.runningHooks,
      now: () => new Date(BEGAN + this.seconds * 1000),
      markFailed: async (revision, description) => {
        if (this.statuses[0]?.[1].startsWith("pending-") !== true) return false;
        this.statuses = [[revision, "failed"], ...this.statuses.slice(1)];
        this.description = description;
        return true;
      },
      endTurn: async () => {
        this.stored.delete(turnName("shop"));
      },
      openReport: () => report as ReportPorts,
      rollBack: async (revision) => {
        this.rollbacks.push(revision);
        return { kind: "exited", code: 0 };
      },
      createDeadline: (ms) => this.#deadline(ms),
      ask: async (question) => {
        this.questions.push(question);
        return this.answer ?? "";
      },
      print: (line) => this.lines.push(line),
      say: (line) => this.said.push(line),
    };
  }

  recover(request: Partial<RecoverRequest> = {}): Promise<number> {
    return recover({ ...REQUEST, ...request }, this.ports);
  }
  get status(): string {
    return this.statuses.map(([revision, status]) => `${revision} ${status}`).join(", ");
  }
}

function stuck(given: Partial<Stuck> = {}): Stuck {
  return Object.assign(new Stuck(), { ledger: openRun(undefined, RUN) }, given);
}

async function forbidden(): Promise<never> {
  throw new NotifyError("KUBE_FORBIDDEN", "configmaps is forbidden");
}

describe("a pending release", () => {
  it("whose plugin is silent is marked as failed, and said so where it was announced", async () => {
    const shop = stuck({ turn: { v: 1, holder: HOLDER } });
    expect(await shop.recover()).toBe(0);
    expect(shop.status).toBe("5 failed, 4 deployed");
    expect(shop.description).toBe(
      "Interrupted, and marked as failed by helm notify recover (jane)",
    );
    expect(shop.ledger?.run).toMatchObject({
      id: "r1",
      phase: "ended",
      outcome: { kind: "interrupted" },
      revision: 5,
      recovered: { by: "jane" },
      tellings: { slack: { told: "end", place: PLACE } },
    });
    expect(shop.messages).toMatchObject([
      { phase: "end", outcome: { kind: "interrupted" }, recovered: { by: "jane" }, revision: 5 },
    ]);
    expect(shop.places).toEqual(["1.1"]);
    expect(shop.threads).toHaveLength(1);
    expect(shop.hasTurn).toBe(false);
    expect(shop.lines).toEqual([
      "shop in namespace shop-prod: revision 5 is pending-upgrade, for 15s (since 2026-11-21 10:00:01 UTC)",
      "  started by: ci",
      "  last deployed: revision 4",
      "  its process: gone, its helm-notify has been silent for 15s",
      "revision 5 is marked as failed",
      "deploy again: helm notify upgrade shop CHART",
    ]);
  });

  it("of somebody without a name is of the account that the cluster knows", async () => {
    const account = "system:serviceaccount:ci:deployer";
    const known = stuck({ ledger: openRun(undefined, { ...RUN, account }) });
    await known.recover();
    expect(known.lines).toContain(`  started by: ${account} (verified)`);
    const unknown = stuck();
    await unknown.recover();
    expect(unknown.lines).toContain("  started by: not known");
    const unseen = stuck({ ledger: undefined });
    await unseen.recover();
    expect(unseen.lines).toContain("  started by: not known, no helm-notify saw it begin");
  });

  it.each<[string, Partial<Stuck>, Partial<RecoverRequest>]>([
    [
      "whose plugin beats",
      {
        onSecond(this: Stuck, second) {
          if (second === 4) this.ledger = openRun(undefined, { ...RUN, beats: 1 });
        },
      },
      {},
    ],
    ["with a hook at work", { runningHooks: ["Job migrate"] }, {}],
    ["of plain helm, and young", { ledger: { v: 1, runs: [] } }, {}],
    [
      "of plain helm, where somebody came later and is silent",
      { ledger: { v: 1, runs: [] }, turn: { v: 1, holder: LATER } },
      {},
    ],
  ])("%s is left alone, but for --force", async (_, given, request) => {
    const shop = stuck(given);
    expect(await shop.recover(request)).toBe(3);
    expect(shop.status).toBe("5 pending-upgrade, 4 deployed");
    expect(shop.lines.at(-1)).toMatch(/^refused: it may end by itself/);
    expect(shop.messages).toEqual([]);
    expect(await shop.recover({ ...request, isForced: true })).toBe(0);
    expect(shop.status).toBe("5 failed, 4 deployed");
  });

  it("whose plugin lives keeps its turn, also with --force", async () => {
    const shop = stuck({
      onSecond(this: Stuck, second) {
        this.turn = { v: 1, holder: { ...HOLDER, beats: second } };
      },
      turn: { v: 1, holder: HOLDER },
    });
    expect(await shop.recover({ isForced: true })).toBe(0);
    expect(shop.lines).toContain("  its process: alive, a helm-notify is at work");
    expect(shop.hasTurn).toBe(true);
  });

  it("that ends while it is looked at is pending no more", async () => {
    const shop = stuck({
      onSecond(this: Stuck, second) {
        if (second === 4) this.statuses = [[5, "deployed"]];
      },
    });
    expect(await shop.recover()).toBe(0);
    expect(shop.lines).toEqual(["nothing is pending: revision 5 of shop is deployed"]);
  });

  it("is waited for while it may live, and left alone where it ends by itself", async () => {
    const shop = stuck({
      runningHooks: ["Job migrate"],
      onSecond(this: Stuck, second) {
        if (second > 40)
          this.statuses = [
            [5, "deployed"],
            [4, "superseded"],
          ];
      },
    });
    expect(await shop.recover({ waitMs: 600_000 })).toBe(0);
    expect(shop.lines).toEqual(["nothing is pending: revision 5 of shop is deployed"]);
    expect(shop.said).toEqual([
      "waiting for revision 5 (pending-upgrade), 10m at most",
      "waiting for revision 5 (pending-upgrade), 9m30s at most",
    ]);
  });

  it("is recovered once it is waited for long enough to be dead", async () => {
    const shop = stuck({ ledger: { v: 1, runs: [] } });
    expect(await shop.recover({ waitMs: 600_000 })).toBe(0);
    expect(shop.status).toBe("5 failed, 4 deployed");
    expect(shop.seconds).toBeGreaterThan(300);
  });

  it.each([
    ["yes", 0],
    ["n", 2],
    ["", 2],
  ])("is asked for, and %j is answered", async (answer, code) => {
    const shop = stuck({ answer });
    expect(await shop.recover({ isAgreed: false, isRolledBack: true })).toBe(code);
    expect(shop.questions).toEqual([
      "Mark revision 5 as failed and roll back to revision 4? [y/N] ",
    ]);
    expect(shop.rollbacks).toEqual(code === 0 ? [4] : []);
  });

  it("is only looked at by --dry-run", async () => {
    const shop = stuck();
    expect(await shop.recover({ isDryRun: true })).toBe(2);
    expect(shop.status).toBe("5 pending-upgrade, 4 deployed");
    expect(shop.lines.at(-1)).toBe("would mark revision 5 as failed; nothing is deleted");
  });

  it("that somebody else recovers first is theirs to tell", async () => {
    const shop = stuck();
    const ports = { ...shop.ports, markFailed: async () => false };
    expect(await recover(REQUEST, ports)).toBe(0);
    expect(shop.lines.at(-1)).toBe("revision 5 is not pending any more");
    expect(shop.messages).toEqual([]);
  });

  it("without a deployed revision cannot be rolled back", async () => {
    const shop = stuck({ statuses: [[1, "pending-install"]] });
    await expect(shop.recover({ isRolledBack: true })).rejects.toMatchObject({
      code: "NOTHING_DEPLOYED",
    });
    expect(shop.status).toBe("1 pending-install");
  });
});

describe("who is told", () => {
  it("those who read that nobody saw the end read it anew, and the images' threads once", async () => {
    const closed: Run = {
      ...RUN,
      phase: "ended",
      outcome: { kind: "unknown" },
      tellings: { slack: { told: "end", place: PLACE } },
    };
    const shop = stuck({ ledger: openRun(undefined, closed) });
    await shop.recover();
    expect(shop.messages).toHaveLength(1);
    expect(shop.threads).toEqual([]);
    expect(shop.ledger?.run?.tellings).toEqual({ slack: { told: "end", place: PLACE } });
  });

  it("without credentials of ours the pod, by the ledger", async () => {
    const shop = stuck({ isTold: false });
    await shop.recover();
    expect(shop.ledger?.run).toMatchObject({
      phase: "ended",
      recovered: { by: "jane" },
      tellings: { slack: { told: "start" } },
    });
  });

  it("of a run that no ledger has, all that is known of it", async () => {
    const shop = stuck({ ledger: { v: 1, runs: [] } });
    await shop.recover({ isForced: true });
    expect(shop.messages).toMatchObject([
      {
        phase: "end",
        outcome: { kind: "interrupted" },
        environment: "production",
        changes: [{ kind: "changed", name: "api" }],
      },
    ]);
    expect(shop.ledger?.run).toMatchObject({ id: "made", revision: 5 });
  });

  it("nobody, where nobody ever was: no ledger is begun", async () => {
    const shop = new Stuck();
    shop.isTold = false;
    await shop.recover({ isForced: true });
    expect(shop.status).toBe("5 failed, 4 deployed");
    expect(shop.stored.size).toBe(0);
  });

  it("a ledger that may not be written is a warning", async () => {
    const shop = stuck();
    expect(await recover(REQUEST, { ...shop.ports, write: forbidden })).toBe(0);
    expect(shop.said).toEqual(["warning: configmaps is forbidden"]);
    expect(shop.status).toBe("5 failed, 4 deployed");
  });

  it("a ledger that may not be read is named, and nothing is done however old it is", async () => {
    const shop = stuck({ seconds: 4000 });
    expect(await recover(REQUEST, { ...shop.ports, read: forbidden })).toBe(3);
    expect(shop.lines).toContain("  could not be read: the ledger: configmaps is forbidden");
  });
});

describe("a deploy that finds it pending", () => {
  const request = { release: "shop", timeoutMs: HELM_TIMEOUT_MS };

  it("says what is in the way, and does nothing about it", async () => {
    const shop = stuck();
    expect(await settlePending({ ...request, isRecovering: false }, shop.ports)).toBe(false);
    expect(shop.said[0]).toMatch(/^shop in namespace shop-prod: revision 5 is pending-upgrade/);
    expect(shop.status).toBe("5 pending-upgrade, 4 deployed");
  });

  it("recovers it where it is dead and that is asked for", async () => {
    const shop = stuck();
    expect(await settlePending({ ...request, isRecovering: true }, shop.ports)).toBe(true);
    expect(shop.status).toBe("5 failed, 4 deployed");
    expect(shop.lines).toEqual([]);
  });

  it.each<[string, Partial<Stuck>]>([
    ["may live", { runningHooks: ["Job migrate"] }],
    ["is merely old", { ledger: { v: 1, runs: [] }, seconds: 4000 }],
  ])("leaves it alone where it %s", async (_, given) => {
    const shop = stuck(given);
    expect(await settlePending({ ...request, isRecovering: true }, shop.ports)).toBe(false);
    expect(shop.status).toBe("5 pending-upgrade, 4 deployed");
  });

  it("knows that who had the turn before it is dead", async () => {
    const shop = stuck({
      ledger: { v: 1, runs: [] },
      turn: { v: 1, holder: { ...HOLDER, id: "own" } },
    });
    const ports = { ...shop.ports, ownTurn: { id: "own", dead: HOLDER } };
    expect(await settlePending({ ...request, isRecovering: true }, ports)).toBe(true);
    expect(shop.said).toContain("  its process: gone, its helm-notify has been silent for 15s");
  });
});
