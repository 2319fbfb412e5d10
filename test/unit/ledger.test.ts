import { describe, expect, it } from "vitest";
import {
  beforeOf,
  changeRun,
  closeRun,
  decodeLedger,
  findRun,
  type Ledger,
  openRun,
  type Run,
  toFrom,
} from "../../src/domain/ledger.ts";
import type { Before } from "../../src/domain/message.ts";
import { recordOf } from "../support/records.ts";

const TO = recordOf({ api: { tag: "2" }, web: { tag: "1" } });
const RUN: Run = {
  id: "r1",
  action: "upgrade",
  by: "plugin",
  startedAt: "2026-11-21T10:00:00.000Z",
  revision: 7,
  from: recordOf({ api: { tag: "1" } }),
  to: TO,
  phase: "started",
};

const AT = "2026-11-21T11:00:00.000Z";

describe("the ledger as a contract", () => {
  it("the first version is read for ever, unknown keys and all", () => {
    const text = `{"v":1,"later":true,"runs":[],"run":{"id":"r1","action":"upgrade","startedAt":"2026-11-21T10:00:00.000Z",
      "revision":7,"actor":"ci","from":null,"to":{"v":1,"environment":"production","chart":{"name":"shop","version":"1.2.0"},
      "services":{"api":{"tag":"2"}}},"phase":"started","message":{"channel":"C1","ts":"1.2"}}}`;
    expect(decodeLedger(text)?.run).toEqual({
      id: "r1",
      action: "upgrade",
      by: "hook",
      startedAt: "2026-11-21T10:00:00.000Z",
      revision: 7,
      actor: "ci",
      from: null,
      to: recordOf({ api: { tag: "2" } }),
      phase: "started",
    });
  });

  it("what a later version adds to the kinds is read as what this one knows", () => {
    const later = { ...RUN, by: "operator", phase: "ended", outcome: { kind: "paused" } };
    expect(decodeLedger(JSON.stringify({ v: 1, run: later, runs: [] }))?.run).toMatchObject({
      by: "hook",
      outcome: { kind: "unknown" },
    });
  });

  it("a thread of a record that is none is left out, and nothing else with it", () => {
    const services = {
      api: { tag: "2", thread: "C0123456789/1763719200.000100" },
      web: { tag: "1", thread: "nonsense" },
      job: { tag: "1", thread: 4 },
    };
    const run = { ...RUN, to: { ...TO, services } };
    expect(decodeLedger(JSON.stringify({ v: 1, run, runs: [] }))?.run?.to?.services).toEqual({
      api: services.api,
      web: { tag: "1" },
      job: { tag: "1" },
    });
  });

  it.each(["", "{", "null", '{"v":2,"runs":[]}', '{"v":1}', '{"v":1,"runs":[{}]}'])(
    "%j is not one",
    (text) => expect(decodeLedger(text)).toBeUndefined(),
  );

  it("what is written is read back alike", () => {
    const ledger = openRun(openRun(undefined, RUN), { ...RUN, id: "r2" });
    expect(decodeLedger(JSON.stringify(ledger))).toEqual(ledger);
  });
});

describe("runs", () => {
  it("a run that begins moves the one before it to the past, newest first", () => {
    const three = ["a", "b", "c"].reduce<Ledger | undefined>(
      (ledger, id) => openRun(ledger, { ...RUN, id }),
      undefined,
    );
    expect(three?.run?.id).toBe("c");
    expect(three?.runs.map((run) => run.id)).toEqual(["b", "a"]);
  });

  it("the past is bounded by count and by size", () => {
    let many: Ledger | undefined;
    for (let count = 0; count < 60; count++) many = openRun(many, RUN);
    expect(many?.runs.length).toBe(50);

    const huge = { ...RUN, to: recordOf({ api: { tag: "x".repeat(100_000) } }) };
    let large: Ledger | undefined;
    for (let count = 0; count < 5; count++) large = openRun(large, huge);
    expect(large?.runs.length).toBe(2);
  });

  it("older ones keep what they changed, and lose their logs", () => {
    const pods = [{ pod: "api-1", reason: "CrashLoopBackOff", log: ["panic"] }];
    const why = { hook: { kind: "Job", name: "migrate", log: ["no"] }, pods, morePods: 0 };
    const old: Run = {
      ...closeRun(RUN, { kind: "failed" }, AT, { ...why, events: [], missing: [] }),
      from: recordOf({ api: { tag: "1" }, web: { tag: "1" }, gone: { tag: "1" } }),
      to: recordOf({ api: { tag: "2" }, web: { tag: "1" }, added: { tag: "1" } }),
    };
    let ledger: Ledger | undefined;
    for (let count = 0; count < 6; count++) ledger = openRun(ledger, old);
    const [first, , third, fourth, fifth] = decodeLedger(JSON.stringify(ledger))?.runs ?? [];
    expect([first, third]).toEqual([old, old]);
    expect(fourth).toEqual({
      ...old,
      from: recordOf({ api: { tag: "1" }, gone: { tag: "1" } }),
      to: recordOf({ api: { tag: "2" }, added: { tag: "1" } }),
      cause: {
        hook: { kind: "Job", name: "migrate" },
        pods: [{ pod: "api-1", reason: "CrashLoopBackOff" }],
        morePods: 0,
        events: [],
        missing: [],
      },
    });
    expect(fifth).toEqual(fourth);
  });

  it.each<[string, Partial<Run>]>([
    ["there was nothing", { from: null }],
    ["nobody knows", { from: undefined }],
    ["there is nothing left", { to: undefined }],
  ])("older ones keep everything where %s", (_, more) => {
    let ledger: Ledger | undefined;
    for (let count = 0; count < 6; count++) ledger = openRun(ledger, { ...RUN, ...more });
    const [first, , , , fifth] = ledger?.runs ?? [];
    expect([fifth?.from, fifth?.to]).toEqual([first?.from, first?.to]);
  });

  it("fifty runs of two hundred services have room", () => {
    let ledger: Ledger | undefined;
    for (let count = 0; count < 60; count++) {
      ledger = openRun(ledger, {
        ...RUN,
        from: largeRecord(`${count}`),
        to: largeRecord(`${count + 1}`),
      });
    }
    expect(ledger?.runs).toHaveLength(50);
  });

  it("a run that had not ended when the next began ended then, nobody knows how", () => {
    const ledger = openRun(openRun(undefined, RUN), { ...RUN, id: "r2", startedAt: AT });
    expect(ledger.runs).toEqual([
      { ...RUN, phase: "ended", endedAt: AT, outcome: { kind: "unknown" } },
    ]);
  });

  it("a run that has ended stays as it ended", () => {
    const ended = closeRun(RUN, { kind: "rolled-out" }, AT);
    expect(ended).toMatchObject({ phase: "ended", endedAt: AT, outcome: { kind: "rolled-out" } });
    expect(closeRun(ended, { kind: "unknown" }, "2027-01-01T00:00:00.000Z")).toBe(ended);
    expect(openRun(openRun(undefined, ended), { ...RUN, id: "r2" }).runs).toEqual([ended]);
  });

  it("an end that nobody saw gives way to one that somebody saw, and to no other", () => {
    const unseen = closeRun(RUN, { kind: "unknown" }, AT);
    const later = "2027-01-01T00:00:00.000Z";
    expect(closeRun(unseen, { kind: "unknown" }, later)).toBe(unseen);
    const seen = closeRun(unseen, { kind: "failed" }, later);
    expect(seen).toMatchObject({ endedAt: later, outcome: { kind: "failed" } });
  });

  it.each(["r1", "r2"])("run %s is found and changed where it stands", (id) => {
    const ledger = openRun(openRun(undefined, RUN), { ...RUN, id: "r2" });
    const changed = changeRun(ledger, id, (run) => ({ ...run, actor: "jane" }));
    expect(findRun(changed, id)?.actor).toBe("jane");
    expect(changed && [changed.run, ...changed.runs].filter((run) => run?.actor)).toHaveLength(1);
  });

  it.each([undefined, openRun(undefined, RUN)])(
    "a run that is not there is not changed",
    (ledger) => {
      expect(findRun(ledger, "r9")).toBeUndefined();
      expect(changeRun(ledger, "r9", (run) => run)).toBeUndefined();
    },
  );

  it.each<Before>([
    { kind: "record", record: recordOf({ api: { tag: "1" } }) },
    { kind: "nothing" },
    { kind: "unknown" },
    { kind: "unknown", environment: "staging" },
  ])("what ran before is kept: $kind", (before) => {
    const { from: _, ...rest } = RUN;
    const stored = decodeLedger(JSON.stringify(openRun(undefined, { ...rest, ...toFrom(before) })));
    expect(stored?.run && beforeOf(stored.run)).toEqual(before);
  });
});

/** Of two hundred services; `tag` is one's. */
function largeRecord(tag: string) {
  const services = Array.from({ length: 200 }, (_, index) => [
    `service-${index}`,
    {
      image: `registry.example.com/shop/service-${index}`,
      tag: index === 7 ? tag : "1.4.0",
      revision: "9".repeat(40),
      source: `https://github.com/acme/service-${index}`,
    },
  ]);
  return recordOf(Object.fromEntries(services));
}
