import { describe, expect, it } from "vitest";
import { LEDGER_KEY, type Ledger, ledgerName, type Run } from "../../src/domain/ledger.ts";
import type { Outcome } from "../../src/domain/run.ts";
import { type Turn, TURN_KEY, turnName } from "../../src/domain/turn.ts";
import { type LogOptions, showLog } from "../../src/flow/log.ts";
import { commit, recordOf } from "../support/records.ts";

const A = `sha256:${"a".repeat(64)}`;
const BEFORE = recordOf({ api: { tag: "1.3.2", revision: commit("a") }, web: { tag: "2.8.0" } });
const AFTER = recordOf({ api: { tag: "1.4.0", revision: commit("b") }, web: { tag: "2.8.0" } });

const runOf = (more: Partial<Run> = {}): Run => ({
  id: "run-1",
  action: "upgrade",
  by: "plugin",
  startedAt: "2026-11-21T12:00:00Z",
  endedAt: "2026-11-21T12:02:10Z",
  actor: "jane",
  url: "https://ci.example.com/42",
  revision: 42,
  from: BEFORE,
  to: AFTER,
  phase: "ended",
  outcome: { kind: "rolled-out" },
  ...more,
});

async function log(
  ledger: Ledger | string | undefined,
  options: Partial<LogOptions> = {},
  turn?: Turn,
) {
  const text = typeof ledger === "string" ? ledger : ledger && JSON.stringify(ledger);
  return showLog(
    "shop",
    { output: "table", limit: undefined, ...options },
    {
      namespace: "prod",
      readConfigMap: (name) => {
        const stored = { resourceVersion: "1", uid: "u", createdAt: "" };
        const data = { [TURN_KEY]: JSON.stringify(turn) };
        if (name === turnName("shop")) return Promise.resolve(turn && { ...stored, data });
        if (name !== ledgerName("shop")) throw new Error(`nobody was to read ${name}`);
        return Promise.resolve(
          text === undefined ? undefined : { ...stored, data: { [LEDGER_KEY]: text } },
        );
      },
    },
    AbortSignal.timeout(5000),
    new Date("2026-11-21T13:00:00Z"),
  );
}

const ledgerOf = (...[run, ...runs]: Run[]): Ledger => ({ v: 1, ...(run && { run }), runs });
const lines = async (...runs: Run[]) => (await log(ledgerOf(...runs))).trimEnd().split("\n");
/** The column of that name in the first run. */
const column = async (name: string, run: Run) => {
  const [header = "", line = ""] = await lines(run);
  const start = header.indexOf(name);
  const width = /^.*?\s{2,}(?=\S)/.exec(header.slice(start))?.[0].length;
  return line.slice(start, width === undefined ? undefined : start + width).trim();
};

describe("the log of a release", () => {
  it("says who has locked it, until that has expired", async () => {
    const lock = { actor: "jane", reason: "database migration", since: "2026-11-21T12:00:00Z" };
    const until = "2026-11-21T14:00:00Z";
    const [first] = (await log(ledgerOf(runOf()), {}, { v: 1, lock: { ...lock, until } })).split(
      "\n",
    );
    expect(first).toBe(
      "shop is locked by jane since 2026-11-21 12:00:00 UTC until 2026-11-21 14:00:00 UTC: database migration",
    );
    const json = await log(undefined, { output: "json" }, { v: 1, lock });
    expect(JSON.parse(json)).toMatchObject({ lock, runs: [] });
    const expired = { ...lock, until: "2026-11-21T13:00:00Z" };
    expect(await log(undefined, {}, { v: 1, lock: expired })).not.toContain("locked");
  });

  it("has a line a run, the newest first", async () => {
    const earlier = runOf({
      id: "run-0",
      startedAt: "2026-11-20T08:00:00Z",
      action: "install",
      revision: 41,
      from: null,
      to: BEFORE,
      outcome: { kind: "applied" },
    });
    const { actor: _, url: __, endedAt: ___, ...bare } = earlier;
    expect(await lines(runOf(), bare)).toEqual([
      "STARTED                  ACTION   REV  WHO             WHAT               ENDED       TOOK   LINK",
      "2026-11-21 12:00:00 UTC  upgrade  42   jane (claimed)  api 1.3.2 → 1.4.0  rolled out  2m10s  https://ci.example.com/42",
      "2026-11-20 08:00:00 UTC  install  41   -               api 1.3.2          applied     -      -",
      "                                                       web 2.8.0",
    ]);
  });

  it("has no column of links where there are none", async () => {
    const { url: _, ...run } = runOf();
    expect((await lines(run))[0]).toMatch(/TOOK$/);
  });

  it.each<[string, Partial<Run>, string]>([
    ["a downgrade", { from: AFTER, to: BEFORE }, "api 1.4.0 → 1.3.2 (downgrade)"],
    ["a service that is new", { from: recordOf({ web: { tag: "2.8.0" } }) }, "api 1.4.0 (new)"],
    ["a service that is gone", { to: recordOf({ web: { tag: "2.8.0" } }) }, "api 1.3.2 (removed)"],
    [
      "another revision of the tag",
      {
        from: recordOf({ api: { tag: "main", revision: commit("a") } }),
        to: recordOf({ api: { tag: "main", revision: commit("b") } }),
      },
      "api main (another revision)",
    ],
    [
      "another image of the tag",
      {
        from: recordOf({ api: { image: "a", tag: "1" } }),
        to: recordOf({ api: { image: "b", tag: "1" } }),
      },
      "api 1 (another image)",
    ],
    [
      "another digest",
      { from: recordOf({ api: { tag: "1" } }), to: recordOf({ api: { tag: "1", digest: A } }) },
      "api 1 (another digest)",
    ],
    [
      "another tag of the same image",
      {
        from: recordOf({ api: { tag: "1.7.0", digest: A } }),
        to: recordOf({ api: { tag: "1.6.0", digest: A } }),
      },
      "api 1.7.0 → 1.6.0 (same digest)",
    ],
    [
      "another tag of the same revision",
      {
        from: recordOf({ api: { tag: "1", revision: commit("a") } }),
        to: recordOf({ api: { tag: "2", revision: commit("a") } }),
      },
      "api 1 → 2 (same revision)",
    ],
    [
      "another name",
      {
        from: recordOf({ api: { image: "a", tag: "1" } }),
        to: recordOf({ rest: { image: "a", tag: "1" } }),
      },
      "rest 1 (was api)",
    ],
    ["nothing", { to: BEFORE }, "no service changed"],
  ])("tells of %s", async (_, more, text) => {
    expect(await column("WHAT", runOf(more))).toBe(text);
  });

  it("never calls new what came from nobody knows where", async () => {
    const { from: _, ...run } = runOf();
    expect(await column("WHAT", run)).toBe("api ? → 1.4.0");
  });

  it("tells what an uninstall took away", async () => {
    const { to: _, ...run } = runOf({ action: "uninstall", outcome: { kind: "applied" } });
    expect(await lines(run)).toEqual([
      expect.anything(),
      expect.stringMatching(
        /uninstall {2}42 {3}jane \(claimed\) .* api 1\.3\.2 \(removed\) {2}uninstalled/,
      ),
      expect.stringMatching(/^ +web 2\.8\.0 \(removed\)$/),
    ]);
  });

  it.each<[Outcome, string]>([
    [{ kind: "applied" }, "applied"],
    [{ kind: "rolled-out" }, "rolled out"],
    [{ kind: "not-applied" }, "failed, nothing applied"],
    [{ kind: "failed" }, "failed"],
    [{ kind: "rolled-back", toRevision: 41 }, "failed, back to revision 41"],
    [{ kind: "rolled-back" }, "failed, undone"],
    [{ kind: "interrupted" }, "interrupted"],
    [{ kind: "unknown" }, "not known"],
  ])("tells how it ended: %j", async (outcome, text) => {
    expect(await column("ENDED", runOf({ outcome }))).toBe(text);
  });

  it.each([
    [{ at: "2026-11-21T13:00:00Z", by: "jane" }, "interrupted, recovered by jane"],
    [{ at: "2026-11-21T13:00:00Z" }, "interrupted, recovered"],
  ])("tells of a run that was recovered", async (recovered, text) => {
    const run = runOf({ outcome: { kind: "interrupted" }, recovered });
    expect(await column("ENDED", run)).toBe(text);
    const json: unknown = JSON.parse(await log(ledgerOf(run), { output: "json" }));
    expect(json).toMatchObject({ runs: [{ recovered }] });
  });

  it("does not say how long a run took that nobody saw end", async () => {
    expect(await column("TOOK", runOf({ outcome: { kind: "unknown" } }))).toBe("-");
  });

  it("tells of a run that has not ended", async () => {
    const { endedAt: _, outcome: __, ...run } = runOf({ phase: "started" });
    expect(await column("ENDED", run)).toBe("in progress");
    expect(await column("TOOK", run)).toBe("-");
  });

  const none = { pods: [], morePods: 0, events: [], missing: [] };
  it.each([
    [
      "a hook",
      {
        ...none,
        description: "x",
        hook: { kind: "Job", name: "migrate", reason: "BackoffLimitExceeded", log: [] },
      },
      "Job migrate BackoffLimitExceeded",
    ],
    [
      "a pod",
      { ...none, description: "x", pods: [{ pod: "api-1", reason: "ImagePullBackOff" }] },
      "pod api-1 ImagePullBackOff",
    ],
    ["Helm's own words", { ...none, description: "timed out" }, "timed out"],
  ])("tells why it failed: %s", async (_, cause, text) => {
    expect(await column("ENDED", runOf({ outcome: { kind: "failed" }, cause }))).toBe(
      `failed: ${text}`,
    );
  });

  it("says so where nothing is recorded", async () => {
    expect(await log(undefined)).toBe("no run of shop in prod is recorded\n");
    expect(JSON.parse(await log(undefined, { output: "json" }))).toEqual({
      v: 1,
      release: "shop",
      namespace: "prod",
      lock: null,
      runs: [],
    });
  });

  it("refuses a ledger that it cannot read", async () => {
    await expect(log('{"v":2}')).rejects.toMatchObject({ code: "LEDGER_UNREADABLE" });
  });

  it("ends after as many runs as asked for", async () => {
    const ledger = ledgerOf(runOf(), runOf({ id: "run-0" }));
    expect(JSON.parse(await log(ledger, { output: "json", limit: 1 })).runs).toMatchObject([
      { id: "run-1" },
    ]);
  });

  const DEPLOYER = "system:serviceaccount:ci:deployer";
  it.each<[Partial<Run>, string]>([
    [{}, "jane (claimed)"],
    [{ account: DEPLOYER }, `jane (claimed), ${DEPLOYER} (verified)`],
    [{ account: DEPLOYER, actor: undefined }, `${DEPLOYER} (verified)`],
    [{ actor: undefined }, "-"],
  ])("tells who it was by what is known of them: %j", async (more, text) => {
    expect(await column("WHO", runOf(more))).toBe(text);
  });

  it("has the account that the cluster knows for scripts too", async () => {
    const ledger = ledgerOf(runOf({ account: DEPLOYER }));
    const { runs } = JSON.parse(await log(ledger, { output: "json" }));
    expect(runs[0].account).toEqual({ name: DEPLOYER, isVerified: true });
    const [header, row] = (await log(ledger, { output: "csv" })).split("\r\n");
    expect([header?.split(",").at(-1), row?.split(",").at(-1)]).toEqual([
      "verified_account",
      DEPLOYER,
    ]);
  });

  it("never claims to know who it was", async () => {
    const { runs } = JSON.parse(await log(ledgerOf(runOf()), { output: "json" }));
    expect(runs).toMatchObject([
      {
        actor: { name: "jane", isVerified: false },
        account: null,
        seconds: 130,
        before: "record",
        outcome: { kind: "rolled-out" },
        changes: [
          { service: "api", kind: "changed", from: { tag: "1.3.2" }, to: { tag: "1.4.0" } },
        ],
      },
    ]);
  });

  it("is CSV that no spreadsheet takes for formulas, a row a changed service", async () => {
    const text = await log(
      ledgerOf(
        runOf({ actor: "=cmd()", to: recordOf({ api: { tag: "1.4.0" }, web: { tag: "3" } }) }),
      ),
      { output: "csv" },
    );
    const [header, ...rows] = text.trimEnd().split("\r\n");
    expect(header).toMatch(/^id,started_at,.*,claimed_actor,.*,service,change,from_tag,to_tag,/);
    expect(rows).toEqual([
      `run-1,2026-11-21T12:00:00Z,2026-11-21T12:02:10Z,130,shop,prod,production,upgrade,42,'=cmd(),https://ci.example.com/42,rolled-out,,record,api,changed,1.3.2,1.4.0,${commit("a")},,,,`,
      "run-1,2026-11-21T12:00:00Z,2026-11-21T12:02:10Z,130,shop,prod,production,upgrade,42,'=cmd(),https://ci.example.com/42,rolled-out,,record,web,changed,2.8.0,3,,,,,",
    ]);
  });

  it("keeps a run that changed nothing in the CSV", async () => {
    const text = await log(ledgerOf(runOf({ to: BEFORE })), { output: "csv" });
    expect(text.trimEnd().split("\r\n")).toHaveLength(2);
  });
});
