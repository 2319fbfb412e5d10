import { beforeEach, describe, expect, it } from "vitest";
import { closeRun, openRun, type Run } from "../../src/domain/ledger.ts";
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

/** A plugin that lives until then. */
function beatUntil(last: number): void {
  for (let second = 5; second <= last; second += 5) {
    cluster.at(second, () => cluster.changeRun((run) => ({ ...run, beats: (run.beats ?? 0) + 1 })));
  }
}

/** What a plugin writes when its Helm has ended. */
function close(outcome: Run["outcome"]): void {
  cluster.changeRun((run) => closeRun(run, outcome, "2026-11-21T10:01:00.000Z"));
}

describe("a run that a plugin began", () => {
  const PLUGINS: Run = {
    id: "r1",
    action: "upgrade",
    by: "plugin",
    startedAt: "2026-11-21T09:59:58.000Z",
    actor: "jane",
    from: OLD,
    to: NEW,
    phase: "started",
    tellings: { slack: { told: "start", place: { channel: "C1", ts: "0.1" } } },
  };
  const WAITING: Run = { ...PLUGINS, by: "hook", tellings: {} };
  const begin = (run: Run, action?: Action) => {
    cluster.write(openRun(undefined, run));
    cluster.begin(NEW, action);
  };

  it("and tells itself is left to it, to its end", async () => {
    begin(PLUGINS);
    beatUntil(100);
    cluster.at(99, () => cluster.end());
    cluster.at(101, () => close({ kind: "rolled-out" }));
    await cluster.watch();
    expect(cluster.told()).toEqual([]);
    expect(cluster.now).toBeLessThan(105);
    expect(cluster.isWatcherGone).toBe(true);
    expect(cluster.ledger?.runs).toEqual([]);
  });

  it("and told to its end is not told again by a pod that comes after the next run has failed", async () => {
    begin(PLUGINS);
    close({ kind: "applied" });
    cluster.changeRun((run) => ({ ...run, tellings: { slack: { told: "end" } } }));
    const uninstall: Run = { ...PLUGINS, id: "r2", action: "uninstall", phase: "started" };
    cluster.write(openRun(cluster.ledger, { ...uninstall, startedAt: "2026-11-21T10:01:02.000Z" }));
    cluster.changeRun((run) => closeRun(run, { kind: "failed" }, "2026-11-21T10:01:03.000Z"));
    cluster.changeRun((run) => ({ ...run, tellings: { slack: { told: "end" } } }));
    await cluster.watch();
    expect(cluster.told()).toEqual([]);
    expect(cluster.ledger?.run).toMatchObject({ id: "r2", outcome: { kind: "failed" } });
  });

  it("and told to its end before the pod came is not told again", async () => {
    begin(PLUGINS);
    cluster.end();
    close({ kind: "applied" });
    await cluster.watch();
    expect(cluster.told()).toEqual([]);
    expect(cluster.isWatcherGone).toBe(true);
  });

  it("long ago and ended has nothing to do with this one", async () => {
    cluster.now = -3600;
    cluster.write(openRun(undefined, closeRun(PLUGINS, { kind: "applied" }, PLUGINS.startedAt)));
    cluster.now = 0;
    cluster.begin(NEW);
    cluster.at(5, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toContain("start upgrade 1.3.2 → 1.4.0");
    expect(cluster.ledger?.run?.actor).toBeUndefined();
  });

  it("and died over is ended in its place, in its message", async () => {
    begin(PLUGINS);
    beatUntil(20);
    cluster.at(40, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toEqual(["end upgrade 1.3.2 → 1.4.0 applied"]);
    expect(cluster.now).toBeLessThan(43);
    expect(cluster.ledger?.run).toMatchObject({ id: "r1", by: "hook", actor: "jane" });
    expect(cluster.ledger?.runs).toEqual([]);
  });

  it("and died over with a clock of its own lasts as long as it lasted", async () => {
    begin({ ...PLUGINS, startedAt: "2026-11-21T10:05:00.000Z" });
    cluster.at(60, () => cluster.end());
    await cluster.watch();
    const { startedAt, endedAt } = cluster.messages[0] ?? {};
    expect(Number(endedAt) - Number(startedAt)).toBe(60_000);
  });

  it("and died over while the next one begins is left to that one's pod", async () => {
    begin(PLUGINS);
    beatUntil(10);
    cluster.at(12, () => cluster.begin(OTHER));
    await cluster.watch();
    expect(cluster.told()).toEqual([]);
    expect(cluster.now).toBeLessThan(14);
  });

  it("and another pod told is not the same as a later one to the same", async () => {
    begin({ ...WAITING, pod: "uid-of-another" });
    cluster.at(20, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()[0]).toBe("start upgrade 1.3.2 → 1.4.0");
    expect(cluster.messages[0]?.starter.actor).toBeUndefined();
    expect(cluster.ledger?.runs).toMatchObject([{ id: "r1", outcome: { kind: "unknown" } }]);
  });

  it("and in which Helm went back before the pod came is told as that one run", async () => {
    begin({ ...WAITING, pod: "uid-of-the-upgrade" }, "rollback");
    close({ kind: "rolled-back", toRevision: 3 });
    await cluster.watch();
    expect(cluster.told()).toEqual(["end upgrade 1.3.2 → 1.4.0 rolled-back"]);
  });

  const LATE = "late end upgrade 1.3.2 → 1.4.0 failed";
  it.each<[string, Partial<Run>, string[]]>([
    ["told by it", {}, []],
    ["told by its pod", { by: "hook", pod: "uid-of-its-own" }, [LATE]],
  ])("and %s is not one with what somebody else does while it tests", async (_, how, late) => {
    cluster.write(openRun(undefined, { ...PLUGINS, ...how }));
    cluster.apply(NEW);
    cluster.end();
    cluster.now = 1;
    cluster.begin(OTHER);
    beatUntil(20);
    cluster.at(3, () => cluster.end());
    cluster.at(21, () => {
      close({ kind: "failed" });
      const tellings = { slack: { told: "end" } } as const;
      if (late.length === 0) cluster.changeRun((run) => ({ ...run, tellings }));
    });
    await cluster.watch();
    expect(cluster.told()).toEqual([...late, "end upgrade 1.4.0 → 9.9.9 applied"]);
    expect(cluster.messages.at(-1)?.starter.actor).toBeUndefined();
    expect(cluster.ledger?.runs).toMatchObject([{ outcome: { kind: "failed" }, to: NEW }]);
  });

  it("and still tells the end of when the next one begins is left to it", async () => {
    cluster.write(openRun(undefined, closeRun(PLUGINS, { kind: "applied" }, PLUGINS.startedAt)));
    cluster.apply(NEW);
    cluster.begin(OTHER);
    const tellings = { slack: { told: "end" } } as const;
    cluster.at(8, () => cluster.changeRun((run) => ({ ...run, tellings })));
    cluster.at(20, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.4.0 → 9.9.9",
      "end upgrade 1.4.0 → 9.9.9 applied",
    ]);
  });

  it("and died over as it told the end is told by the next one's pod", async () => {
    cluster.write(openRun(undefined, closeRun(PLUGINS, { kind: "applied" }, PLUGINS.startedAt)));
    cluster.apply(NEW);
    cluster.begin(OTHER);
    cluster.at(20, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.4.0 → 9.9.9",
      "late end upgrade 1.3.2 → 1.4.0 applied",
      "end upgrade 1.4.0 → 9.9.9 applied",
    ]);
  });

  it("and whose Helm could not go back is one run", async () => {
    begin(PLUGINS);
    cluster.begin(OLD, "rollback");
    beatUntil(20);
    cluster.at(21, () => close({ kind: "failed" }));
    await cluster.watch();
    expect(cluster.told()).toEqual([]);
    expect(cluster.ledger?.runs).toEqual([]);
  });

  it("and died over before its Helm ran, long ago, is not taken for this one", async () => {
    cluster.now = -3600;
    cluster.write(openRun(undefined, PLUGINS));
    cluster.now = 0;
    cluster.begin(NEW);
    cluster.at(60, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.3.2 → 1.4.0",
      "late end upgrade 1.3.2 → 1.4.0 unknown",
      "end upgrade 1.3.2 → 1.4.0 applied",
    ]);
    expect(cluster.messages[0]?.starter.actor).toBeUndefined();
  });

  it("and died over is not taken for a run to something else", async () => {
    begin({ ...PLUGINS, to: OTHER });
    cluster.at(60, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()[0]).toBe("start upgrade 1.3.2 → 1.4.0");
    expect(cluster.ledger?.runs[0]).toMatchObject({ id: "r1", outcome: { kind: "unknown" } });
  });

  it("without credentials is told by the pod in its name, at once", async () => {
    begin(WAITING);
    cluster.at(5, () => cluster.end());
    cluster.at(6, () => close({ kind: "rolled-out" }));
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.3.2 → 1.4.0",
      "end upgrade 1.3.2 → 1.4.0 rolled-out",
    ]);
    expect(cluster.messages[0]?.starter.actor).toBe("jane");
    expect(cluster.ledger?.runs).toEqual([]);
  });

  it.each(["2026-11-21T08:00:00.000Z", "2026-11-21T12:00:00.000Z"])(
    "without credentials, at %s by its own clock, is the same run",
    async (startedAt) => {
      begin({ ...WAITING, startedAt });
      cluster.at(5, () => cluster.end());
      cluster.at(6, () => close({ kind: "rolled-out" }));
      await cluster.watch();
      expect(cluster.told()).toEqual([
        "start upgrade 1.3.2 → 1.4.0",
        "end upgrade 1.3.2 → 1.4.0 rolled-out",
      ]);
      expect(cluster.ledger?.runs).toEqual([]);
    },
  );

  it.each([
    ["by the pod", WAITING, ["start upgrade 1.3.2 → 1.4.0", "end upgrade 1.3.2 → 1.4.0 applied"]],
    ["by the plugin", PLUGINS, []],
  ])("and told %s is waited for as long as the plugin lives", async (_, run, expected) => {
    begin(run);
    beatUntil(1000);
    cluster.at(1001, () => cluster.end());
    cluster.at(1002, () => close({ kind: "applied" }));
    await cluster.watch();
    expect(cluster.told()).toEqual(expected);
    expect(cluster.now).toBeGreaterThan(1000);
    expect(cluster.isWatcherGone).toBe(true);
  });

  it("without credentials that says nothing of the end is ended by Helm's mark", async () => {
    begin(WAITING);
    cluster.at(5, () => cluster.end());
    await cluster.watch();
    expect(cluster.told()[1]).toBe("end upgrade 1.3.2 → 1.4.0 applied");
  });

  it("without credentials that tests what Helm did is told as the test ends", async () => {
    begin(WAITING);
    cluster.at(2, () => cluster.end());
    beatUntil(60);
    cluster.at(61, () => close({ kind: "failed" }));
    await cluster.watch();
    expect(cluster.told()).toEqual([
      "start upgrade 1.3.2 → 1.4.0",
      "end upgrade 1.3.2 → 1.4.0 failed",
    ]);
  });

  it("without credentials and failed is told as the plugin saw it", async () => {
    begin(WAITING);
    cluster.at(5, () => close({ kind: "not-applied" }));
    await cluster.watch();
    expect(cluster.told()[1]).toBe("end upgrade 1.3.2 → 1.4.0 not-applied");
  });

  it("without credentials that ended before the pod came is told in one message", async () => {
    begin(WAITING);
    close({ kind: "failed" });
    await cluster.watch();
    expect(cluster.told()).toEqual(["end upgrade 1.3.2 → 1.4.0 failed"]);
  });

  it("takes what the chart rendered over what the plugin planned, and keeps what it knows of the same", async () => {
    const rich = recordOf({ api: { tag: "1.3.2", revision: "abc1234", source: "https://git/x" } });
    const { to: _, ...planned } = WAITING;
    begin({ ...planned, from: rich });
    cluster.at(5, () => cluster.end());
    await cluster.watch();
    expect(cluster.ledger?.run).toMatchObject({ from: rich, to: NEW });
  });

  it("within which Helm goes back by itself stays the plugin's one run", async () => {
    begin({ ...WAITING, pod: "uid-of-the-upgrade", beats: 1 });
    cluster.apply(NEW);
    cluster.begin(OLD, "rollback");
    beatUntil(30);
    cluster.at(12, () => cluster.end());
    cluster.at(31, () => close({ kind: "rolled-back", toRevision: 3 }));
    await cluster.watch();
    expect(cluster.told().at(-1)).toBe("end upgrade 1.3.2 → 1.4.0 rolled-back");
    expect(cluster.ledger?.runs).toEqual([]);
  });
});
