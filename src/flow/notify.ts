// One run of the hook: what does this change, write it down, say it.
import { NotifyError } from "../domain/errors.ts";
import {
  beforeOf,
  openRun,
  type Ledger,
  type Run,
  runInProgress,
  toFrom,
} from "../domain/ledger.ts";
import { type Before, describeRun } from "../domain/message.ts";
import { decodeRecord, RECORD_KEY, recordName, type ReleaseRecord } from "../domain/record.ts";
import { type HookEvent, momentOf } from "../domain/run.ts";
import { toBlockKit } from "../render/block-kit.ts";
import { amendLedger } from "./ledger-book.ts";
import type { Deadline, Deliver, Delivery, ReadConfigMap, WriteConfigMap } from "./ports.ts";

export interface NotifyRequest {
  readonly event: HookEvent;
  readonly release: string;
  readonly namespace: string;
  /** Of the render: on a rollback the revision gone back to. */
  readonly revision?: number | undefined;
  /** What this revision consists of, as it rendered itself. */
  readonly after: ReleaseRecord;
  /** The live record when this revision was rendered, where the hook may not read the API. */
  readonly previous?: ReleaseRecord | undefined;
}

export interface NotifyDeps {
  /** Absent where the hook may not read the API. */
  readonly configMaps?:
    | { readonly read: ReadConfigMap; readonly write: WriteConfigMap }
    | undefined;
  readonly deliver: Deliver;
  readonly deadline: Deadline;
  readonly now: () => Date;
  readonly newId: () => string;
  /** For what went wrong without stopping the run. */
  readonly warn: (line: string) => void;
}

export interface Notified {
  readonly text: string;
  readonly delivery: Delivery;
}

/** Announces a run that begins, or confirms one that has ended. What cannot be read is said to be unknown. */
export async function notify(request: NotifyRequest, deps: NotifyDeps): Promise<Notified> {
  return momentOf(request.event).phase === "start"
    ? announce(request, deps)
    : confirm(request, deps);
}

async function announce(request: NotifyRequest, deps: NotifyDeps): Promise<Notified> {
  const before = await lookUpBefore(request, deps);
  const run: Run = {
    id: deps.newId(),
    action: momentOf(request.event).action,
    startedAt: deps.now().toISOString(),
    revision: request.revision,
    ...toFrom(before),
    to: request.after,
    phase: "started",
  };
  // Beside the message: the end of the run needs it, whatever Slack does with our time.
  const [notified] = await Promise.all([
    post(request, deps, before),
    amend(request, deps, (ledger) => openRun(ledger, run)),
  ]);
  const message = notified.delivery.kind === "delivered" ? notified.delivery.place : undefined;
  if (message !== undefined) {
    await amend(request, deps, (ledger) =>
      ledger?.run?.id === run.id ? { ...ledger, run: { ...ledger.run, message } } : undefined,
    );
  }
  return notified;
}

async function confirm(request: NotifyRequest, deps: NotifyDeps): Promise<Notified> {
  const { action } = momentOf(request.event);
  const find = (ledger: Ledger | undefined) =>
    runInProgress(ledger, { action, revision: request.revision, to: request.after });
  const ledger = await amend(request, deps, (stored) => {
    const run = find(stored);
    if (stored === undefined || run === undefined) return undefined;
    return { ...stored, run: { ...run, phase: "ended", endedAt: deps.now().toISOString() } };
  });
  const run = find(ledger);
  const before = deps.configMaps && action !== "install" ? beforeOf(run) : withoutApi(request);
  return post(request, deps, before, run?.message);
}

async function post(
  request: NotifyRequest,
  deps: NotifyDeps,
  before: Before,
  replyTo?: Run["message"],
): Promise<Notified> {
  const { event, release, namespace, revision, after } = request;
  const run = { ...momentOf(event), release, namespace, revision, before, after };
  const payload = toBlockKit(describeRun(run));
  const delivery = await deps.deliver({ ...payload, replyTo }, deps.deadline);
  return { text: payload.text, delivery };
}

/** What runs now, by the live record: never by what the hook's own manifest says, which on a rollback is an old story. */
async function lookUpBefore(request: NotifyRequest, deps: NotifyDeps): Promise<Before> {
  if (deps.configMaps === undefined || momentOf(request.event).action === "install") {
    return withoutApi(request);
  }
  const { read } = deps.configMaps;
  try {
    const limit = kubeLimit(deps.deadline);
    const stored = await patiently(() => read(recordName(request.release), limit.signal), limit);
    // A release without a record is one from before the snippets, not one without services.
    const record = decodeRecord(stored?.data[RECORD_KEY] ?? "");
    return record === undefined ? { kind: "unknown" } : { kind: "record", record };
  } catch (error) {
    warnOf(error, deps);
    return { kind: "unknown" };
  }
}

/** The record of render time is that of now, but on a rollback, where the render is long past. */
function withoutApi({ event, previous }: NotifyRequest): Before {
  switch (momentOf(event).action) {
    case "install":
      return { kind: "nothing" };
    case "upgrade":
      return previous === undefined ? { kind: "unknown" } : { kind: "record", record: previous };
    case "rollback":
      return { kind: "unknown" };
  }
}

/** A ledger that cannot be kept costs the truth of the next message, never the message itself. */
async function amend(
  request: NotifyRequest,
  deps: NotifyDeps,
  change: (ledger: Ledger | undefined) => Ledger | undefined,
): Promise<Ledger | undefined> {
  const { configMaps } = deps;
  if (configMaps === undefined) return undefined;
  try {
    const limit = kubeLimit(deps.deadline);
    return await patiently(() => amendLedger(request.release, change, configMaps, limit), limit);
  } catch (error) {
    warnOf(error, deps);
    return undefined;
  }
}

/** An API server that hangs must leave time for Slack. */
function kubeLimit(deadline: Deadline): Deadline {
  return deadline.sooner(deadline.remainingMs() / 4);
}

// The Role was made a moment ago, and every API server learns of it in its own time.
const FORBIDDEN_WAITS_MS = [100, 200, 400, 800];

async function patiently<T>(attempt: () => Promise<T>, deadline: Deadline): Promise<T> {
  for (const wait of FORBIDDEN_WAITS_MS) {
    try {
      return await attempt();
    } catch (error) {
      const mayPass =
        error instanceof NotifyError &&
        (error.code === "KUBE_FORBIDDEN" || error.code === "KUBE_UNREACHABLE");
      if (!mayPass || wait >= deadline.remainingMs()) throw error;
      await deadline.sleep(wait);
    }
  }
  return attempt();
}

function warnOf(error: unknown, deps: NotifyDeps): void {
  if (!(error instanceof NotifyError)) throw error;
  deps.warn(error.hint === undefined ? error.message : `${error.message}. ${error.hint}`);
}
