// The process as the commands see it: only src/main.ts makes one.
import type { Terminal } from "./io/ask.ts";
import type { RunWorld } from "./helm/run.ts";

/** What the commands may use of the process. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly pid: number;
  /** Whether there is such a process on this machine. */
  readonly isRunning: (pid: number) => boolean;
  /** Whether a person can answer questions. */
  readonly isInteractive: boolean;
  /** Whether stdout is a terminal that shows colours. */
  readonly isColoured: boolean;
  /** A line for the person, on stderr. */
  readonly say: (line: string) => void;
  readonly writeOut: (text: string) => void;
  /** Where a person is asked: stdout may be a file. */
  readonly terminal: Terminal;
  /** All that comes from an open file, 0 for stdin. */
  readonly readDescriptor: (descriptor: number) => Promise<Buffer>;
  readonly helm: () => RunWorld;
  /** Done first where a signal ends the process before Helm runs; returns the end of that. */
  readonly beforeEnd: (action: () => Promise<void>) => () => void;
}
