// The hook Job's program: the only file here that touches `process`.
import { runHook } from "./hook.ts";

async function main(): Promise<void> {
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  process.once("SIGINT", () => stop.abort());
  const status = await runHook({
    env: process.env,
    stop: stop.signal,
    print: (line) => process.stdout.write(`${line}\n`),
    warn: (line) => process.stderr.write(`helm notify: ${line}\n`),
  });
  // Not left to the event loop: a name server that does not answer would hold it beyond the deadline.
  process.exit(status);
}

void main();
