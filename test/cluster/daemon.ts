// The long-lived processes inside the sandbox.
import { join } from "node:path";
import type { Place } from "./place.ts";
import { findProcess, recordProcess } from "./process-record.ts";
import { inside, type Sandbox, spawnDetached } from "./sandbox.ts";

export interface Daemon {
  readonly name: string;
  /** Of the multi-call binary, unless `program` says otherwise. */
  readonly argv: readonly string[];
  readonly program?: string;
  /** It reads files of this machine, not the cluster's. */
  readonly needsMachineFiles?: boolean;
}

/** The multi-call binary, in the place's folder. */
export const KUBE_PROGRAM = "kube";

// The parent is nsenter, which waits for it: so its process id, the one that is recorded, stands for both.
const ENDS_WITH_PARENT = ["setpriv", "--pdeathsig", "KILL"];

/** A running one is left alone. */
export function startDaemon(place: Place, sandbox: Sandbox, daemon: Daemon): void {
  const { name, argv, program, needsMachineFiles = false } = daemon;
  if (findDaemon(place, name) !== undefined) return;
  const command =
    program === undefined ? [`/var/${KUBE_PROGRAM}`, name, ...argv] : [program, ...argv];
  const pid = spawnDetached(
    [...inside(sandbox, { mounts: !needsMachineFiles }), ...ENDS_WITH_PARENT, ...command],
    join(place.folder, `log/${name}.log`),
  );
  recordProcess(recordOf(place, name), pid);
}

/** Its process id as this machine counts. */
export function findDaemon(place: Place, name: string): number | undefined {
  return findProcess(recordOf(place, name))?.pid;
}

function recordOf({ folder }: Place, name: string): string {
  return join(folder, "pids", name);
}
