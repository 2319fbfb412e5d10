import { expect, describe, it } from "vitest";
import { decodeTurn, type Holder, type Lock } from "../../src/domain/turn.ts";
import { takeTurn, type TurnRequest } from "../../src/flow/turn.ts";
import { MemoryTurns } from "../support/memory-turns.ts";

const OURS: Holder = {
  id: "ours",
  actor: "jane",
  host: "laptop-7",
  pid: 7,
  action: "upgrade",
  since: "2026-11-21T12:00:00Z",
  beats: 0,
};
const THEIRS: Holder = {
  ...OURS,
  id: "theirs",
  actor: "ci-bot",
  url: "https://ci/1",
};
const LOCK: Lock = {
  actor: "jane",
  host: "laptop-7",
  reason: "database migration",
  since: "2026-11-21T11:00:00Z",
};
const REQUEST: TurnRequest = {
  release: "shop",
  holder: OURS,
  person: { actor: "jane", host: "laptop-7" },
  within: undefined,
  waitMs: 300_000,
  after: "refuse",
  overrideReason: undefined,
};
const BOB = { person: { actor: "bob", host: "laptop-8" } };

describe("where nobody else is there", () => {
  it("the turn is one request to take, and one to give back", async () => {
    const turns = new MemoryTurns();
    const turn = takeTurn(REQUEST, turns.ports);
    await turn.taken();
    expect(turns.turn).toEqual({ v: 1, holder: OURS });
    await turn.end();
    expect(turns.isThere).toBe(false);
    expect(turns.requests).toEqual(["create", "remove"]);
    expect(turns.lines).toEqual([]);
  });

  it("beats while it is held, and not after", async () => {
    const turns = new MemoryTurns();
    const turn = takeTurn(REQUEST, turns.ports);
    await turn.taken();
    turns.beat();
    await expect.poll(() => turns.turn?.holder?.beats).toBe(1);
    await turn.end();
    expect(turns.isThere).toBe(false);
    turns.beat();
    expect(turns.requests.filter((request) => request === "change")).toHaveLength(1);
  });

  it("given back before Helm ran, it lets nothing begin", async () => {
    const turns = new MemoryTurns();
    const turn = takeTurn(REQUEST, turns.ports);
    await turn.taken();
    await turn.end();
    await expect(turn.taken()).rejects.toMatchObject({ code: "NOT_OUR_TURN" });
  });
});

describe("where somebody has the turn", () => {
  it("is waited for, and said whose it is", async () => {
    const turns = new MemoryTurns();
    turns.turn = { v: 1, holder: THEIRS };
    turns.onSecond = (second) => {
      if (second < 40) turns.turn = { v: 1, holder: { ...THEIRS, beats: second } };
      else turns.turn = undefined;
    };
    await takeTurn(REQUEST, turns.ports).taken();
    expect(turns.turn?.holder).toEqual(OURS);
    expect(turns.lines).toEqual([
      "waiting for our turn: ci-bot (upgrade since 2026-11-21 12:00:00 UTC, https://ci/1)",
      "waiting for our turn, 30s so far: ci-bot (upgrade since 2026-11-21 12:00:00 UTC, https://ci/1)",
    ]);
  });

  it("one that gives no sign of life is not waited for", async () => {
    const turns = new MemoryTurns();
    turns.turn = { v: 1, holder: { ...THEIRS, url: undefined } };
    let seconds = 0;
    turns.onSecond = (second) => (seconds = second);
    await takeTurn(REQUEST, turns.ports).taken();
    expect(turns.turn?.holder).toEqual(OURS);
    expect(seconds).toBe(15);
    expect(turns.lines.at(-1)).toBe(
      "warning: no sign of life of ci-bot (upgrade since 2026-11-21 12:00:00 UTC, laptop-7, process 7): it is not waited for",
    );
  });

  it("one that gives no sign of life has it again, where what it left behind is still there", async () => {
    const turns = new MemoryTurns();
    turns.turn = { v: 1, holder: THEIRS };
    const turn = takeTurn(REQUEST, turns.ports);
    await turn.taken();
    turn.leaveToDead();
    await turn.end();
    expect(turns.turn).toEqual({ v: 1, holder: THEIRS });
  });

  it("one who came between is waited for in turn", async () => {
    const turns = new MemoryTurns();
    turns.turn = { v: 1, holder: THEIRS };
    turns.onSecond = (second) => {
      if (second === 3) turns.turn = { v: 1, holder: { ...THEIRS, id: "third", actor: "bob" } };
      if (second === 6) turns.turn = undefined;
    };
    await takeTurn(REQUEST, turns.ports).taken();
    expect(turns.lines.map((line) => line.replace(/ \(.*/, ""))).toEqual([
      "waiting for our turn: ci-bot",
      "waiting for our turn, 3s so far: bob",
    ]);
  });

  it.each([
    [0, 0],
    [20_000, 20],
  ])("a wait of %i ms has an end", async (waitMs, expected) => {
    const turns = new MemoryTurns();
    turns.turn = { v: 1, holder: THEIRS };
    let seconds = 0;
    turns.onSecond = (second) => {
      seconds = second;
      turns.turn = { v: 1, holder: { ...THEIRS, beats: second } };
    };
    const turn = takeTurn({ ...REQUEST, waitMs }, turns.ports);
    await expect(turn.taken()).rejects.toMatchObject({
      code: "NOT_OUR_TURN",
      message:
        "it is still the turn of ci-bot (upgrade since 2026-11-21 12:00:00 UTC, https://ci/1)",
    });
    expect(seconds).toBe(expected);
    await turn.end();
    expect(turns.turn?.holder?.id).toBe("theirs");
  });

  it("going back waits for a moment, and for a deploy that hangs no longer", async () => {
    const turns = new MemoryTurns();
    turns.turn = { v: 1, holder: THEIRS };
    let seconds = 0;
    turns.onSecond = (second) => {
      seconds = second;
      turns.turn = { v: 1, holder: { ...THEIRS, beats: second } };
    };
    const turn = takeTurn({ ...REQUEST, waitMs: 10_000, after: "overtake" }, turns.ports);
    await turn.taken();
    expect(seconds).toBe(10);
    expect(turns.turn?.holder).toEqual(OURS);
    expect(turn.dead()).toBeUndefined();
    expect(turns.lines.at(-1)).toBe(
      "warning: not waited for any longer: ci-bot (upgrade since 2026-11-21 12:00:00 UTC, https://ci/1)",
    );
  });

  it("ended before the cluster is reached, it takes nothing", async () => {
    const turns = new MemoryTurns();
    const { promise: opened, resolve: open } = Promise.withResolvers<void>();
    const openStore = async () => opened.then(() => turns.store);
    const turn = takeTurn(REQUEST, { ...turns.ports, openStore });
    await turn.end();
    open();
    await expect(turn.taken()).rejects.toMatchObject({ code: "NOT_OUR_TURN" });
    expect(turns.requests).toEqual([]);
  });

  it("an API that is away for a moment ends no wait", async () => {
    const turns = new MemoryTurns();
    turns.turn = { v: 1, holder: THEIRS };
    turns.refusals.read = ["KUBE_UNREACHABLE", "KUBE_TIMEOUT", "KUBE_FAILED"];
    turns.onSecond = (second) => {
      if (second === 5) turns.turn = undefined;
    };
    await takeTurn(REQUEST, turns.ports).taken();
    expect(turns.turn?.holder).toEqual(OURS);
  });

  it("a Helm that starts us again for the same release does not wait for itself", async () => {
    const turns = new MemoryTurns();
    turns.turn = { v: 1, holder: THEIRS };
    const turn = takeTurn({ ...REQUEST, within: "theirs" }, turns.ports);
    await turn.taken();
    await turn.end();
    expect(turns.turn?.holder).toEqual(THEIRS);
  });

  it("what was taken from us is not given back", async () => {
    const turns = new MemoryTurns();
    const turn = takeTurn(REQUEST, turns.ports);
    await turn.taken();
    turns.turn = { v: 1, holder: THEIRS };
    turns.beat();
    await turn.end();
    expect(turns.turn?.holder).toEqual(THEIRS);
  });
});

describe("where no turn can be had", () => {
  it.each([
    ["KUBE_FORBIDDEN", ["warning: no turn is taken: refused as KUBE_FORBIDDEN"]],
    ["KUBE_FAILED", ["warning: no turn is taken: refused as KUBE_FAILED"]],
    // The look-up, or Helm, says so.
    ["KUBE_UNREACHABLE", []],
    ["KUBE_UNAUTHORIZED", []],
    // The namespace is not there yet.
    ["KUBE_NOT_FOUND", []],
  ])("%s lets the deploy go on", async (code, lines) => {
    const turns = new MemoryTurns();
    turns.refusals.create = [code];
    const turn = takeTurn(REQUEST, turns.ports);
    await expect(turn.taken()).resolves.toBeUndefined();
    await turn.end();
    expect(turns.lines).toEqual(lines);
    expect(turns.requests).toEqual(["create"]);
  });

  it("so does a turn that a later version wrote", async () => {
    const turns = new MemoryTurns();
    turns.turn = { v: 2 } as never;
    await takeTurn(REQUEST, turns.ports).taken();
    expect(turns.lines).toEqual([
      "warning: no turn is taken: ConfigMap helm-notify-turn.shop cannot be read",
    ]);
  });

  it("so does a cluster that only Helm reaches", async () => {
    const turns = new MemoryTurns();
    await takeTurn(REQUEST, { ...turns.ports, openStore: async () => undefined }).taken();
    expect(turns.lines).toEqual([]);
  });

  it("one that cannot be given back is warned of", async () => {
    const turns = new MemoryTurns();
    turns.refusals.remove = ["KUBE_FORBIDDEN"];
    const turn = takeTurn(REQUEST, turns.ports);
    await turn.taken();
    await turn.end();
    expect(turns.lines).toEqual(["warning: the turn is not given back: refused as KUBE_FORBIDDEN"]);
  });

  it("credentials that expired meanwhile are got anew to give it back", async () => {
    const turns = new MemoryTurns();
    turns.refusals.remove = ["KUBE_UNAUTHORIZED"];
    turns.refusals.read = ["KUBE_UNAUTHORIZED"];
    const turn = takeTurn(REQUEST, turns.ports);
    await turn.taken();
    await turn.end();
    expect(turns.isThere).toBe(false);
    expect(turns.lines).toEqual([]);
  });
});

async function take(request: Partial<TurnRequest>, lock: Lock = LOCK) {
  const turns = new MemoryTurns();
  turns.turn = { v: 1, lock };
  const turn = takeTurn({ ...REQUEST, ...request }, turns.ports);
  const passed = await turn.taken();
  const held = turns.turn;
  await turn.end();
  return { passed, held, left: turns.turn, lines: turns.lines };
}

describe("a lock", () => {
  it("stops others, and says who, why and until when", () =>
    expect(take(BOB, { ...LOCK, until: "2026-11-21T14:00:00Z" })).rejects.toMatchObject({
      code: "LOCKED",
      message:
        "shop is locked by jane on laptop-7 since 2026-11-21 11:00:00 UTC until 2026-11-21 14:00:00 UTC: database migration",
      hint: "Wait for helm notify unlock shop, or write --notify-override-lock REASON.",
    }));

  it("lets its owner pass, reminds them, and stays", async () => {
    const { passed, held, left, lines } = await take({});
    expect(passed).toEqual(LOCK);
    expect(held).toEqual({ v: 1, holder: OURS, lock: LOCK });
    expect(left).toEqual({ v: 1, lock: LOCK });
    expect(lines).toEqual([
      "shop is locked by jane on laptop-7 since 2026-11-21 11:00:00 UTC: database migration",
    ]);
  });

  it.each<[string, Partial<TurnRequest>]>([
    ["in the owner's name on another machine", { person: { actor: "jane", host: "laptop-8" } }],
    ["in the owner's name by a CI", { person: { actor: "jane", url: "https://ci/1" } }],
    ["by somebody without a name", { person: { host: "laptop-7" } }],
  ])("stops what is deployed %s", (_, request) =>
    expect(take(request)).rejects.toMatchObject({ code: "LOCKED" }),
  );

  it("of a CI stops that CI, too", () =>
    expect(take({ person: { actor: "jane" } }, { ...LOCK, host: undefined })).rejects.toMatchObject(
      { code: "LOCKED" },
    ));

  it("is passed for a reason", async () => {
    const { passed, left } = await take({ ...BOB, overrideReason: "hotfix" });
    expect(passed).toEqual(LOCK);
    expect(left).toEqual({ v: 1, lock: LOCK });
  });

  it("that has expired is gone", async () => {
    const { passed, left, lines } = await take(BOB, { ...LOCK, until: "2026-11-21T12:00:00Z" });
    expect({ passed, left, lines }).toEqual({ passed: undefined, left: undefined, lines: [] });
  });

  it("stops those who wait", async () => {
    const turns = new MemoryTurns();
    turns.turn = { v: 1, holder: THEIRS };
    turns.onSecond = () => (turns.turn = { v: 1, holder: THEIRS, lock: LOCK });
    await expect(takeTurn({ ...REQUEST, ...BOB }, turns.ports).taken()).rejects.toMatchObject({
      code: "LOCKED",
    });
  });
});

describe("the turn as a contract", () => {
  it("the first version is read for ever, unknown keys and all", () => {
    const text = `{"v":1,"later":true,"holder":{"id":"a","action":"promote","since":"x","beats":3,"later":1},
      "lock":{"reason":"r","since":"y","later":1}}`;
    expect(decodeTurn(text)).toEqual({
      v: 1,
      holder: { id: "a", action: "promote", since: "x", beats: 3 },
      lock: { reason: "r", since: "y" },
    });
  });

  it.each(["", "{", "null", '{"v":2}', '{"v":1,"lock":{}}'])("%j is not one", (text) =>
    expect(decodeTurn(text)).toBeUndefined(),
  );
});
