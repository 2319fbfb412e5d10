import { describe, expect, it } from "vitest";
import { closeRun, findRun, type Ledger, openRun, type Run } from "../../src/domain/ledger.ts";
import type { Message } from "../../src/domain/message.ts";
import type { Outcome } from "../../src/domain/run.ts";
import type { Delivery, Teller } from "../../src/flow/ports.ts";
import { type TellDeps, tellEarlier, tellRun } from "../../src/flow/tell.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { recordOf } from "../support/records.ts";

const DELIVERED: Delivery = { kind: "delivered" };
const PLACE = { channel: "C0123456789", ts: "1.2" };
const REFUSED: Delivery = { kind: "refused", reason: "it is archived", hint: "Choose another." };
const AWAY: Delivery = { kind: "gave-up", reason: "nobody answers" };

const RUN: Run = {
  id: "r1",
  action: "upgrade",
  by: "plugin",
  actor: "jane",
  startedAt: "2026-11-21T10:00:00.000Z",
  revision: 7,
  from: recordOf({ api: { tag: "1" } }),
  to: recordOf({ api: { tag: "2" } }),
  phase: "started",
};
const END = "2026-11-21T10:02:10.000Z";
const ended = (run: Run): Run => closeRun(run, { kind: "rolled-out" }, END);

type Told = Pick<Message, "id" | "phase" | "isLate"> & { readonly place: string | undefined };

/** A teller that answers as it is told to, then delivers. */
function tellerOf(name: Teller["name"], ...answers: Delivery[]) {
  const messages: Message[] = [];
  const told: Told[] = [];
  const teller: Teller = {
    name,
    tell: async (message, { place }) => {
      messages.push(message);
      const { id, phase, isLate } = message;
      told.push({ id, phase, isLate, place: place?.ts });
      return answers.shift() ?? DELIVERED;
    },
  };
  return { teller, told, messages };
}

/** Threads that answer as they are told to, then are told. */
function listener(...answers: Delivery[]) {
  const told: string[] = [];
  const tellThread: Teller["tellThread"] = async ({ ts }, { outcome, isLate, changes }) => {
    const names = changes.map(({ name }) => name).join("+");
    told.push(`${ts}: ${names} ${outcome?.kind}${isLate ? ", late" : ""}`);
    return answers.shift() ?? DELIVERED;
  };
  const on = ({ teller }: { readonly teller: Teller }) => ({ teller: { ...teller, tellThread } });
  return { told, on };
}

/** A ledger in memory; `isLost`: it cannot be written. */
function bookOf(ledger: Ledger, isLost = false) {
  const book = { ledger, warnings: new Array<string>() };
  const deps = (...tellers: { readonly teller: Teller }[]): TellDeps => ({
    release: "shop",
    namespace: "shop-prod",
    tellers: tellers.map(({ teller }) => teller),
    amend: async (change) => {
      if (!isLost) book.ledger = change(book.ledger) ?? book.ledger;
    },
    readShipped: async () => ({}),
    deadline: createDeadline(1000),
    warn: (line) => void book.warnings.push(line),
  });
  return { book, deps };
}

const open = (run: Run): Ledger => openRun(undefined, run);

/** What is told where, of a run that has ended. */
async function threadsOf(run: Run, ...answers: Delivery[]) {
  const { book, deps } = bookOf(open(run));
  const { told, on } = listener(...answers);
  await tellRun(run, deps(on(tellerOf("slack", { kind: "delivered", place: PLACE }))));
  return { told, warnings: book.warnings };
}

describe("telling a run", () => {
  it("says what it does and where, and who began it", async () => {
    const { deps } = bookOf(open(RUN));
    const slack = tellerOf("slack");
    const shipped = { api: { direction: "ahead", commits: [], aheadBy: 1, behindBy: 0 } } as const;
    await tellRun(ended(RUN), { ...deps(slack), readShipped: async () => shipped });
    expect(slack.messages).toEqual([
      {
        id: "r1",
        phase: "end",
        action: "upgrade",
        release: "shop",
        namespace: "shop-prod",
        environment: "production",
        chart: { name: "shop", version: "1.2.0" },
        revision: 7,
        starter: { actor: "jane", url: undefined },
        startedAt: new Date(RUN.startedAt),
        endedAt: new Date(END),
        outcome: { kind: "rolled-out" },
        cause: undefined,
        before: "record",
        changes: [expect.objectContaining({ kind: "changed", name: "api" })],
        unchangedCount: 0,
        shipped,
        isLate: false,
      },
    ]);
  });

  it("tells beginning and end once each, however often it is asked to", async () => {
    const { book, deps } = bookOf(open(RUN));
    const slack = tellerOf("slack", { ...DELIVERED, place: PLACE });
    const generic = tellerOf("generic");
    const started = await tellRun(RUN, deps(slack, generic));
    await tellRun(started, deps(slack, generic));
    const over = await tellRun(ended(started), deps(slack, generic));
    await tellRun(over, deps(slack, generic));
    expect(slack.told).toEqual([
      { id: "r1", phase: "start", isLate: false, place: undefined },
      { id: "r1", phase: "end", isLate: false, place: PLACE.ts },
    ]);
    expect(generic.told.map(({ phase }) => phase)).toEqual(["start", "end"]);
    expect(book.ledger.run?.tellings).toEqual({
      slack: { told: "end", place: PLACE },
      generic: { told: "end" },
    });
  });

  it("goes on from what the ledger says, in another process", async () => {
    const { book, deps } = bookOf(open(RUN));
    await tellRun(RUN, deps(tellerOf("slack", { ...DELIVERED, place: PLACE })));
    const kept = book.ledger.run ?? RUN;
    const slack = tellerOf("slack");
    await tellRun(kept, deps(slack));
    await tellRun(ended(kept), deps(slack));
    expect(slack.told).toMatchObject([{ phase: "end", place: PLACE.ts }]);
  });

  it("tells only the end of a run whose beginning nobody heard of in time", async () => {
    const { deps } = bookOf(open(RUN));
    const slack = tellerOf("slack");
    await tellRun(ended(RUN), deps(slack));
    expect(slack.told.map(({ phase }) => phase)).toEqual(["end"]);
  });

  it("changes nothing else of the run, which somebody else may have changed meanwhile", async () => {
    const { book, deps } = bookOf(
      open({ ...RUN, beats: 5, tellings: { generic: { told: "start" } } }),
    );
    await tellRun(RUN, deps(tellerOf("slack")));
    expect(book.ledger.run).toEqual({
      ...RUN,
      beats: 5,
      tellings: { generic: { told: "start" }, slack: { told: "start" } },
    });
  });

  it("does not begin what it has told the end of, whatever the ledger says of the run", async () => {
    const { deps } = bookOf(open(RUN));
    const slack = tellerOf("slack");
    await tellRun({ ...RUN, tellings: { slack: { told: "end" } } }, deps(slack));
    expect(slack.told).toEqual([]);
  });

  it("leaves an end that somebody else told while it told the beginning", async () => {
    const { book, deps } = bookOf(open(RUN));
    const told = { slack: { told: "end", place: PLACE } } as const;
    const slack = tellerOf("slack");
    const readShipped = async () => {
      book.ledger = open({ ...ended(RUN), tellings: told });
      return {};
    };
    await tellRun(RUN, { ...deps(slack), readShipped });
    expect(slack.told.map(({ phase }) => phase)).toEqual(["start"]);
    expect(book.ledger.run?.tellings).toEqual(told);
  });

  it("asks no Git host where there is nothing to tell", async () => {
    const { deps } = bookOf(open(RUN));
    const told: Run = { ...RUN, tellings: { slack: { told: "start" } } };
    let isAsked = false;
    const readShipped = async () => {
      isAsked = true;
      return {};
    };
    expect(await tellRun(told, { ...deps(tellerOf("slack")), readShipped })).toBe(told);
    expect(isAsked).toBe(false);
  });
});

describe("the threads of announcements", () => {
  const [OLD, API, WEB] = ["C0123456789/1.1", "C0123456789/3.3", "C0123456789/4.4"] as const;
  const FROM = recordOf({ api: { tag: "1", thread: OLD }, web: { tag: "1" } });
  const TO = recordOf({ api: { tag: "2", thread: API }, web: { tag: "1" } });
  const DEPLOY: Run = { ...RUN, from: FROM, to: TO };

  it("hear of the end when that is written down, once", async () => {
    const { book, deps } = bookOf(open(DEPLOY));
    const heard: unknown[] = [];
    const tellThread: Teller["tellThread"] = async () => {
      heard.push(book.ledger.run?.tellings);
      return DELIVERED;
    };
    const slack = { teller: { ...tellerOf("slack").teller, tellThread } };
    await tellRun(await tellRun(ended(DEPLOY), deps(slack)), deps(slack));
    expect(heard).toEqual([{ slack: { told: "end" } }]);
  });

  it.each<Outcome["kind"]>([
    "applied",
    "not-applied",
    "failed",
    "rolled-back",
    "interrupted",
    "unknown",
  ])("hear that it ended %s", async (kind) => {
    const { told } = await threadsOf(closeRun(DEPLOY, { kind }, END));
    expect(told).toEqual([`3.3: api ${kind}`]);
  });

  it("hear nothing of a beginning, nor of an end while the run's own message is untold", async () => {
    const { deps } = bookOf(open(DEPLOY));
    const { told, on } = listener();
    const slack = on(tellerOf("slack", DELIVERED, AWAY));
    await tellRun(ended(await tellRun(DEPLOY, deps(slack))), deps(slack));
    expect(told).toEqual([]);
  });

  it("hear of a late end that it is late", async () => {
    const { book, deps } = bookOf(openRun(open(DEPLOY), { ...RUN, id: "r2" }));
    const { told, on } = listener();
    await tellEarlier(book.ledger, deps(on(tellerOf("slack"))));
    expect(told).toEqual(["3.3: api unknown, late"]);
  });

  it.each<[string, Run, readonly string[]]>([
    [
      "one for each, of its own services",
      {
        ...DEPLOY,
        to: recordOf({ api: { tag: "2", thread: API }, web: { tag: "2", thread: WEB } }),
      },
      ["3.3: api", "4.4: web"],
    ],
    [
      "one for two services of one announcement",
      {
        ...DEPLOY,
        to: recordOf({ api: { tag: "2", thread: API }, web: { tag: "2", thread: API } }),
      },
      ["3.3: api+web"],
    ],
    ["all of a first install", { ...DEPLOY, action: "install", from: null }, ["3.3: api"]],
    [
      "both of a rollback: of what came, and of what went",
      { ...DEPLOY, action: "rollback", from: TO, to: FROM },
      ["1.1: api", "3.3: api"],
    ],
    [
      "none where another service changes",
      { ...DEPLOY, from: TO, to: recordOf({ ...TO.services, web: { tag: "2" } }) },
      [],
    ],
    [
      "none where the thread alone changes",
      { ...DEPLOY, from: recordOf({ ...FROM.services, api: { tag: "2", thread: OLD } }) },
      [],
    ],
    [
      "none that belongs to the old tag",
      { ...DEPLOY, to: recordOf({ ...TO.services, api: { tag: "2", thread: OLD } }) },
      [],
    ],
    ["none where nobody knows what changes", { ...DEPLOY, from: undefined }, []],
    ["none of what goes", { ...DEPLOY, action: "uninstall", to: undefined }, []],
    [
      "none that is the run's own message",
      { ...DEPLOY, to: recordOf({ ...TO.services, api: { tag: "2", thread: "C0123456789/1.2" } }) },
      [],
    ],
  ])("are %s", async (_, run, expected) => {
    const { told } = await threadsOf(ended(run));
    expect(told).toEqual(expected.map((line) => `${line} rolled-out`));
  });

  const BOTH: Run = {
    ...DEPLOY,
    to: recordOf({ api: { tag: "2", thread: API }, web: { tag: "2", thread: WEB } }),
  };
  it("that refuse are warned of, and the others hear", async () => {
    expect(await threadsOf(ended(BOTH), REFUSED)).toEqual({
      told: ["3.3: api rolled-out", "4.4: web rolled-out"],
      warnings: [`not told in the thread ${API}: it is archived. Choose another.`],
    });
  });

  it("are given up together where Slack is away", async () => {
    expect(await threadsOf(ended(BOTH), AWAY)).toEqual({
      told: ["3.3: api rolled-out"],
      warnings: [`not told in the thread ${API}: nobody answers`],
    });
  });
});

describe("trouble", () => {
  it("is said and kept, with what to do about it", async () => {
    const { book, deps } = bookOf(open(RUN));
    await tellRun(RUN, deps(tellerOf("slack", REFUSED), tellerOf("generic", AWAY)));
    expect(book.warnings).toEqual(["it is archived. Choose another.", "nobody answers"]);
    expect(book.ledger.run?.tellings).toEqual({
      slack: { trouble: "it is archived. Choose another." },
      generic: { trouble: "nobody answers" },
    });
  });

  it("with one way does not hold the other", async () => {
    const { book, deps } = bookOf(open(RUN));
    const generic = tellerOf("generic");
    await tellRun(RUN, deps(tellerOf("slack", AWAY), generic));
    expect(generic.told).toHaveLength(1);
    expect(book.ledger.run?.tellings).toMatchObject({ generic: { told: "start" } });
  });

  it("with the end leaves the beginning where it was told", async () => {
    const { book, deps } = bookOf(open(RUN));
    const slack = tellerOf("slack", { ...DELIVERED, place: PLACE }, AWAY);
    await tellRun(ended(await tellRun(RUN, deps(slack))), deps(slack));
    expect(book.ledger.run?.tellings).toEqual({
      slack: { told: "start", place: PLACE, trouble: "nobody answers" },
    });
  });

  it("is forgotten as soon as the same way tells something", async () => {
    const { book, deps } = bookOf(open(RUN));
    const slack = tellerOf("slack", AWAY);
    await tellRun(ended(await tellRun(RUN, deps(slack))), deps(slack));
    expect(book.ledger.run?.tellings).toEqual({ slack: { told: "end" } });
  });

  it("with the ledger holds nobody: what is told is known to the caller all the same", async () => {
    const { book, deps } = bookOf(open(RUN), true);
    const slack = tellerOf("slack", { ...DELIVERED, place: PLACE });
    const started = await tellRun(RUN, deps(slack));
    expect(book.ledger.run?.tellings).toBeUndefined();
    await tellRun(ended(started), deps(slack));
    expect(slack.told).toMatchObject([{ phase: "start" }, { phase: "end", place: PLACE.ts }]);
  });
});

describe("what could not be told", () => {
  const NEXT: Run = { ...RUN, id: "r2", startedAt: "2026-11-21T11:00:00.000Z", revision: 8 };

  it("is told with the next run, marked late, once", async () => {
    const { book, deps } = bookOf(open(RUN));
    const slack = tellerOf("slack", { ...DELIVERED, place: PLACE }, AWAY);
    const over = await tellRun(ended(await tellRun(RUN, deps(slack))), deps(slack));
    book.ledger = openRun(open(over), NEXT);
    slack.told.splice(0);
    await tellEarlier(book.ledger, deps(slack));
    await tellEarlier(book.ledger, deps(slack));
    expect(slack.told).toEqual([{ id: "r1", phase: "end", isLate: true, place: PLACE.ts }]);
    expect(findRun(book.ledger, "r1")?.tellings).toEqual({ slack: { told: "end", place: PLACE } });
  });

  it("of a run whose process died is that nobody knows its end", async () => {
    const { book, deps } = bookOf(openRun(open(RUN), NEXT));
    const slack = tellerOf("slack");
    await tellEarlier(book.ledger, deps(slack));
    expect(slack.messages).toMatchObject([
      { id: "r1", phase: "end", outcome: { kind: "unknown" }, isLate: true },
    ]);
  });

  it("is told oldest first, and of the last three runs only", async () => {
    const runs = ["r5", "r4", "r3", "r2", "r1"].map((id) => ended({ ...RUN, id }));
    const { book, deps } = bookOf({ v: 1, run: { ...NEXT, id: "r6" }, runs });
    const slack = tellerOf("slack");
    await tellEarlier(book.ledger, deps(slack));
    expect(slack.told.map(({ id }) => id)).toEqual(["r3", "r4", "r5"]);
  });

  it("is not told by a way that was set up later", async () => {
    const over: Run = { ...ended(RUN), tellings: { slack: { told: "end" } } };
    const { book, deps } = bookOf(openRun(open(over), NEXT));
    const generic = tellerOf("generic");
    await tellEarlier(book.ledger, deps(tellerOf("slack"), generic));
    expect(generic.told).toEqual([]);
  });

  it("does not matter where there is no ledger", async () => {
    const { deps } = bookOf(open(RUN));
    const slack = tellerOf("slack");
    await tellEarlier(undefined, deps(slack));
    expect(slack.told).toEqual([]);
  });
});
