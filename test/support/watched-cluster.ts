// A namespace in memory with its past and a clock that only moves when somebody waits: what a watcher meets, second by second.
import { NotifyError } from "../../src/domain/errors.ts";
import {
  decodeLedger,
  LEDGER_KEY,
  type Ledger,
  ledgerName,
  type Run,
  type Telling,
} from "../../src/domain/ledger.ts";
import type { Message } from "../../src/domain/message.ts";
import { RECORD_KEY, recordName, type ReleaseRecord } from "../../src/domain/record.ts";
import type { Action } from "../../src/domain/run.ts";
import { type Lock, TURN_KEY, turnName } from "../../src/domain/turn.ts";
import { endName, runName, watcherName } from "../../src/domain/watched-run.ts";
import type { Deadline, Delivery, StoredConfigMap } from "../../src/flow/ports.ts";
import { findPost, leavePost, watchRun } from "../../src/flow/watch.ts";

type Data = Readonly<Record<string, string>>;

const RELEASE = "shop";
const START = Date.parse("2026-11-21T10:00:00Z");

export class WatchedCluster {
  /** Seconds since the start. */
  now = 0;
  readonly messages: Message[] = [];
  /** Of the message that each one took the place of. */
  readonly places: (string | undefined)[] = [];
  readonly warnings: string[] = [];
  /** What the API says no to, by the object's name, and with which code. */
  readonly trouble = new Map<string, string>();
  /** How the next messages are taken, where not well. */
  readonly deliveries: Delivery[] = [];
  /** Called after each request of the watcher: a container can be killed there. */
  onRequest: (request: string) => void = () => {};
  /** The oldest version still known. */
  compacted = 0;
  isWatcherGone = false;
  // Versions are numbers: 10 comes after 9.
  #version = 6;
  #uids = 0;
  readonly #now = new Map<string, StoredConfigMap>();
  readonly #past: { readonly version: number; readonly state: Map<string, StoredConfigMap> }[] = [];
  readonly #agenda: { readonly at: number; readonly act: () => void }[] = [];
  #replicaSetUid: string | undefined;

  /** Does something when the clock gets there. */
  at(second: number, act: () => void): void {
    this.#agenda.push({ at: second, act });
  }

  /** What Helm does when a run begins. */
  begin(to: ReleaseRecord, action?: Action): void {
    this.mark(to, action);
    this.#replicaSetUid = this.#uid();
  }

  /** Only the first thing: the ReplicaSet is still the last run's. */
  mark(to: ReleaseRecord, action: Action = "upgrade"): void {
    this.#put(runName(RELEASE), { [RECORD_KEY]: JSON.stringify(to) }, `pre-${action}`);
  }

  apply(record: ReleaseRecord): void {
    this.#put(recordName(RELEASE), { [RECORD_KEY]: JSON.stringify(record) });
  }

  end(): void {
    this.#put(endName(RELEASE), {}, "post-upgrade");
  }

  /** Somebody touches the last run's mark. */
  touchEnd(): void {
    this.#put(endName(RELEASE), { touched: "yes" });
  }

  /** What another process makes of the ledger. */
  write(ledger: Ledger): void {
    this.#put(ledgerName(RELEASE), { [LEDGER_KEY]: JSON.stringify(ledger) });
  }

  changeRun(change: (run: Run) => Run): void {
    const { ledger } = this;
    if (ledger?.run === undefined) throw new Error("there is no run to change");
    this.write({ ...ledger, run: change(ledger.run) });
  }

  lock(lock: Lock): void {
    this.#put(turnName(RELEASE), { [TURN_KEY]: JSON.stringify({ v: 1, lock }) });
  }

  deleteLedger(): void {
    this.#now.delete(ledgerName(RELEASE));
  }

  get ledger(): Ledger | undefined {
    return decodeLedger(this.#now.get(ledgerName(RELEASE))?.data[LEDGER_KEY] ?? "");
  }

  /** Each message in a few words: when it was about, what was done, from what to what. */
  told(): string[] {
    return this.messages.map(({ phase, action, before, changes, outcome, isLate }) => {
      const change = changes
        .map(
          (of) => `${"from" in of ? of.from.tag : before} → ${"to" in of ? of.to.tag : "nothing"}`,
        )
        .join();
      return [isLate ? "late" : "", phase, action, change, outcome?.kind].filter(Boolean).join(" ");
    });
  }

  /** One container of the pod, from its start to its end. */
  async watch({ seconds = 900, stop = new AbortController(), pod = "pod-1" } = {}): Promise<void> {
    const deps = {
      ...this.#api(),
      createTellers: async () => [
        {
          name: "slack" as const,
          tell: async (message: Message, { place: before }: Telling) => {
            this.messages.push(message);
            this.places.push(before?.ts);
            const delivery = this.deliveries.shift();
            const place = { channel: "C1", ts: String(this.messages.length) };
            this.onRequest("tell");
            return delivery ?? ({ kind: "delivered", place } as const);
          },
        },
      ],
      readShipped: async () => ({}),
      stop: stop.signal,
      startDeadline: () => this.#deadline(20),
      now: () => new Date(START + this.now * 1000),
      warn: (line: string) => this.warnings.push(line),
    };
    const startWatch = () => ({ ...deps, watch: this.#deadline(seconds, stop.signal) });
    const post = await findPost(RELEASE, startWatch());
    const request = { release: RELEASE, namespace: "shop", pod };
    while ((await watchRun(post, request, startWatch())) === "goes on");
    await leavePost(RELEASE, post, startWatch());
  }

  #api() {
    const ask = async <T>(verb: string, name: string, answer: () => T): Promise<T> => {
      const code = this.trouble.get(name) ?? this.trouble.get("*");
      if (code !== undefined) throw new NotifyError(code, `${name}: ${code}`);
      const value = answer();
      this.onRequest(`${verb} ${name}`);
      return value;
    };
    return {
      read: (name: string) => ask("get", name, () => this.#now.get(name)),
      readAt: (name: string, version: string) =>
        ask("list", name, () => {
          if (Number(version) < this.compacted) {
            throw new NotifyError(
              "KUBE_EXPIRED",
              "The resourceVersion for the provided list is too old.",
            );
          }
          return this.#past.findLast((past) => past.version <= Number(version))?.state.get(name);
        }),
      write: (name: string, data: Data, version: string | undefined) =>
        ask("patch", name, () => {
          if (this.#now.get(name)?.resourceVersion !== version) {
            throw new NotifyError("KUBE_CONFLICT", "the object has been modified");
          }
          this.#put(name, data);
        }),
      readReplicaSetUid: (name: string) =>
        ask("get", name, () => (name === watcherName(RELEASE) ? this.#replicaSetUid : undefined)),
      deleteReplicaSet: (name: string, uid: string) =>
        ask("delete", name, () => {
          if (uid === this.#replicaSetUid) this.isWatcherGone = true;
        }),
    };
  }

  #deadline(seconds: number, stop?: AbortSignal): Deadline {
    const end = this.now + seconds;
    const remainingMs = () => (stop?.aborted ? 0 : Math.max(0, end - this.now) * 1000);
    return {
      signal: stop ?? new AbortController().signal,
      remainingMs,
      sleep: async (ms) => this.#pass(Math.min(ms, remainingMs()) / 1000),
      sooner: (ms) => this.#deadline(Math.min(ms, remainingMs()) / 1000, stop),
    };
  }

  #pass(seconds: number): void {
    const until = this.now + seconds;
    this.#agenda.sort((a, b) => a.at - b.at);
    for (
      let next = this.#agenda[0];
      next !== undefined && next.at <= until;
      next = this.#agenda[0]
    ) {
      this.#agenda.shift();
      this.now = next.at;
      next.act();
    }
    this.now = until;
  }

  /** `hook`: made anew, for that event. */
  #put(name: string, data: Data, hook?: string): void {
    const old = hook === undefined ? this.#now.get(name) : undefined;
    this.#now.set(name, {
      data,
      resourceVersion: String(++this.#version),
      uid: old?.uid ?? this.#uid(),
      createdAt: old?.createdAt ?? this.#time(),
      writtenAt: this.#time(),
      hook: hook ?? old?.hook,
    });
    this.#past.push({ version: this.#version, state: new Map(this.#now) });
  }

  #uid(): string {
    return `uid-${++this.#uids}`;
  }

  #time(): string {
    return new Date(START + Math.floor(this.now) * 1000).toISOString();
  }
}
