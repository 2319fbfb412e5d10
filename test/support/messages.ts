// Messages about the shop, made of two records.
import type { Before, Message, RunDescription } from "../../src/domain/message.ts";
import { describeRun } from "../../src/domain/message.ts";
import type { ServiceRecord } from "../../src/domain/record.ts";
import { recordOf } from "./records.ts";

type Services = Readonly<Record<string, ServiceRecord>>;

export interface GivenMessage extends Partial<Omit<RunDescription, "before" | "after">> {
  /** Absent: as `from` says, else nothing was there. */
  readonly before?: Services;
  readonly after?: Services;
  readonly from?: Before;
}

const STARTED_AT = new Date("2026-11-21T12:00:00Z");
const ENDED_AT = new Date("2026-11-21T12:02:10Z");

/** An upgrade of shop in production, begun at noon and over two minutes and ten seconds later. */
export function messageOf({ before, after, from, ...more }: GivenMessage): Message {
  const isEnd = more.phase === "end";
  return describeRun({
    id: "run-1",
    phase: "start",
    action: "upgrade",
    release: "shop",
    namespace: "shop",
    starter: {},
    startedAt: STARTED_AT,
    endedAt: isEnd ? ENDED_AT : undefined,
    outcome: isEnd ? { kind: "rolled-out" } : undefined,
    shipped: {},
    isLate: false,
    before: before ? { kind: "record", record: recordOf(before) } : (from ?? { kind: "nothing" }),
    after: after && recordOf(after),
    ...more,
  });
}
