// Ratios of wall times, measured in one interleaved run: what disturbs the machine disturbs both sides.
import { spawn } from "node:child_process";

export interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

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
function runOnce({ name, command, env, cwd }: Subject): Promise<number> {
  const [file = "", ...argv] = command;
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(file, argv, {
      env: { ...(env ?? process.env) },
      stdio: ["ignore", "ignore", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
    });
    let said = "";
    child.stderr.on("data", (data: Buffer) => (said += data.toString()));
    child.on("error", reject);
    child.on("exit", (code) => {
      const ms = performance.now() - start;
      if (code === 0) resolve(ms);
      else reject(new Error(`${name} ended with ${code}: ${said}`));
    });
  });
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
