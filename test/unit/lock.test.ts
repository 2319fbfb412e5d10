import { describe, expect, it } from "vitest";
import { parseUntil } from "../../src/cli/lock-command.ts";
import type { Lock, Person } from "../../src/domain/turn.ts";
import { lockRelease, unlockRelease } from "../../src/flow/lock.ts";
import { toLockMessage } from "../../src/render/lock-message.ts";
import { MemoryTurns } from "../support/memory-turns.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const JANE = { actor: "jane", host: "laptop-7" };
const BOB = { actor: "bob", host: "laptop-8" };
const REQUEST = { release: "shop", reason: "database migration", until: undefined };
const LOCK: Lock = { ...JANE, reason: "database migration", since: "2026-11-21T12:00:00.000Z" };
const HOLDER = {
  id: "a",
  actor: "ci-bot",
  url: "https://ci/1",
  action: "upgrade",
  since: "2026-11-21T11:59:00Z",
  beats: 0,
};

function open(person: Person = JANE, turns = new MemoryTurns()) {
  const told: string[] = [];
  const printed: string[] = [];
  const said: string[] = [];
  const ports = {
    store: turns.store,
    namespace: "prod",
    person,
    tell: async ({ kind, lock }: { kind: string; lock: Lock }) => {
      told.push(`${kind} by ${person.actor}: ${lock.reason}`);
    },
    signal: AbortSignal.timeout(1000),
    now: NOW,
    print: (line: string) => printed.push(line),
    say: (line: string) => said.push(line),
  };
  return { turns, told, printed, said, ports };
}

describe("lock", () => {
  it("says who, why and until when, and is told", async () => {
    const { turns, told, printed, ports } = open();
    const until = new Date("2026-11-21T14:00:00Z");
    await lockRelease({ ...REQUEST, until }, ports);
    expect(turns.turn).toEqual({ v: 1, lock: { ...LOCK, until: "2026-11-21T14:00:00.000Z" } });
    expect(printed).toEqual(["locked shop in prod until 2026-11-21 14:00:00 UTC"]);
    expect(told).toEqual(["locked by jane: database migration"]);
  });

  it("leaves a run that has begun to its end, and names it", async () => {
    const { turns, said, ports } = open();
    turns.turn = { v: 1, holder: HOLDER };
    await lockRelease(REQUEST, ports);
    expect(turns.turn).toEqual({ v: 1, holder: HOLDER, lock: LOCK });
    expect(said).toEqual([
      "already under way, and not stopped: ci-bot (upgrade since 2026-11-21 11:59:00 UTC, https://ci/1)",
    ]);
  });

  it("of one's own is replaced, another's is refused, an expired one is nobody's", async () => {
    const { turns, ports } = open();
    turns.turn = { v: 1, lock: { ...LOCK, reason: "earlier" } };
    await lockRelease(REQUEST, ports);
    expect(turns.turn).toEqual({ v: 1, lock: LOCK });

    const bob = open(BOB, turns);
    await expect(lockRelease(REQUEST, bob.ports)).rejects.toMatchObject({
      code: "LOCKED",
      message: expect.stringContaining("jane on laptop-7"),
    });
    expect(bob.told).toEqual([]);

    turns.turn = { v: 1, lock: { ...LOCK, until: "2026-11-21T11:00:00Z" } };
    await lockRelease(REQUEST, bob.ports);
    expect(turns.turn?.lock).toMatchObject(BOB);
  });
});

describe("unlock", () => {
  it("takes one's own lock away, and is told", async () => {
    const { turns, told, printed, ports } = open();
    turns.turn = { v: 1, lock: LOCK };
    await unlockRelease({ release: "shop", isForced: false }, ports);
    expect(turns.isThere).toBe(false);
    expect(printed).toEqual(["unlocked shop in prod"]);
    expect(told).toEqual(["unlocked by jane: database migration"]);
  });

  it("of another's lock is refused, unless it is forced", async () => {
    const { turns, told, ports } = open(BOB);
    turns.turn = { v: 1, lock: LOCK };
    await expect(unlockRelease({ release: "shop", isForced: false }, ports)).rejects.toMatchObject({
      code: "LOCKED",
      hint: expect.stringContaining("--force"),
    });
    await unlockRelease({ release: "shop", isForced: true }, ports);
    expect(turns.isThere).toBe(false);
    expect(told).toEqual(["unlocked by bob: database migration"]);
  });

  it("leaves the turn of a run alone", async () => {
    const { turns, ports } = open();
    turns.turn = { v: 1, holder: HOLDER, lock: LOCK };
    await unlockRelease({ release: "shop", isForced: false }, ports);
    expect(turns.turn).toEqual({ v: 1, holder: HOLDER });
  });

  it.each([undefined, { v: 1 as const, lock: { ...LOCK, until: "2026-11-21T11:00:00Z" } }])(
    "of what is not locked is fine: %j",
    async (turn) => {
      const { turns, told, printed, ports } = open(BOB);
      turns.turn = turn;
      await unlockRelease({ release: "shop", isForced: false }, ports);
      expect(printed).toEqual(["shop in prod is not locked"]);
      expect(told).toEqual([]);
      expect(turns.isThere).toBe(false);
    },
  );
});

describe("until", () => {
  it.each([
    ["2h", "2026-11-21T14:00:00.000Z"],
    ["1h30m", "2026-11-21T13:30:00.000Z"],
    ["2026-11-23T08:00Z", "2026-11-23T08:00:00.000Z"],
    ["2026-11-23T08:00:00+02:00", "2026-11-23T06:00:00.000Z"],
  ])("%s", (text, expected) => expect(parseUntil(text, NOW).toISOString()).toBe(expected));

  it.each(["2027-01-04", "2027-01-04T08:00:00"])("%s lacks a time or its zone", (text) =>
    expect(() => parseUntil(text, NOW)).toThrow("no whole time with its time zone"),
  );

  it.each(["soon", "2026-11-21", "2026-11-21T11:00:00Z", "2026-99-99T11:00:00Z", "-2h", "0s", ""])(
    "%j is refused",
    (text) => expect(() => parseUntil(text, NOW)).toThrow("--until"),
  );
});

const textOf = (kind: "locked" | "unlocked", person: Person, lock: Partial<Lock> = {}) =>
  toLockMessage({
    kind,
    release: "shop",
    namespace: "prod",
    environment: "production",
    lock: { ...LOCK, ...lock },
    person,
  }).text;

describe("the message", () => {
  it("says what was locked, until when and why", () =>
    expect(textOf("locked", JANE, { until: "2026-11-21T14:00:00Z" })).toBe(
      "🔒 Locked: shop in production until 2026-11-21 14:00 UTC: database migration",
    ));

  it("says whose lock it was, where that is another's", () => {
    expect(textOf("unlocked", JANE)).toBe("🔓 Unlocked: shop in production: database migration");
    expect(textOf("unlocked", BOB)).toBe(
      "🔓 Unlocked: shop in production, which jane had locked: database migration",
    );
  });

  it("holds for any input", () => {
    const long = "<!channel>&".repeat(1000);
    const { blocks } = toLockMessage({
      kind: "unlocked",
      release: long,
      namespace: long,
      environment: long,
      lock: { actor: long, reason: long, since: "" },
      person: { actor: `x${long}`, url: `https://ci/${long}` },
    });
    for (const block of blocks) {
      const [part] = block.type === "section" ? [block.text] : block.elements;
      expect(part?.text.length).toBeLessThanOrEqual(3000);
      expect(part?.text).not.toContain("<!channel>");
    }
  });
});
