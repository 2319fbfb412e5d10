// Ratios of wall times, measured in one interleaved run: what disturbs the machine disturbs both sides.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as wait } from "node:timers/promises";

export interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
  /** Before every round; not measured. */
  readonly prepare?: () => Promise<unknown>;
  /** What the time runs to, of a command that does not end by itself; without it, to the command's end. */
  readonly until?: () => Promise<unknown>;
}

const LIMIT_MS = 60_000;

/** Milliseconds of every round, by the subject's name. */
export type Times = ReadonlyMap<string, readonly number[]>;

/** Every subject once a round, each round in another order; the first round only warms up. */
export async function measure(
  subjects: readonly Subject[],
  rounds: number,
  log: (line: string) => void,
): Promise<Times> {
  const times = new Map<string, number[]>(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (const subject of shuffled(subjects)) {
      const ms = await runOnce(subject);
      if (round > 0) times.get(subject.name)?.push(ms);
    }
    log(`round ${round} of ${rounds}`);
  }
  return times;
}

/** Not spawnSync: servers of the bench answer meanwhile. */
async function runOnce({ name, command, env, cwd, prepare, until }: Subject): Promise<number> {
  await prepare?.();
  const [file = "", ...argv] = command;
  const start = performance.now();
  const child = spawn(file, argv, {
    env: { ...(env ?? process.env) },
    stdio: ["ignore", "ignore", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const end = async () => {
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${said}`);
  };
  const timer = new AbortController();
  const giveUp = async () => {
    await wait(LIMIT_MS, undefined, { signal: timer.signal });
    throw new Error(`${name} takes longer than ${LIMIT_MS} ms: ${said}`);
  };
  const ended = end();
  const reached = until === undefined ? ended : until();
  try {
    await Promise.race([reached, ended.then(() => reached), giveUp()]);
    return performance.now() - start;
  } finally {
    timer.abort();
    child.kill("SIGKILL");
    await Promise.allSettled([ended]);
  }
}

export interface Spread {
  readonly median: number;
  /** Of the quotients of one round each. */
  readonly quartiles: readonly [number, number];
}

/** The ratio of the medians, with the spread of the rounds' own ratios. */
export function ratioOf(times: Times, subject: string, base: string): Spread {
  const above = times.get(subject) ?? [];
  const below = times.get(base) ?? [];
  const ratios = above.map((ms, round) => ms / (below[round] ?? Number.NaN));
  return {
    median: quantile(above, 0.5) / quantile(below, 0.5),
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .toSorted((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
