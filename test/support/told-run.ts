// A run of Helm in memory: its ledger, who was told what, and a Helm that ends as the test says.
import { NotifyError } from "../../src/domain/errors.ts";
import type { Cause } from "../../src/domain/cause.ts";
import { decodeLedger, type Ledger, LEDGER_KEY, ledgerName } from "../../src/domain/ledger.ts";
import type { Message } from "../../src/domain/message.ts";
import type { ReleaseRecord } from "../../src/domain/record.ts";
import type { RevisionStatus } from "../../src/domain/release.ts";
import type {
  Delivery,
  HelmExit,
  StoredConfigMap,
  StoredRevision,
  Teller,
} from "../../src/flow/ports.ts";
import { type PlannedRun, reportRun, type ReportPorts } from "../../src/flow/report.ts";
import { createDeadline } from "../../src/io/deadline.ts";

export interface ToldRun {
  readonly plan: PlannedRun;
  readonly exit?: HelmExit;
  /** Each Helm revision after the run, newest first; or as it is each time it is asked for. */
  readonly history?: readonly RevisionStatus[] | (() => readonly RevisionStatus[]);
  readonly descriptions?: Readonly<Record<number, string>>;
  /** What the cluster's record says after the run. */
  readonly recordAfter?: ReleaseRecord;
  /** Who the cluster says we are. */
  readonly account?: () => string | Promise<string>;
  /** How each message is taken; `false` = nobody can be told. */
  readonly deliveries?: readonly Delivery[] | false;
  readonly isLedgerForbidden?: boolean;
  /** The namespace comes with Helm. */
  readonly isNamespaceNew?: boolean;
  readonly earlier?: Ledger;
  /** The mark that the last good run of Helm has left. */
  readonly end?: StoredConfigMap;
  /** What is wrong in the cluster at the moment. */
  readonly findCause?: () => Partial<Cause>;
  /** While Helm runs. */
  readonly during?: (world: ToldWorld) => void | Promise<void>;
  readonly ports?: Partial<ReportPorts>;
}

export interface ToldWorld {
  readonly messages: Message[];
  readonly lines: string[];
  readonly ledger: () => Ledger | undefined;
  /** What another process makes of the ledger. */
  readonly write: (ledger: Ledger) => void;
  /** Lets the plugin's heart beat once. */
  readonly beat: () => void;
}

const LEDGER_MAP = { uid: "u1", createdAt: "2026-11-21T09:00:00Z" };
const PLACE = { channel: "C1", ts: "1.1" };

export async function tellHelm(run: ToldRun): Promise<ToldWorld & { readonly exit: HelmExit }> {
  const messages: Message[] = [];
  const lines: string[] = [];
  const deliveries = [...(run.deliveries || [])];
  let stored: StoredConfigMap | undefined = run.earlier && {
    ...LEDGER_MAP,
    data: { [LEDGER_KEY]: JSON.stringify(run.earlier) },
    resourceVersion: "1",
  };
  let isNamespaceMissing = run.isNamespaceNew === true;
  let beat: (() => void) | undefined;
  const teller: Teller = {
    name: "slack",
    tell: (message) => {
      messages.push(message);
      return Promise.resolve(deliveries.shift() ?? { kind: "delivered", place: PLACE });
    },
  };
  const world: ToldWorld = {
    messages,
    lines,
    ledger: () => decodeLedger(stored?.data[LEDGER_KEY] ?? ""),
    write: (ledger) => {
      stored = {
        ...LEDGER_MAP,
        data: { [LEDGER_KEY]: JSON.stringify(ledger) },
        resourceVersion: "2",
      };
    },
    beat: () => beat?.(),
  };
  const guard = () => {
    if (run.isLedgerForbidden) throw new NotifyError("KUBE_FORBIDDEN", "configmaps is forbidden");
  };
  const exit = await reportRun(
    { ...run.plan, startedAt: new Date("2026-11-21T10:00:00Z") },
    async () => {
      isNamespaceMissing = false;
      await run.during?.(world);
      return run.exit ?? { kind: "exited", code: 0 };
    },
    {
      openCluster: async () => ({
        namespace: "shop",
        read: async (name) => {
          guard();
          return name === ledgerName("shop") ? stored : run.end;
        },
        write: async (_name, data) => {
          guard();
          if (isNamespaceMissing) throw new NotifyError("KUBE_NOT_FOUND", "shop not found");
          stored = { ...LEDGER_MAP, data: { ...data }, resourceVersion: "2" };
        },
        readAccount: async () => run.account?.(),
        readRecord: async () => run.recordAfter,
        findCause: async (failed) => ({
          pods: [],
          morePods: 0,
          events: [],
          missing: failed ? [] : ["the failed revision"],
          ...run.findCause?.(),
        }),
      }),
      openRevisions: async () => ({
        list: async () => (typeof run.history === "function" ? run.history() : (run.history ?? [])),
        read: async (revision) => storedRevision(revision, run.descriptions?.[revision]),
      }),
      openTellers: async () => (run.deliveries === false ? [] : [teller]),
      enrich: async (record) => record,
      readShipped: async () => ({}),
      starter: { actor: "jane", url: "https://ci/1" },
      namespace: "elsewhere",
      createDeadline: (ms) => createDeadline(ms),
      every: (_ms, action) => {
        beat = action;
        return () => {};
      },
      now: () => new Date("2026-11-21T10:00:00Z"),
      newId: () => "run-1",
      say: (line) => lines.push(line),
      ...run.ports,
    },
  );
  return { ...world, exit };
}

function storedRevision(revision: number, description: string | undefined): StoredRevision {
  return {
    release: {
      name: "shop",
      namespace: "shop",
      revision,
      status: "failed",
      chart: { name: "shop", version: "1.2.0", appVersion: undefined },
      chartValues: {},
      config: {},
      record: undefined,
      running: undefined,
      newer: undefined,
    },
    description,
    content: {},
  };
}
