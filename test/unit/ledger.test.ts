import { describe, expect, it } from "vitest";
import {
  beforeOf,
  decodeLedger,
  type Ledger,
  openRun,
  type Run,
  runInProgress,
  toFrom,
} from "../../src/domain/ledger.ts";
import type { Before } from "../../src/domain/message.ts";
import { recordOf } from "../support/records.ts";

const TO = recordOf({ api: { tag: "2" }, web: { tag: "1" } });
const RUN: Run = {
  id: "r1",
  action: "upgrade",
  startedAt: "2026-11-21T10:00:00.000Z",
  revision: 7,
  from: recordOf({ api: { tag: "1" } }),
  to: TO,
  phase: "started",
};

describe("the ledger as a contract", () => {
  it("the first version is read for ever, unknown keys and all", () => {
    const text = `{"v":1,"later":true,"runs":[],"run":{"id":"r1","action":"upgrade","startedAt":"2026-11-21T10:00:00.000Z",
      "revision":7,"actor":"ci","from":null,"to":{"v":1,"environment":"production","chart":{"name":"shop","version":"1.2.0"},
      "services":{"api":{"tag":"2"}}},"phase":"started","message":{"channel":"C1","ts":"1.2"}}}`;
    expect(decodeLedger(text)?.run).toMatchObject({
      from: null,
      to: { services: { api: { tag: "2" } } },
      message: { channel: "C1", ts: "1.2" },
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
    for (let count = 0; count < 30; count++) many = openRun(many, RUN);
    expect(many?.runs.length).toBe(10);

    const huge = { ...RUN, to: recordOf({ api: { tag: "x".repeat(100_000) } }) };
    let large: Ledger | undefined;
    for (let count = 0; count < 5; count++) large = openRun(large, huge);
    expect(large?.runs.length).toBe(2);
  });

  const open = openRun(undefined, RUN);
  const hook = { action: "upgrade", revision: 7, to: TO } as const;
  const reordered = recordOf({ web: { tag: "1" }, api: { tag: "2" } });

  it.each<[string, Ledger | undefined, Parameters<typeof runInProgress>[1]]>([
    ["its own", open, hook],
    ["its own, services in another order", open, { ...hook, to: reordered }],
  ])("a hook ends %s run", (_, ledger, by) => expect(runInProgress(ledger, by)).toBe(open.run));

  it.each<[string, Ledger | undefined, Parameters<typeof runInProgress>[1]]>([
    ["where there is no ledger", undefined, hook],
    ["another action's", open, { ...hook, action: "rollback" }],
    ["another revision's", open, { ...hook, revision: 8 }],
    ["another record's", open, { ...hook, to: recordOf({ api: { tag: "3" } }) }],
    ["one that has ended", { ...open, run: { ...RUN, phase: "ended" } }, hook],
  ])("a hook ends no run %s", (_, ledger, by) => {
    expect(runInProgress(ledger, by)).toBeUndefined();
  });

  it.each<Before>([
    { kind: "record", record: recordOf({ api: { tag: "1" } }) },
    { kind: "nothing" },
    { kind: "unknown" },
  ])("what ran before is kept: $kind", (before) => {
    const { from: _, ...rest } = RUN;
    const stored = decodeLedger(JSON.stringify(openRun(undefined, { ...rest, ...toFrom(before) })));
    expect(beforeOf(stored?.run)).toEqual(before);
  });
});
