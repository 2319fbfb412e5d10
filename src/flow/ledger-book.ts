// Reading and amending the ledger, which plugin and hooks write at the same time.
import { NotifyError } from "../domain/errors.ts";
import { decodeLedger, LEDGER_KEY, type Ledger, ledgerName } from "../domain/ledger.ts";
import type { Deadline, ReadConfigMap, WriteConfigMap } from "./ports.ts";

const ATTEMPTS = 4;

/**
 * Writes what `change` makes of the ledger and returns the ledger as it was before; `change` returns `undefined` to leave it
 * alone. Where another writer was first, `change` is asked again with what that one wrote.
 */
export async function amendLedger(
  release: string,
  change: (ledger: Ledger | undefined) => Ledger | undefined,
  stored: { readonly read: ReadConfigMap; readonly write: WriteConfigMap },
  deadline: Deadline,
): Promise<Ledger | undefined> {
  const name = ledgerName(release);
  for (let attempt = 1; ; attempt++) {
    const configMap = await stored.read(name, deadline.signal);
    const before = configMap && decodeStored(name, configMap.data[LEDGER_KEY]);
    const after = change(before);
    if (after === undefined) return before;
    try {
      const data = { [LEDGER_KEY]: JSON.stringify(after) };
      await stored.write(name, data, configMap?.resourceVersion, deadline.signal);
      return before;
    } catch (error) {
      const isConflict = error instanceof NotifyError && error.code === "KUBE_CONFLICT";
      if (!isConflict || attempt === ATTEMPTS) throw error;
    }
  }
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
