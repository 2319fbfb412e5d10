// Telling people of the runs in a ledger. What was told stands in the ledger too, so that any process can go on where another
// one died, and what could not be said is said with the next run.
import {
  beforeOf,
  changeRun,
  type Ledger,
  type Run,
  type Telling,
  WHOLE_RUNS,
} from "../domain/ledger.ts";
import { changesByThread, describeRun, type Message } from "../domain/message.ts";
import type { Phase } from "../domain/run.ts";
import type { Shipped } from "../domain/shipped.ts";
import { formatThread, parseThread } from "../domain/thread.ts";
import type { Deadline, Delivery, Teller } from "./ports.ts";

export interface TellDeps {
  readonly release: string;
  readonly namespace: string;
  readonly tellers: readonly Teller[];
  /** Keeps the ledger; what cannot be kept is only told. */
  readonly amend: (change: (ledger: Ledger | undefined) => Ledger | undefined) => Promise<unknown>;
  readonly readShipped: (run: Run) => Promise<Readonly<Record<string, Shipped>>>;
  readonly deadline: Deadline;
  /** For what could not be told. */
  readonly warn: (line: string) => void;
}

/** Whether every way has told how far the run is. */
export function isTold(run: Run, tellers: readonly Teller[]): boolean {
  return !tellers.some(({ name }) => isUntold(run, name, phaseOf(run)));
}

/** Tells what is untold of a run by all ways at once, and writes down how far each came. */
export async function tellRun(run: Run, deps: TellDeps, isLate = false): Promise<Run> {
  const phase = phaseOf(run);
  const waiting = deps.tellers.filter(({ name }) => isUntold(run, name, phase));
  if (waiting.length === 0) return run;
  const message = toMessage(run, phase, await deps.readShipped(run), isLate, deps);
  const tellings = await Promise.all(
    waiting.map(async (teller): Promise<[string, Telling]> => {
      const before = run.tellings?.[teller.name] ?? {};
      const delivery = await teller.tell(message, before, deps.deadline);
      if (delivery.kind !== "delivered") deps.warn(troubleOf(delivery));
      return [teller.name, afterTelling(before, phase, delivery)];
    }),
  );
  const change = (of: Run): Run => {
    // The end may have been told meanwhile.
    const ours = tellings.filter(([way]) => isUntold(of, way, phase));
    return { ...of, tellings: { ...of.tellings, ...Object.fromEntries(ours) } };
  };
  await deps.amend((ledger) => changeRun(ledger, run.id, change));
  const told = change(run);
  await Promise.all(waiting.map((teller) => tellThreads(message, told, teller, deps)));
  return told;
}

/**
 * Where the images were announced, once it is written down that the end is told: at most once, whatever becomes of it. Each
 * thread hears of its own images only.
 */
async function tellThreads(
  message: Message,
  { tellings }: Run,
  { name, tellThread }: Teller,
  { deadline, warn }: TellDeps,
): Promise<void> {
  const { told, place } = tellings?.[name] ?? {};
  if (tellThread === undefined || told !== "end") return;
  for (const [thread, changes] of changesByThread(message)) {
    const there = parseThread(thread);
    // The run's own message has its reply.
    if (there === undefined || (place && formatThread(place) === thread)) continue;
    const delivery = await tellThread(there, { ...message, changes }, deadline);
    if (delivery.kind === "delivered") continue;
    warn(`not told in the thread ${thread}: ${troubleOf(delivery)}`);
    if (delivery.kind === "gave-up") return;
  }
}

/** Tells how earlier runs ended where nobody was told: their process died, or Slack was away. Newest ones only, oldest first. */
export async function tellEarlier(ledger: Ledger | undefined, deps: TellDeps): Promise<void> {
  // Older ones are history.
  const untold = (ledger?.runs ?? []).slice(0, WHOLE_RUNS).toReversed();
  for (const run of untold) {
    const tellers = deps.tellers.filter(({ name }) => isOwed(run, name));
    if (run.phase === "ended") await tellRun(run, { ...deps, tellers }, true);
  }
}

/** A way that was set up after a run, which others told of, has nothing to make up for. */
function isOwed({ tellings }: Run, way: string): boolean {
  return tellings === undefined || tellings[way] !== undefined;
}

function phaseOf({ phase }: Run): Phase {
  return phase === "started" ? "start" : "end";
}

function isUntold(run: Run, way: string, phase: Phase): boolean {
  const told = run.tellings?.[way]?.told;
  return told !== phase && told !== "end";
}

function afterTelling(before: Telling, phase: Phase, delivery: Delivery): Telling {
  if (delivery.kind !== "delivered") return { ...before, trouble: troubleOf(delivery) };
  const place = before.place ?? delivery.place;
  return { told: phase, ...(place && { place }) };
}

function toMessage(
  run: Run,
  phase: Phase,
  shipped: Message["shipped"],
  isLate: boolean,
  { release, namespace }: TellDeps,
): Message {
  return describeRun({
    id: run.id,
    phase,
    action: run.action,
    release,
    namespace,
    revision: run.revision,
    starter: { actor: run.actor, url: run.url },
    startedAt: new Date(run.startedAt),
    endedAt: run.endedAt === undefined ? undefined : new Date(run.endedAt),
    outcome: run.outcome,
    cause: run.cause,
    ...(run.recovered && { recovered: run.recovered }),
    passedLock: run.passedLock,
    shipped,
    isLate,
    before: beforeOf(run),
    after: run.to,
  });
}

function troubleOf(delivery: Exclude<Delivery, { kind: "delivered" }>): string {
  return delivery.kind === "refused" ? `${delivery.reason}. ${delivery.hint}` : delivery.reason;
}
