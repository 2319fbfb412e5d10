// A real Helm that is asked for its answer.
import type { RunHelmForOutput } from "../../src/flow/ports.ts";
import { readHelm } from "../../src/helm/run.ts";
import { type HelmMajor, helmPath } from "../../scripts/toolbox.ts";

export function helmOutput(major: HelmMajor): RunHelmForOutput {
  const world = { bin: helmPath(major), env: process.env };
  return (argv, input) =>
    readHelm(argv, world, { timeoutMs: 20_000, maxBytes: 1 << 24, ...(input && { input }) });
}
