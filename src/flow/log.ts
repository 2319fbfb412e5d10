// helm notify log: who deployed what, when, and how it ended.
import { runsOf } from "../domain/ledger.ts";
import { decodeTurn, lockOf, TURN_KEY, turnName } from "../domain/turn.ts";
import { toLogCsv, toLogJson, toLogTable } from "../render/log-table.ts";
import type { EnvironmentCluster } from "./environment.ts";
import { readLedger } from "./ledger-book.ts";

export interface LogOptions {
  readonly output: "table" | "json" | "csv";
  /** How many runs, the newest first; all that the ledger keeps where it is absent. */
  readonly limit: number | undefined;
}

/** For stdout, ending in a newline. Refuses a ledger that cannot be read. */
export async function showLog(
  release: string,
  { output, limit }: LogOptions,
  { namespace, readConfigMap }: Pick<EnvironmentCluster, "namespace" | "readConfigMap">,
  signal: AbortSignal,
  now: Date,
): Promise<string> {
  const [ledger, turn] = await Promise.all([
    readLedger(release, readConfigMap, signal),
    // Who may read no lock reads the log all the same.
    readConfigMap(turnName(release), signal).catch(() => undefined),
  ]);
  const lock = lockOf(decodeTurn(turn?.data[TURN_KEY] ?? ""), now);
  const log = { release, namespace, lock, runs: runsOf(ledger).slice(0, limit) };
  switch (output) {
    case "table":
      return `${toLogTable(log).join("\n")}\n`;
    case "json":
      return `${JSON.stringify(toLogJson(log), null, 2)}\n`;
    case "csv":
      return toLogCsv(log);
  }
}
