// Reading and amending the ledger, which plugin and watcher write at the same time.
import { NotifyError } from "../domain/errors.ts";
import { decodeLedger, LEDGER_KEY, type Ledger, ledgerName } from "../domain/ledger.ts";
import type { Deadline, ReadConfigMap, StoredConfigMap, WriteConfigMap } from "./ports.ts";

export interface LedgerPorts {
  readonly read: ReadConfigMap;
  readonly write: WriteConfigMap;
}

const ATTEMPTS = 4;

/**
 * Writes what `change` makes of the ledger and returns the ledger as it was before; `change` returns `undefined` to leave it
 * alone. Where another writer was first, `change` is asked again with what that one wrote.
 */
export async function amendLedger(
  release: string,
  change: (ledger: Ledger | undefined) => Ledger | undefined,
  stored: LedgerPorts,
  deadline: Pick<Deadline, "signal">,
): Promise<Ledger | undefined> {
  return settleLedger(release, (before) => [change(before), before], stored, deadline);
}

/** As `amendLedger`, where there is more to decide than the ledger: `decide` says both. */
export async function settleLedger<T>(
  release: string,
  decide: (
    ledger: Ledger | undefined,
    stored: StoredConfigMap | undefined,
  ) => readonly [Ledger | undefined, T],
  stored: LedgerPorts,
  { signal }: Pick<Deadline, "signal">,
): Promise<T> {
  const name = ledgerName(release);
  for (let attempt = 1; ; attempt++) {
    const configMap = await stored.read(name, signal);
    const before = configMap && decodeStored(name, configMap.data[LEDGER_KEY]);
    const [after, decision] = decide(before, configMap);
    if (after === undefined || after === before) return decision;
    try {
      const data = { [LEDGER_KEY]: JSON.stringify(after) };
      await stored.write(name, data, configMap?.resourceVersion, signal);
      return decision;
    } catch (error) {
      const isConflict = error instanceof NotifyError && error.code === "KUBE_CONFLICT";
      if (!isConflict || attempt === ATTEMPTS) throw error;
    }
  }
}

/** `undefined` where there is none. */
export async function readLedger(
  release: string,
  read: ReadConfigMap,
  signal: AbortSignal,
): Promise<Ledger | undefined> {
  const name = ledgerName(release);
  const configMap = await read(name, signal);
  return configMap && decodeStored(name, configMap.data[LEDGER_KEY]);
}

/** A ledger this version cannot read may be a newer one's: it is not written over. */
function decodeStored(name: string, text: string | undefined): Ledger | undefined {
  if (text === undefined) return undefined;
  const ledger = decodeLedger(text);
  if (ledger === undefined) {
    throw new NotifyError("LEDGER_UNREADABLE", `the ledger in ConfigMap ${name} cannot be read`, {
      hint: "Upgrade helm-notify in the chart, or delete the ConfigMap if it was damaged.",
    });
  }
  return ledger;
}
