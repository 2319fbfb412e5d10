import { describe, expect, it } from "vitest";
import { describeRun, type RunDescription } from "../../src/domain/message.ts";
import { toCloudEvent } from "../../src/render/cloud-event.ts";
import { commit, recordOf } from "../support/records.ts";

const RUN: RunDescription = {
  id: "5a2c1f0e",
  phase: "start",
  action: "upgrade",
  release: "shop",
  namespace: "shop-prod",
  revision: 42,
  starter: { actor: "jane", url: "https://ci.example/9" },
  startedAt: new Date("2026-11-21T10:00:00Z"),
  shipped: {},
  isLate: false,
  before: {
    kind: "record",
    record: recordOf({ api: { tag: "1.3.2", revision: commit("a") }, web: { tag: "2" } }),
  },
  after: recordOf({ api: { tag: "1.4.0", revision: commit("b") }, web: { tag: "2" } }),
};
const END: RunDescription = {
  ...RUN,
  phase: "end",
  endedAt: new Date("2026-11-21T10:02:10Z"),
  outcome: { kind: "rolled-back", toRevision: 41 },
  cause: { pods: [], morePods: 0, events: [], missing: ["pods: forbidden"] },
};

/** As it is read by whoever receives it. */
function send(run: RunDescription): unknown {
  return JSON.parse(JSON.stringify(toCloudEvent(describeRun(run))));
}

describe("a run as CloudEvents", () => {
  it("has a beginning", () => {
    expect(send(RUN)).toEqual({
      specversion: "1.0",
      id: "5a2c1f0e-started",
      source: "/helm-notify/namespaces/shop-prod",
      type: "dev.helm-notify.run.started",
      subject: "shop",
      time: "2026-11-21T10:00:00.000Z",
      datacontenttype: "application/json",
      data: {
        run: "5a2c1f0e",
        action: "upgrade",
        release: "shop",
        namespace: "shop-prod",
        environment: "production",
        chart: { name: "shop", version: "1.2.0" },
        revision: 42,
        actor: "jane",
        url: "https://ci.example/9",
        startedAt: "2026-11-21T10:00:00.000Z",
        before: "record",
        changes: [
          {
            kind: "changed",
            name: "api",
            isDowngrade: false,
            from: { tag: "1.3.2", revision: commit("a") },
            to: { tag: "1.4.0", revision: commit("b") },
          },
        ],
        unchangedCount: 1,
      },
    });
  });

  it("has an end, with how and why", () => {
    expect(send(END)).toMatchObject({
      id: "5a2c1f0e-ended",
      type: "dev.helm-notify.run.ended",
      time: "2026-11-21T10:02:10.000Z",
      data: {
        run: "5a2c1f0e",
        startedAt: "2026-11-21T10:00:00.000Z",
        endedAt: "2026-11-21T10:02:10.000Z",
        outcome: { kind: "rolled-back", toRevision: 41 },
        cause: { pods: [], morePods: 0, events: [], missing: ["pods: forbidden"] },
      },
    });
  });

  it("is the same event when it is told late", () => {
    expect(send({ ...END, isLate: true })).toEqual(send(END));
  });

  it("is another event once it is recovered, whoever had its end before", () => {
    expect(send({ ...END, recovered: { by: "jane" } })).toMatchObject({
      id: "5a2c1f0e-recovered",
      type: "dev.helm-notify.run.ended",
      data: { recovered: { by: "jane" } },
    });
  });

  it("does not guess what ran before, nor say what it does not know", () => {
    const event = send({
      ...RUN,
      revision: undefined,
      starter: {},
      before: { kind: "unknown" },
      after: undefined,
    });
    expect(event).toMatchObject({ data: { before: "unknown", changes: [] } });
    for (const key of ["revision", "actor", "url", "environment", "chart", "outcome", "endedAt"]) {
      expect(event).not.toHaveProperty(`data.${key}`);
    }
  });

  it("keeps every service, however many there are", () => {
    const names = Array.from({ length: 500 }, (_, index) => `s${index}`);
    const after = recordOf(Object.fromEntries(names.map((name) => [name, { tag: "1" }])));
    expect(send({ ...RUN, before: { kind: "nothing" }, after })).toMatchObject({
      data: { before: "nothing", changes: { length: 500 } },
    });
  });
});
