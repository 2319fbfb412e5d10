// The program of a run's pod: the only file here that touches `process`.
import { runWatcher } from "./watcher.ts";

// What is being said when the pod is told to go is still said and written down, if that is quick: said and not written down,
// it is said again. The chart's terminationGracePeriodSeconds leaves time for it.
const GRACE_MS = 10_000;

async function main(): Promise<void> {
  const stop = new AbortController();
  const goSoon = () => {
    stop.abort();
    setTimeout(() => process.exit(0), GRACE_MS);
  };
  process.once("SIGTERM", goSoon);
  process.once("SIGINT", goSoon);
  await runWatcher({
    env: process.env,
    stop: stop.signal,
    warn: (line) => process.stderr.write(`helm notify: ${line}\n`),
  });
  // Not left to the event loop: a name server that does not answer would hold it.
  process.exit(0);
}

void main();
