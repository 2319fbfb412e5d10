import { describe, expect, it } from "vitest";
import { heldTags } from "../../src/domain/held-tags.ts";
import type { Ledger, Run } from "../../src/domain/ledger.ts";

const record = (tag: string) => ({
  v: 1 as const,
  environment: "staging",
  chart: { name: "shop", version: "1.0.0" },
  services: { api: { tag }, web: { tag: "2.0.0" } },
});

describe("tags held back by the ledger", () => {
  type Row = readonly [Run["action"], from: string | null, to: string | null, outcome?: string];
  const ledger = (rows: readonly Row[]): Ledger => {
    const [run, ...runs] = rows
      .map(([action, from, to, kind = "applied"], index): Run => ({
        id: String(index),
        action,
        by: "plugin",
        startedAt: "2026-01-01T00:00:00Z",
        phase: "ended",
        from: from === null ? null : record(from),
        ...(to === null ? {} : { to: record(to) }),
        outcome: { kind } as Run["outcome"],
      }))
      .toReversed();
    return { v: 1, ...(run && { run }), runs };
  };

  it.each<[string, oldestFirst: Row[], expected: string[]]>([
    ["are none of an upgrade", [["upgrade", "1", "2"]], []],
    [
      "are those a rollback left",
      [
        ["upgrade", "1", "2"],
        ["rollback", "2", "1"],
      ],
      ["2"],
    ],
    [
      "are kept while others are deployed",
      [
        ["rollback", "2", "1"],
        ["upgrade", "1", "3"],
      ],
      ["2"],
    ],
    [
      "are free again when deployed well",
      [
        ["rollback", "2", "1"],
        ["upgrade", "1", "2"],
      ],
      [],
    ],
    [
      "stay held when they fail again",
      [
        ["rollback", "2", "1"],
        ["upgrade", "1", "2", "failed"],
      ],
      ["2"],
    ],
    ["are what Helm undid itself", [["upgrade", "1", "2", "rolled-back"]], ["2"]],
    ["are not what a rollback left alone", [["rollback", "2", "2"]], []],
    ["are not of a rollback that did nothing", [["rollback", "2", "1", "not-applied"]], []],
    ["are also of a rollback whose end nobody saw", [["rollback", "2", "1", "unknown"]], ["2"]],
    ["are none of an uninstall", [["uninstall", "2", null]], []],
    ["are none of a first install that was undone", [["install", null, "1", "rolled-back"]], []],
    [
      "are each that was left",
      [
        ["rollback", "3", "1"],
        ["upgrade", "1", "2"],
        ["rollback", "2", "1"],
      ],
      ["3", "2"],
    ],
  ])("%s", (_, rows, expected) => {
    expect(heldTags(ledger(rows), "api")).toEqual(expected);
    expect(heldTags(ledger(rows), "web")).toEqual([]);
  });

  it("are none without a ledger", () => expect(heldTags(undefined, "api")).toEqual([]));
});
