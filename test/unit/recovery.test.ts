import { describe, expect, it } from "vitest";
import { type Ledger, openRun, type Run } from "../../src/domain/ledger.ts";
import {
  findApplied,
  findPendingRun,
  HELM_TIMEOUT_MS,
  judge,
  mayHaveMade,
  recoverRun,
  type Signs,
  toPendingRevision,
} from "../../src/domain/recovery.ts";
import type { Holder } from "../../src/domain/turn.ts";
import { recordOf } from "../support/records.ts";

const BEGAN = "2026-11-21T10:00:00.000Z";
const PENDING = toPendingRevision(
  { revision: 5, status: "pending-upgrade" },
  new Date("2026-11-21T10:00:02.000Z"),
);
const RUN: Run = {
  id: "r1",
  action: "upgrade",
  by: "plugin",
  startedAt: BEGAN,
  from: recordOf({ api: { tag: "1" } }),
  to: recordOf({ api: { tag: "2" } }),
  phase: "started",
};
const HOLDER: Holder = { id: "t1", action: "upgrade", since: BEGAN, beats: 3 };
const ledgerOf = (...oldestFirst: Run[]): Ledger | undefined =>
  oldestFirst.reduce<Ledger | undefined>(openRun, undefined);
const ended = (outcome: Run["outcome"]): Run => ({ ...RUN, phase: "ended", outcome });
const signs = (given: Partial<Signs>): Signs => ({
  pending: PENDING,
  run: RUN,
  holder: undefined,
  pulse: undefined,
  runningHooks: [],
  now: new Date("2026-11-21T10:01:00.000Z"),
  timeoutMs: HELM_TIMEOUT_MS,
  ...given,
});

describe("whether a Helm may still be at it", () => {
  const LATE = { now: new Date("2026-11-21T10:05:03.000Z") };
  it.each<[string, Partial<Signs>, string]>([
    ["its plugin beats", { pulse: "alive" }, "alive: pulse"],
    ["its plugin beats, however old it is", { pulse: "alive", ...LATE }, "alive: pulse"],
    ["its plugin is silent", { pulse: "dead" }, "dead: silent"],
    [
      "its plugin is silent, and a hook still runs",
      { pulse: "dead", runningHooks: ["Job migrate"] },
      "alive: running hook",
    ],
    ["its plugin saw it end", { run: ended({ kind: "interrupted" }) }, "dead: ended"],
    [
      "its plugin saw it end, and the next one is at the release",
      { run: ended({ kind: "failed" }), pulse: "alive" },
      "alive: pulse",
    ],
    ["nobody saw it end", { run: ended({ kind: "unknown" }) }, "not known"],
    ["nobody saw it begin", { run: undefined }, "not known"],
    ["nobody saw it begin, but it is old", { run: undefined, ...LATE }, "dead: older than timeout"],
    ["nobody could be heard, however old it is", { pulse: "not known", ...LATE }, "not known"],
    ["it was given more time", { run: undefined, timeoutMs: 600_000, ...LATE }, "not known"],
    [
      "nobody knows when it began",
      { run: undefined, pending: { ...PENDING, startedAt: undefined }, ...LATE },
      "not known",
    ],
  ])("%s", (_, given, expected) => {
    const verdict = judge(signs(given));
    expect("sign" in verdict ? `${verdict.kind}: ${verdict.sign}` : verdict.kind).toBe(expected);
  });

  it.each([
    ["before it", BEGAN, true],
    ["after it: it found it pending", "2026-11-21T10:00:03.000Z", false],
    ["long before it", "2026-11-21T09:40:00.000Z", false],
  ])("who has the turn since %s", (_, since, expected) => {
    expect(mayHaveMade({ ...HOLDER, since }, PENDING)).toBe(expected);
  });
});

describe("which run left it pending", () => {
  const REFUSED: Run = {
    ...RUN,
    id: "refused",
    startedAt: "2026-11-21T10:00:03.000Z",
    phase: "ended",
    outcome: { kind: "not-applied" },
  };
  it.each<[string, Ledger | undefined, string | undefined]>([
    ["the last one", ledgerOf(RUN), "r1"],
    ["not the one that was refused because of it", ledgerOf(RUN, REFUSED), "r1"],
    [
      "the pod's, though the clocks differ",
      ledgerOf({ ...RUN, id: "pod", by: "hook", startedAt: "2026-11-21T10:00:30Z" }),
      "pod",
    ],
    ["none of another day", ledgerOf({ ...RUN, startedAt: "2026-11-20T10:00:00Z" }), undefined],
    ["none of another kind", ledgerOf({ ...RUN, action: "rollback" }), undefined],
    ["none of another revision", ledgerOf({ ...RUN, revision: 4 }), undefined],
    ["none", undefined, undefined],
  ])("%s", (_, ledger, id) => {
    expect(findPendingRun(ledger, PENDING)?.id).toBe(id);
  });

  it.each([
    ["pending-install", "install"],
    ["pending-upgrade", "upgrade"],
    ["pending-rollback", "rollback"],
  ])("%s is of an %s", (status, action) => {
    expect(toPendingRevision({ revision: 1, status }, undefined).action).toBe(action);
  });
});

describe("what runs", () => {
  const [OLD, NEW, OTHER] = ["1", "2", "3"].map((tag) => recordOf({ api: { tag } }));
  it.each([
    ["is the pending one", NEW, NEW, OLD, "pending"],
    ["is the deployed one", OLD, NEW, OLD, "deployed"],
    ["cannot be told where both are the same", OLD, OLD, OLD, undefined],
    ["is neither", OTHER, NEW, OLD, undefined],
    ["is not known", undefined, NEW, OLD, undefined],
    ["is the first install", NEW, NEW, undefined, "pending"],
  ])("%s", (_, running, pending, deployed, expected) => {
    expect(findApplied(running, pending, deployed)).toBe(expected);
  });
});

describe("a recovered run", () => {
  const RECOVERED = { at: "2026-11-21T11:00:00.000Z", by: "jane" };
  const PLACE = { channel: "C1", ts: "1.2" };

  it("that was open is ended as interrupted", () => {
    const tellings = { slack: { told: "start", place: PLACE } } as const;
    expect(recoverRun({ ...RUN, tellings }, 5, RECOVERED)).toEqual({
      ...RUN,
      phase: "ended",
      outcome: { kind: "interrupted" },
      endedAt: RECOVERED.at,
      revision: 5,
      recovered: RECOVERED,
      tellings,
    });
  });

  it("whose end nobody saw is called interrupted, and told once more", () => {
    const tellings = { slack: { told: "end", place: PLACE } } as const;
    const run = recoverRun({ ...ended({ kind: "unknown" }), tellings }, 5, RECOVERED);
    expect(run.outcome).toEqual({ kind: "interrupted" });
    expect(run.tellings).toEqual({ slack: { told: "start", place: PLACE } });
  });

  it("that was seen to end stays as it ended", () => {
    const failed = { ...ended({ kind: "failed" }), endedAt: BEGAN };
    expect(recoverRun(failed, 5, RECOVERED)).toEqual({
      ...failed,
      revision: 5,
      recovered: RECOVERED,
    });
  });
});
