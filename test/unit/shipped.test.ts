import { describe, expect, it } from "vitest";
import type { Run } from "../../src/domain/ledger.ts";
import type { ServiceRecord } from "../../src/domain/record.ts";
import type { Shipped } from "../../src/domain/shipped.ts";
import type { ReadShipped } from "../../src/flow/ports.ts";
import { shippedOf } from "../../src/flow/shipped.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { commit, recordOf } from "../support/records.ts";

const OLD = commit("1");
const NEW = commit("2");
const SOURCE = "https://github.com/acme/api";
const SHIPPED: Shipped = { direction: "ahead", commits: [], aheadBy: 1, behindBy: 0 };

const service = (tag: string, more: Partial<ServiceRecord> = {}): ServiceRecord => ({
  image: "registry.example/acme/api",
  tag,
  source: SOURCE,
  ...more,
});

const run = (what: Pick<Run, "from" | "to">): Run => ({
  id: "1",
  action: "upgrade",
  by: "plugin",
  startedAt: "2026-01-01T00:00:00Z",
  phase: "started",
  ...what,
});

/** A host that knows every way, and keeps which it was asked for. */
function host(
  answer: (from: string, signal: AbortSignal) => Promise<Shipped | undefined> = async () => SHIPPED,
) {
  const asked: string[] = [];
  const read: ReadShipped = (source, from, to, signal) => {
    asked.push(`${source} ${from} ${to}`);
    return answer(from, signal);
  };
  return { read, asked };
}

/** Services `s0`, `s1`, … each from a revision of its own to `NEW`. */
function many(count: number, revisionOf: (index: number) => string) {
  const of = (revision: (index: number) => string, tag: string) =>
    recordOf(
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [
          `s${index}`,
          service(tag, { image: `registry.example/acme/s${index}`, revision: revision(index) }),
        ]),
      ),
    );
  return run({ from: of(revisionOf, "1"), to: of(() => NEW, "2") });
}

describe("what a run ships", () => {
  it("is asked for each service that changes from one commit to another", async () => {
    const { read, asked } = host();
    const from = recordOf({ api: service("1", { revision: OLD }), web: service("1") });
    const to = recordOf({ api: service("2", { revision: NEW }), web: service("1") });
    expect(await shippedOf(run({ from, to }), read, createDeadline(1000))).toEqual({
      api: SHIPPED,
    });
    expect(asked).toEqual([`${SOURCE} ${OLD} ${NEW}`]);
  });

  it.each([
    [
      "the image is the same",
      service("1", { revision: OLD, digest: "sha256:1" }),
      service("2", { revision: NEW, digest: "sha256:1" }),
    ],
    ["the revision before is not known", service("1"), service("2", { revision: NEW })],
    ["the revision after is not known", service("1", { revision: OLD }), service("2")],
    [
      "a revision is a branch's name",
      service("1", { revision: "main" }),
      service("2", { revision: NEW }),
    ],
    [
      "the revision stays, shortened",
      service("1", { revision: NEW }),
      service("2", { revision: NEW.slice(0, 8) }),
    ],
    [
      "the repository is another one",
      service("1", { revision: OLD, source: "https://github.com/acme/old" }),
      service("2", { revision: NEW }),
    ],
    [
      "no repository is named",
      service("1", { revision: OLD, source: undefined }),
      service("2", { revision: NEW, source: undefined }),
    ],
  ])("is not asked where %s", async (_, before, after) => {
    const { read, asked } = host();
    const of = run({ from: recordOf({ api: before }), to: recordOf({ api: after }) });
    expect(await shippedOf(of, read, createDeadline(1000))).toEqual({});
    expect(asked).toEqual([]);
  });

  it.each([
    ["a first install", { from: null, to: recordOf({ api: service("2", { revision: NEW }) }) }],
    ["an unknown past", { to: recordOf({ api: service("2", { revision: NEW }) }) }],
    ["an uninstall", { from: recordOf({ api: service("1", { revision: OLD }) }) }],
  ])("is nothing for %s", async (_, what) => {
    const { read, asked } = host();
    expect(await shippedOf(run(what), read, createDeadline(1000))).toEqual({});
    expect(asked).toEqual([]);
  });

  it("is found though only one of the records names the repository", async () => {
    const { read } = host();
    const from = recordOf({ api: service("1", { revision: OLD, source: undefined }) });
    const to = recordOf({ api: service("2", { revision: NEW }) });
    expect(await shippedOf(run({ from, to }), read, createDeadline(1000))).toEqual({
      api: SHIPPED,
    });
  });

  it("is asked for once by services of one repository that go the same way", async () => {
    const { read, asked } = host();
    const found = await shippedOf(
      many(3, () => OLD),
      read,
      createDeadline(1000),
    );
    expect(found).toEqual({ s0: SHIPPED, s1: SHIPPED, s2: SHIPPED });
    expect(asked).toHaveLength(1);
  });

  it("leaves out what the host does not tell", async () => {
    const { read } = host(async () => undefined);
    expect(
      await shippedOf(
        many(2, () => OLD),
        read,
        createDeadline(1000),
      ),
    ).toEqual({});
  });

  it("is asked of eight at a time, until all are asked", async () => {
    let [running, most] = [0, 0];
    const { read, asked } = host(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return SHIPPED;
    });
    const found = await shippedOf(
      many(30, (index) => `${index}`.padStart(40, "0")),
      read,
      createDeadline(1000),
    );
    expect(Object.keys(found)).toHaveLength(30);
    expect(asked).toHaveLength(30);
    expect(most).toBe(8);
  });

  it("is what came in time, whatever else was asked", async () => {
    const stop = new AbortController();
    const slow = commit("0");
    const { read } = host((from, signal) => {
      if (from !== slow) return Promise.resolve(SHIPPED);
      // The other one has been answered by then.
      setImmediate(() => stop.abort());
      return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined)));
    });
    const of = many(2, (index) => (index === 0 ? slow : OLD));
    expect(await shippedOf(of, read, createDeadline(10_000, stop.signal))).toEqual({
      s1: SHIPPED,
    });
  });

  it("is waited for five seconds at most", async () => {
    const limits: number[] = [];
    const deadline = createDeadline(60_000);
    const { read } = host();
    await shippedOf(
      many(1, () => OLD),
      read,
      {
        ...deadline,
        sooner: (ms) => {
          limits.push(ms);
          return deadline.sooner(ms);
        },
      },
    );
    expect(limits).toEqual([5000]);
  });
});
