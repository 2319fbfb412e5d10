// What people read of a run, once it has been told to its end.
import { decodeLedger, ledgerName, type Run } from "../../src/domain/ledger.ts";
import { getConfigMap } from "../../src/kube/config-maps.ts";
import type { Deployer } from "./bed.ts";
import { toThreadTranscript, toTranscript } from "./slack/transcript.ts";

export interface Told {
  /** The announcement as it was posted. */
  readonly start: string;
  /** What is to be read in the end: the edited announcement and its thread, or the webhook's second message. */
  readonly end: string;
  /** How the ledger has it. */
  readonly run: Run | undefined;
}

type Listener = Pick<Deployer, "slack" | "api">;

/** Runs a command of the deployer's and waits until its run is told, by the plugin or by the pod. */
export async function tellOf(
  shop: Listener,
  release: string,
  command: () => Promise<unknown>,
): Promise<Told> {
  const heard = shop.slack.messages.length;
  const idBefore = (await readLastRun(shop, release))?.id;
  await command();
  const run = await untilTold(shop, release, idBefore);
  const messages = shop.slack.messages.slice(heard);
  const [first] = messages;
  const start = first === undefined ? "" : toTranscript(first);
  const place = shop.slack.channel().find(({ ts }) => ts === first?.ts);
  const isThreaded = first?.method === "chat.postMessage" && place !== undefined;
  const end = isThreaded
    ? toThreadTranscript(place)
    : messages.slice(1).map(toTranscript).join("\n");
  return { start, end, run };
}

/** The pod tells when it can: nothing but looking again says when that is. */
async function untilTold(shop: Listener, release: string, idBefore: string | undefined) {
  for (;;) {
    const run = await readLastRun(shop, release);
    if (run !== undefined && run.id !== idBefore && isTold(run)) return run;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function isTold({ phase, tellings }: Run): boolean {
  return phase === "ended" && Object.values(tellings ?? {}).some(({ told }) => told === "end");
}

async function readLastRun({ api }: Listener, release: string): Promise<Run | undefined> {
  const ledger = await getConfigMap(api, ledgerName(release));
  return decodeLedger(ledger?.data["ledger.json"] ?? "")?.run;
}
