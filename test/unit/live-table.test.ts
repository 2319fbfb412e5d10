import { describe, expect, it } from "vitest";
import type { Ledger, Run } from "../../src/domain/ledger.ts";
import {
  type Distance,
  distanceBy,
  distanceOf,
  type EnvironmentState,
  sinceOf,
  toLiveTable,
} from "../../src/domain/live-table.ts";
import type { ReleaseRecord, ServiceRecord } from "../../src/domain/record.ts";
import type { Shipped } from "../../src/domain/shipped.ts";
import { toLiveMessage } from "../../src/render/live-message.ts";
import { toLiveCsv, toLiveJson, toLiveLines } from "../../src/render/live-table.ts";
import { checkBlocks } from "../support/slack/limits.ts";
import { commit, recordOf } from "../support/records.ts";

const NOW = new Date("2026-11-21T12:00:00Z");

function runOf(
  hour: number,
  from: ReleaseRecord | null | undefined,
  to: string,
  more: Partial<Run> = {},
): Run {
  const at = `2026-11-21T${String(hour).padStart(2, "0")}:00:00Z`;
  return {
    id: at,
    action: "upgrade",
    by: "plugin",
    startedAt: at,
    endedAt: at,
    phase: "ended",
    outcome: { kind: "applied" },
    ...(from === undefined ? {} : { from }),
    to: api(to),
    ...more,
  };
}

const api = (tag: string) => recordOf({ api: { tag } });
/** Newest first. */
const ledgerOf = (...[run, ...runs]: Run[]): Ledger => ({ v: 1, ...(run && { run }), runs });

describe("since when a tag runs", () => {
  it.each<[string, Run[], string | undefined, boolean?]>([
    ["the run that brought it", [runOf(9, api("1"), "2")], "09:00", false],
    [
      "the first of several that had it",
      [runOf(9, api("2"), "2"), runOf(8, api("1"), "2")],
      "08:00",
      false,
    ],
    ["the first install", [runOf(9, null, "2")], "09:00", false],
    [
      "the oldest run that is known, at least",
      [runOf(9, api("2"), "2"), runOf(8, api("2"), "2")],
      "08:00",
      true,
    ],
    [
      "a run of which nobody knows what was before, at least",
      [runOf(9, undefined, "2"), runOf(8, api("1"), "2")],
      "09:00",
      true,
    ],
    [
      "not the run that was rolled back",
      [runOf(9, api("2"), "3", { outcome: { kind: "rolled-back" } }), runOf(8, api("1"), "2")],
      "08:00",
      false,
    ],
    [
      "not the run that failed before it applied anything",
      [runOf(9, api("2"), "3", { outcome: { kind: "not-applied" } }), runOf(8, api("1"), "2")],
      "08:00",
      false,
    ],
    [
      "the last time it came",
      [runOf(9, api("3"), "2"), runOf(8, api("2"), "3"), runOf(7, api("1"), "2")],
      "09:00",
      false,
    ],
    [
      "the run that brought it, before older ones that name only what they changed",
      [
        runOf(9, api("2"), "2"),
        runOf(8, recordOf({ web: { tag: "1" } }), "2", { to: recordOf({ web: { tag: "2" } }) }),
        runOf(7, api("1"), "2"),
      ],
      "07:00",
      false,
    ],
    [
      "not a run before it was there",
      [runOf(9, recordOf({ web: { tag: "1" } }), "3", { to: recordOf({ web: { tag: "2" } }) })],
      undefined,
    ],
    ["nobody knows, where the last run brought another one", [runOf(9, api("1"), "3")], undefined],
    ["nobody knows without a ledger", [], undefined],
  ])("is told by %s", (_, runs, at, isAtLeast) => {
    const expected = at && { at: new Date(`2026-11-21T${at}:00Z`), isAtLeast };
    expect(sinceOf(ledgerOf(...runs), "api", { tag: "2" })).toEqual(expected);
  });

  it("is the start of a run that goes on", () => {
    const { endedAt: _, ...run } = runOf(9, api("1"), "2", { phase: "started" });
    expect(sinceOf(ledgerOf(run), "api", { tag: "2" })?.at).toEqual(new Date(run.startedAt));
  });
});

const of = (tag: string, revision?: string): ServiceRecord => ({
  tag,
  ...(revision && { revision }),
});

describe("how a service stands to where it is promoted from", () => {
  it.each<[string, ServiceRecord, ServiceRecord, Distance["kind"]]>([
    ["a newer version there", of("1.5.0"), of("1.4.0"), "behind"],
    ["an older version there", of("1.3.0"), of("1.4.0"), "ahead"],
    ["the same tag", of("main"), of("main"), "same"],
    [
      "the same tag, a revision shortened",
      of("1", commit("a")),
      of("1", commit("a").slice(0, 7)),
      "same",
    ],
    ["the same tag of another revision", of("main", commit("a")), of("main", commit("b")), "other"],
    ["tags without an order", of("9f8e7d6"), of("1a2b3c4"), "other"],
  ])("%s", (_, source, own, kind) => {
    expect(distanceOf(source, own)).toEqual({ kind });
  });

  it.each<[Shipped["direction"], Distance]>([
    ["ahead", { kind: "behind", commits: 3 }],
    ["behind", { kind: "ahead", commits: 2 }],
    ["diverged", { kind: "diverged", behind: 3, ahead: 2 }],
    ["identical", { kind: "same" }],
  ])("the Git host says it in commits: %s", (direction, distance) => {
    expect(distanceBy({ direction, commits: [], aheadBy: 3, behindBy: 2 })).toEqual(distance);
  });
});

const read = <T>(value: T) => ({ kind: "read", value }) as const;
const unreadable = (reason: string) => ({ kind: "unreadable", reason }) as const;

function stateOf(
  name: string,
  services: Record<string, ServiceRecord>,
  more: Partial<EnvironmentState> = {},
): EnvironmentState {
  return {
    name,
    release: "shop",
    promoteFrom: undefined,
    declared: read({}),
    recorded: read(services),
    ledger: read(undefined),
    pods: read([]),
    ...more,
  };
}

const STAGING = stateOf(
  "staging",
  { api: { tag: "1.5.0", revision: commit("a") }, web: { tag: "2.8.0" } },
  { ledger: read(ledgerOf(runOf(9, api("1.4.0"), "1.5.0"))) },
);
const PRODUCTION = stateOf(
  "production",
  { api: { tag: "1.4.0" }, web: { image: "acme/web", tag: "2.8.0" } },
  {
    promoteFrom: "staging",
    declared: read({ api: { tag: "1.5.0" } }),
    pods: read([{ reference: "acme/web:2.7.9", imageId: "", isRunning: true, instance: "shop" }]),
    ledger: read(ledgerOf(runOf(9, undefined, "1.4.0", { outcome: { kind: "failed" } }))),
  },
);
const DISTANCES = new Map([
  ["production", new Map([["api", { kind: "behind", commits: 14 } as const]])],
]);
const SERVICES = ["api", "web", "search"];
const TABLE = toLiveTable(SERVICES, [STAGING, PRODUCTION], DISTANCES);

describe("the table of what runs where", () => {
  it("has a column an environment, and names drift and failures below", () => {
    expect(toLiveLines(TABLE, NOW)).toEqual([
      "SERVICE  STAGING              PRODUCTION",
      "api      1.5.0 (aaaaaaa), 3h  !1.4.0, ≥3h, 14 behind",
      "web      2.8.0                !2.8.0",
      "search   -                    -",
      "production: the last upgrade failed, and what it applied is still there",
      "drift: api in production: 1.5.0 is declared, 1.4.0 is deployed",
      "drift: web in production: pods run 2.7.9",
    ]);
  });

  it("says which environment cannot be read, once, and shows the others", () => {
    const down = unreadable("the Kubernetes API does not answer");
    const table = toLiveTable(
      ["api"],
      [STAGING, { ...PRODUCTION, recorded: down, ledger: down, pods: down }],
      new Map(),
    );
    expect(toLiveLines(table, NOW)).toEqual([
      "SERVICE  STAGING              PRODUCTION",
      "api      1.5.0 (aaaaaaa), 3h  not readable",
      "cannot read production: the Kubernetes API does not answer",
    ]);
  });

  it("says what else cannot be read", () => {
    const table = toLiveTable(
      ["api"],
      [{ ...STAGING, pods: unreadable("pods is forbidden") }],
      new Map(),
    );
    expect(toLiveLines(table, NOW).at(-1)).toBe("cannot read staging: pods is forbidden");
  });

  it.each<[string, Partial<ServiceRecord>, Partial<ServiceRecord>, string]>([
    [
      "revision",
      { revision: commit("a") },
      { revision: commit("b") },
      "1 (aaaaaaa) is declared, 1 (bbbbbbb) is deployed",
    ],
    [
      "digest",
      { digest: `sha256:${"1".repeat(64)}` },
      { digest: `sha256:${"2".repeat(64)}` },
      "1 (sha256:111111111111) is declared, 1 (sha256:222222222222) is deployed",
    ],
  ])("tells two of the same tag by their %s", (_, declared, recorded, text) => {
    const state = stateOf(
      "staging",
      { api: { tag: "1", ...recorded } },
      { declared: read({ api: { tag: "1", ...declared } }) },
    );
    expect(toLiveLines(toLiveTable(["api"], [state], new Map()), NOW).at(-1)).toBe(
      `drift: api in staging: ${text}`,
    );
  });

  it("cannot be made to obey a terminal's escape sequences", () => {
    const table = toLiveTable(
      ["api"],
      [stateOf("staging", { api: { tag: "1\u001B[2J\u202E" } })],
      new Map(),
    );
    expect(toLiveLines(table, NOW)[1]).toBe("api      1 [2J");
  });

  it("is CSV with a row a service and environment", () => {
    const rows = toLiveCsv(TABLE).split("\r\n");
    expect(rows).toHaveLength(1 + 6 + 1);
    expect(rows[1]).toBe(
      `api,staging,true,1.5.0,${commit("a")},,2026-11-21T09:00:00.000Z,false,,,,,,,`,
    );
    expect(rows[4]).toBe(
      'api,production,true,1.4.0,,,2026-11-21T09:00:00.000Z,true,staging,behind,14,0,1.5.0,,"1.5.0 is declared, 1.4.0 is deployed"',
    );
    expect(rows[5]).toContain(",2.7.9,pods run 2.7.9");
  });

  it("is JSON for scripts", () => {
    expect(toLiveJson(TABLE)).toMatchObject({
      v: 1,
      environments: [
        { name: "staging", readable: true, lastRun: { outcome: "applied" } },
        {
          name: "production",
          promoteFrom: "staging",
          services: [
            {
              name: "api",
              declared: { tag: "1.5.0" },
              recorded: { tag: "1.4.0", revision: null },
              distance: { kind: "behind", behind: 14, ahead: 0 },
              drift: [{ kind: "undeployed" }],
            },
            {
              name: "web",
              running: [{ tag: "2.7.9", running: true }],
              drift: [{ kind: "runs-other" }],
            },
            { name: "search", recorded: null, drift: [] },
          ],
        },
      ],
    });
  });
});

describe("the message of what runs where", () => {
  it("has the table as code, and the drift below", () => {
    const { text, blocks } = toLiveMessage(TABLE, NOW);
    expect(text).toBe("What runs where: 2 with drift");
    expect(blocks).toHaveLength(3);
    expect(JSON.stringify(blocks[1])).toContain(
      "api      1.5.0 (aaaaaaa), 3h  !1.4.0, ≥3h, 14 behind",
    );
    expect(JSON.stringify(blocks[2])).toContain("drift: web in production: pods run 2.7.9");
  });

  it.each<[string, number, string]>([
    ["many services", 800, "x"],
    ["long names of signs that are escaped", 40, "&<>`".repeat(500)],
    ["a call to the channel", 3, "<!channel>"],
  ])("keeps Slack's limits, and calls nobody: %s", (_, count, name) => {
    const names = Array.from({ length: count }, (__, index) => `${name}${index}`);
    const services = Object.fromEntries(names.map((one) => [one, { tag: name }]));
    const drifting = {
      declared: read(Object.fromEntries(names.map((one) => [one, { tag: "2" }]))),
    };
    const states = Array.from({ length: 8 }, (__, index) =>
      stateOf(`${name}${index}`, services, drifting),
    );
    const message = toLiveMessage(toLiveTable(names, states, new Map()), NOW);
    expect(checkBlocks(message.blocks)).toEqual({ kind: "accepted" });
    expect(JSON.stringify(message)).not.toContain("<!channel>");
    expect(JSON.stringify(message).match(/`/g)?.length ?? 0).toBeLessThanOrEqual(
      6 * message.blocks.length,
    );
  });

  it("counts what does not fit, drift last of all", () => {
    const names = Array.from({ length: 800 }, (_, index) => `service-${index}`);
    const states = [
      stateOf("staging", Object.fromEntries(names.map((name) => [name, { tag: "1" }]))),
    ];
    const said = JSON.stringify(toLiveMessage(toLiveTable(names, states, new Map()), NOW));
    expect(said).toMatch(/\+\d+ more/);
  });
});
