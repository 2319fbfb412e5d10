// Whether a process of ours lives: by its beats in the cluster, looked at again and again.

export type Pulse = "alive" | "dead" | "not known";

/** What a process writes while it lives: a plugin to its run in the ledger, whoever changes a release to its turn. */
export interface Beating {
  readonly id: string;
  readonly beats?: number | undefined;
}

/** How long to pause between two looks. */
export const LOOK_MS = 1000;
// Beats come every five seconds.
const SILENT_LOOKS = 15;

/** Counts looks, not time: while the API is away, beats do not come through either. */
export function createPulse(): (seen: Beating | undefined) => Pulse {
  let heard = { id: "", beats: 0 };
  let silentLooks = 0;
  let hasRisen = false;
  return (seen) => {
    const { id = "", beats = 0 } = seen ?? {};
    const isSame = heard.id === id;
    hasRisen = isSame && (hasRisen || beats > heard.beats);
    silentLooks = isSame && beats === heard.beats ? silentLooks + 1 : 0;
    heard = { id, beats };
    if (silentLooks >= SILENT_LOOKS) return "dead";
    return hasRisen ? "alive" : "not known";
  };
}
