// ConfigMaps of turns in memory, and time that goes by only when somebody waits.
import { NotifyError } from "../../src/domain/errors.ts";
import { decodeTurn, type Turn, TURN_KEY } from "../../src/domain/turn.ts";
import type { Deadline, StoredConfigMap } from "../../src/flow/ports.ts";
import type { TurnPorts, TurnStore } from "../../src/flow/turn.ts";

export class MemoryTurns {
  readonly lines: string[] = [];
  readonly requests: string[] = [];
  /** The next requests of that kind are refused so, the first one first. */
  readonly refusals: Partial<Record<keyof TurnStore, string[]>> = {};
  /** Called at every second that somebody waits. */
  onSecond: (second: number) => void = () => {};
  #stored: StoredConfigMap | undefined;
  #version = 0;
  #seconds = 0;
  #beats: (() => void)[] = [];

  get turn(): Turn | undefined {
    return decodeTurn(this.#stored?.data[TURN_KEY] ?? "");
  }

  set turn(turn: Turn | undefined) {
    this.#put(turn && { [TURN_KEY]: JSON.stringify(turn) });
  }

  get isThere(): boolean {
    return this.#stored !== undefined;
  }

  beat(): void {
    for (const action of this.#beats) action();
  }

  readonly store: TurnStore = {
    read: async () => {
      this.#enter("read");
      return this.#stored;
    },
    create: async (_name, data) => {
      this.#enter("create");
      if (this.#stored) throw conflict();
      this.#put(data);
      return String(this.#version);
    },
    change: async (_name, data, version) => {
      this.#enter("change");
      this.#check(version);
      this.#put(data);
    },
    remove: async (_name, version) => {
      this.#enter("remove");
      this.#check(version);
      this.#put(undefined);
    },
  };

  readonly ports: TurnPorts = {
    openStore: async () => this.store,
    createDeadline: (ms, stop) => this.#deadline(ms, stop),
    every: (_ms, action) => {
      this.#beats.push(action);
      return () => {
        this.#beats = this.#beats.filter((other) => other !== action);
      };
    },
    now: () => new Date(Date.UTC(2026, 10, 21, 12, 0, this.#seconds)),
    say: (line) => this.lines.push(line),
  };

  #deadline(ms: number, stop?: AbortSignal): Deadline {
    const end = this.#seconds + ms / 1000;
    return {
      signal: new AbortController().signal,
      remainingMs: () => (stop?.aborted ? 0 : Math.max(0, end - this.#seconds) * 1000),
      sleep: async (sleepMs) => {
        this.#seconds += sleepMs / 1000;
        this.onSecond(this.#seconds);
      },
      sooner: (limitMs) => this.#deadline(limitMs, stop),
    };
  }

  #enter(kind: keyof TurnStore): void {
    this.requests.push(kind);
    const code = this.refusals[kind]?.shift();
    if (code !== undefined) throw new NotifyError(code, `refused as ${code}`);
  }

  #check(version: string): void {
    if (this.#stored?.resourceVersion !== version) throw conflict();
  }

  #put(data: Readonly<Record<string, string>> | undefined): void {
    this.#version += 1;
    const metadata = { uid: "u1", createdAt: "", resourceVersion: String(this.#version) };
    this.#stored = data && { ...metadata, data };
  }
}

function conflict(): NotifyError {
  return new NotifyError("KUBE_CONFLICT", "the object has been modified");
}
