import { beforeEach, describe, expect, it } from "vitest";
import { closeRun } from "../../src/domain/ledger.ts";
import type { Action } from "../../src/domain/run.ts";
import { recordOf } from "../support/records.ts";
import { WatchedCluster } from "../support/watched-cluster.ts";

const OLD = recordOf({ api: { tag: "1.3.2" } });
const NEW = recordOf({ api: { tag: "1.4.0" } });
const OTHER = recordOf({ api: { tag: "9.9.9" } });

let cluster: WatchedCluster;
beforeEach(() => {
  cluster = new WatchedCluster();
  cluster.apply(OLD);
});

function withoutRecord(): void {
  cluster = new WatchedCluster();
}

/** What the watcher asks for in a short run, in order. */
async function listRequests(): Promise<string[]> {
  const requests: string[] = [];
  cluster.onRequest = (request) => requests.push(request);
  cluster.begin(NEW);
  cluster.at(2, () => cluster.end());
  await cluster.watch();
  return requests;
}

/** A run that applies something and ends without a mark, its pod gone. */
async function failRun(): Promise<void> {
  cluster.begin(OTHER);
  cluster.apply(OTHER);
  const stop = new AbortController();
  cluster.at(cluster.now + 5, () => stop.abort());
  await cluster.watch({ stop }).catch(() => {});
}

/** What another pod writes when it has told how far the run is. */
function tellOther(phase: "start" | "end"): void {
  cluster.changeRun((run) => ({ ...run, tellings: { slack: { told: phase } } }));
}

describe("a run of bare Helm", () => {
  it("is told at its beginning and at its end, and the pod is taken away", async () => {
    cluster.begin(NEW);
    cluster.at(3, () => cluster.apply(NEW));
    cluster.at(130, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.3.2 → 1.4.0",
      "end upgrade 1.3.2 → 1.4.0 applied",
    ]);
    const { startedAt, endedAt } = cluster.messages[1] ?? {};
    expect(Number(endedAt) - Number(startedAt)).toBe(130_000);
    expect(cluster.isWatcherGone).toBe(true);
    expect(cluster.ledger?.run).toMatchObject({ by: "hook", from: OLD, to: NEW, phase: "ended" });
  });

  it("is told from what was live when it began, however late the pod comes", async () => {
    cluster.begin(NEW);
    cluster.apply(NEW);
    cluster.at(40, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()[0]).toBe("start upgrade 1.3.2 → 1.4.0");
  });

  it("says the lock that it did not heed, until its end", async () => {
    cluster.lock({ actor: "jane", reason: "freeze", since: "2026-11-21T09:00:00Z" });
    cluster.begin(NEW);
    cluster.at(5, () => cluster.end());
    await cluster.watch();
    const passedLock = { by: "jane", reason: "freeze" };
    expect(cluster.messages).toMatchObject([{ passedLock }, { passedLock }]);
  });

  it("says nothing of a lock that had ended by then", async () => {
    const since = "2026-11-21T09:00:00Z";
    cluster.lock({ reason: "freeze", since, until: "2026-11-21T09:30:00Z" });
    cluster.begin(NEW);
    cluster.at(5, () => cluster.end());
    await cluster.watch();
    expect(cluster.messages[0]?.passedLock).toBeUndefined();
  });

  it("says nothing of a lock that came later", async () => {
    cluster.begin(NEW);
    cluster.lock({ reason: "freeze", since: "2026-11-21T10:00:00Z" });
    cluster.at(5, () => cluster.end());
    await cluster.watch();
    expect(cluster.messages[0]?.passedLock).toBeUndefined();
  });

  it("is told where locks may not be read", async () => {
    cluster.trouble.set("helm-notify-turn.shop", "KUBE_FORBIDDEN");
    cluster.begin(NEW);
    cluster.at(5, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toHaveLength(2);
  });

  it("that is over when the pod comes is told in one message", async () => {
    cluster.begin(NEW);
    cluster.apply(NEW);
    cluster.end();
    await cluster.watch();
    expect(cluster.told()).toEqual(["end upgrade 1.3.2 → 1.4.0 applied"]);
  });

  it("without an end is given up as unknown when nothing is to be expected any more", async () => {
    cluster.begin(NEW);
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.3.2 → 1.4.0",
      "end upgrade 1.3.2 → 1.4.0 unknown",
    ]);
    expect(cluster.now).toBeGreaterThanOrEqual(900);
    expect(cluster.isWatcherGone).toBe(true);
  });

  it("is not ended by somebody who touches the mark of the last one", async () => {
    cluster.end();
    cluster.now = 60;
    cluster.begin(NEW);
    cluster.at(70, () => cluster.touchEnd());
    await cluster.watch();
    expect(cluster.told()[1]).toBe("end upgrade 1.3.2 → 1.4.0 unknown");
  });

  it("is not ended by the mark of one that ended in the second it began", async () => {
    cluster.end();
    cluster.begin(NEW);
    await cluster.watch();
    expect(cluster.told()[1]).toBe("end upgrade 1.3.2 → 1.4.0 unknown");
  });

  it("is left to the next one's pod as soon as that has begun", async () => {
    cluster.begin(NEW);
    cluster.at(10.2, () => cluster.begin(OTHER));
    cluster.at(10.3, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toEqual(["start upgrade 1.3.2 → 1.4.0"]);
    expect(cluster.ledger?.run?.phase).toBe("started");
    expect(cluster.now).toBeLessThan(12);
    expect(cluster.isWatcherGone).toBe(false);
  });

  it("that ended just before the next one began ended well", async () => {
    cluster.begin(NEW);
    cluster.at(10.2, () => cluster.end());
    cluster.at(10.3, () => cluster.begin(OTHER));
    await cluster.watch();
    expect(cluster.told()[1]).toBe("end upgrade 1.3.2 → 1.4.0 applied");
  });

  it("that Helm died in before it had a pod is told as what it is by one of the run before", async () => {
    cluster.begin(NEW);
    cluster.mark(OTHER, "rollback");
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start rollback 1.3.2 → 9.9.9",
      "end rollback 1.3.2 → 9.9.9 unknown",
    ]);
    expect(cluster.isWatcherGone).toBe(true);
  });
});

describe("what ran before", () => {
  it.each<[string, Action, () => void, string]>([
    ["nothing, on an install", "install", withoutRecord, "start install nothing → 1.4.0"],
    [
      "unknown, of a release older than the snippets",
      "upgrade",
      withoutRecord,
      "start upgrade unknown → 1.4.0",
    ],
    [
      "unknown, on a rollback from before the snippets",
      "rollback",
      withoutRecord,
      "start rollback unknown → 1.4.0",
    ],
    [
      "unknown, of a record this version cannot read",
      "upgrade",
      () => cluster.apply({ v: 2 } as never),
      "start upgrade unknown → 1.4.0",
    ],
    [
      "unknown, once the cluster has forgotten it",
      "upgrade",
      () => (cluster.compacted = 1000),
      "start upgrade unknown → 1.4.0",
    ],
    [
      "the live record, on a rollback",
      "rollback",
      () => cluster.apply(OTHER),
      "start rollback 9.9.9 → 1.4.0",
    ],
  ])("is %s", async (_, action, prepare, expected) => {
    prepare();
    cluster.begin(NEW, action);
    cluster.apply(NEW);
    cluster.at(5, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()[0]).toBe(expected);
  });
});

describe("a container that is killed", () => {
  class Killed extends Error {}

  it("at any point is followed by one that goes on, and nothing is told twice but in the gap", async () => {
    const requests = await listRequests();
    expect(requests.filter((request) => request === "tell")).toHaveLength(2);
    for (const [index, request] of requests.entries()) {
      cluster = new WatchedCluster();
      cluster.apply(OLD);
      cluster.begin(NEW);
      cluster.at(2, () => cluster.end());
      let left = index;
      cluster.onRequest = () => {
        if (left-- === 0) throw new Killed();
      };
      await expect(cluster.watch()).rejects.toBeInstanceOf(Killed);
      cluster.onRequest = () => {};
      await cluster.watch();
      const messages = cluster.told();
      const repeated = request === "tell" || requests[index - 1] === "tell" ? 1 : 0;
      expect(messages.length, `killed after ${index}: ${request}`).toBeLessThanOrEqual(
        2 + repeated,
      );
      expect(messages.at(-1)).toBe("end upgrade 1.3.2 → 1.4.0 applied");
      expect(messages.every((text) => text.includes("1.3.2 → 1.4.0"))).toBe(true);
      expect(cluster.ledger?.runs).toEqual([]);
      expect(cluster.isWatcherGone).toBe(true);
    }
  });
});

describe("two pods of one run", () => {
  class Killed extends Error {}

  /** The other pod, up to that request and not beyond. */
  async function stopAfter(request: string): Promise<void> {
    cluster.onRequest = (seen) => {
      if (seen === request) throw new Killed();
    };
    await expect(cluster.watch({ pod: "other" })).rejects.toBeInstanceOf(Killed);
    cluster.onRequest = () => {};
  }
  const CLAIM = "patch helm-notify-ledger.shop";

  it("do not both tell its beginning", async () => {
    cluster.begin(NEW);
    await stopAfter(CLAIM);
    cluster.at(8, () => tellOther("start"));
    cluster.at(30, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toEqual(["end upgrade 1.3.2 → 1.4.0 applied"]);
  });

  it("do not both tell its end", async () => {
    cluster.begin(NEW);
    cluster.at(20, () => {
      cluster.end();
      cluster.changeRun((run) =>
        closeRun({ ...run, teller: "other" }, { kind: "applied" }, "2026-11-21T10:01:00.000Z"),
      );
    });
    cluster.at(35, () => tellOther("end"));
    await cluster.watch();
    expect(cluster.told()).toEqual(["start upgrade 1.3.2 → 1.4.0"]);
    expect(cluster.isWatcherGone).toBe(true);
  });

  it("do not both tell of earlier runs", async () => {
    await failRun();
    cluster.begin(NEW);
    await stopAfter(CLAIM);
    cluster.at(8, () => tellOther("start"));
    cluster.at(30, () => cluster.end());
    await cluster.watch();
    expect(cluster.told().filter((text) => text.startsWith("late"))).toEqual([]);
  });

  it("are none where one of them died before it told: the other does", async () => {
    cluster.begin(NEW);
    await stopAfter(CLAIM);
    cluster.at(60, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.3.2 → 1.4.0",
      "end upgrade 1.3.2 → 1.4.0 applied",
    ]);
  });

  it("are one where one of them is told to go while it lets the other speak", async () => {
    cluster.begin(NEW);
    await stopAfter(CLAIM);
    const stop = new AbortController();
    cluster.at(8, () => stop.abort());
    await cluster.watch({ stop });
    expect(cluster.told()).toEqual([]);
  });
});

describe("rights", () => {
  it("that come later than the pod are waited for", async () => {
    cluster.begin(NEW);
    cluster.trouble.set("*", "KUBE_FORBIDDEN");
    cluster.at(30, () => cluster.trouble.delete("*"));
    cluster.at(40, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toHaveLength(2);
    expect(cluster.warnings).toEqual([]);
  });

  it("that never come are given up with the reason", async () => {
    cluster.begin(NEW);
    cluster.trouble.set("shop-helm-notify-run", "KUBE_FORBIDDEN");
    await expect(cluster.watch()).rejects.toMatchObject({ code: "KUBE_FORBIDDEN" });
    expect(cluster.told()).toEqual([]);
  });

  it("to the past alone that are missing make it unknown", async () => {
    cluster.begin(NEW);
    cluster.trouble.set("shop-helm-notify-record", "KUBE_FORBIDDEN");
    cluster.at(20, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()[0]).toBe("start upgrade unknown → 1.4.0");
    expect(cluster.warnings[0]).toContain("what ran before is not known");
  });

  it("that vanish after the beginning was told end it without a word", async () => {
    cluster.begin(NEW);
    cluster.at(10, () => cluster.trouble.set("*", "KUBE_FORBIDDEN"));
    await expect(cluster.watch()).rejects.toMatchObject({ code: "KUBE_FORBIDDEN" });
    expect(cluster.told()).toEqual(["start upgrade 1.3.2 → 1.4.0"]);
    expect(cluster.now).toBeLessThan(120);
  });

  it("an API that is away for a while costs nothing but time", async () => {
    cluster.begin(NEW);
    cluster.at(5, () => cluster.trouble.set("*", "KUBE_UNREACHABLE"));
    cluster.at(20, () => cluster.end());
    cluster.at(200, () => cluster.trouble.delete("*"));
    await cluster.watch();
    expect(cluster.told()[1]).toBe("end upgrade 1.3.2 → 1.4.0 applied");
  });

  it("an API that goes away as the run ends is waited for, to write that down and to leave", async () => {
    cluster.begin(NEW);
    cluster.at(20, () => cluster.end());
    const goAway = (seconds: number) => {
      cluster.trouble.set("*", "KUBE_UNREACHABLE");
      cluster.at(cluster.now + seconds, () => cluster.trouble.delete("*"));
    };
    cluster.onRequest = (request) => {
      if (request === "get shop-helm-notify-run" && cluster.now >= 20 && cluster.now < 22)
        goAway(90);
      if (request === "tell" && cluster.now > 90) goAway(90);
    };
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.3.2 → 1.4.0",
      "end upgrade 1.3.2 → 1.4.0 applied",
    ]);
    expect(cluster.ledger?.run).toMatchObject({ tellings: { slack: { told: "end" } } });
    expect(cluster.isWatcherGone).toBe(true);
    expect(cluster.warnings).toEqual([]);
  });

  it("a beginning that could not be written down is not told twice", async () => {
    cluster.begin(NEW);
    const ledger = "helm-notify-ledger.shop";
    cluster.onRequest = (request) => {
      if (request === "tell" && cluster.now === 0) cluster.trouble.set(ledger, "KUBE_FORBIDDEN");
    };
    cluster.at(40, () => cluster.trouble.delete(ledger));
    cluster.at(50, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toHaveLength(2);
    expect(cluster.places).toEqual([undefined, "1"]);
    expect(cluster.ledger?.run?.tellings?.["slack"]?.place?.ts).toBe("1");
  });

  it("a ledger that somebody deletes costs nothing but the past", async () => {
    cluster.begin(NEW);
    cluster.at(10, () => cluster.deleteLedger());
    cluster.at(20, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toHaveLength(2);
    expect(cluster.places).toEqual([undefined, "1"]);
    expect(cluster.ledger?.run).toMatchObject({ phase: "ended", outcome: { kind: "applied" } });
  });

  it("that are long in coming are named while they are waited for", async () => {
    cluster.begin(NEW);
    cluster.trouble.set("*", "KUBE_FORBIDDEN");
    cluster.at(200, () => cluster.trouble.delete("*"));
    cluster.at(210, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toHaveLength(2);
    expect(cluster.warnings).toEqual(["still waiting: shop-helm-notify: KUBE_FORBIDDEN"]);
  });

  it("a ledger of a later version is left alone", async () => {
    cluster.write({ v: 2 } as never);
    cluster.begin(NEW);
    await expect(cluster.watch()).rejects.toMatchObject({ code: "LEDGER_UNREADABLE" });
    expect(cluster.told()).toEqual([]);
  });
});

describe("the run before", () => {
  it("that nobody saw end is said to be unknown, late, and the next one comes from what it applied", async () => {
    await failRun();
    cluster.now = 60;
    cluster.begin(OLD, "rollback");
    cluster.at(70, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.3.2 → 9.9.9",
      "start rollback 9.9.9 → 1.3.2",
      "late end upgrade 1.3.2 → 9.9.9 unknown",
      "end rollback 9.9.9 → 1.3.2 applied",
    ]);
  });

  it("that left its mark before its pod could look is said to have ended well", async () => {
    await failRun();
    cluster.end();
    cluster.now = 60;
    cluster.begin(NEW);
    cluster.at(70, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()[2]).toBe("late end upgrade 1.3.2 → 9.9.9 applied");
  });

  it("the mark of its own end is not the one's before", async () => {
    await failRun();
    cluster.begin(NEW);
    cluster.end();
    await cluster.watch();
    expect(cluster.told().slice(1)).toEqual([
      "late end upgrade 1.3.2 → 9.9.9 unknown",
      "end upgrade 9.9.9 → 1.4.0 applied",
    ]);
  });

  it("a mark from the second it began in says nothing of it", async () => {
    cluster.end();
    await failRun();
    cluster.begin(NEW);
    await cluster.watch();
    expect(cluster.told()[2]).toBe("late end upgrade 1.3.2 → 9.9.9 unknown");
  });

  it("an old mark that was touched says nothing of it", async () => {
    cluster.end();
    cluster.now = 30;
    await failRun();
    cluster.touchEnd();
    cluster.now = 60;
    cluster.begin(NEW);
    await cluster.watch();
    expect(cluster.told()[2]).toBe("late end upgrade 1.3.2 → 9.9.9 unknown");
  });
});

describe("a pod that is told to go", () => {
  it("goes at once, and leaves its ReplicaSet to start another", async () => {
    cluster.begin(NEW);
    const stop = new AbortController();
    cluster.at(10, () => stop.abort());
    await cluster.watch({ stop });
    expect(cluster.now).toBeLessThanOrEqual(11);
    expect(cluster.told()).toEqual(["start upgrade 1.3.2 → 1.4.0"]);
    expect(cluster.ledger?.run?.phase).toBe("started");
  });
});

it("a message that cannot be delivered is tried again at the end, and named", async () => {
  cluster.begin(NEW);
  cluster.deliveries.push({ kind: "refused", reason: "is_archived", hint: "Choose another." });
  cluster.at(5, () => cluster.end());
  await cluster.watch();
  expect(cluster.told()).toHaveLength(2);
  expect(cluster.warnings).toEqual(["is_archived. Choose another."]);
});
