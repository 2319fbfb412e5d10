// npm run bench: every promise about speed as a ratio, on the real API server. A broken budget fails the bench.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "../../scripts/build.ts";
import { openCluster, readChoice } from "../cluster/reachable-cluster.ts";
import { measure, quantile, ratioOf, type Times } from "./measure.ts";
import { hookSubjects, podSubjects } from "./hook-subjects.ts";
import {
  openGround,
  planSubjects,
  startSubjects,
  toldSubjects,
  upgradeSubjects,
} from "./subjects.ts";

interface Budget {
  readonly subject: string;
  readonly base: string;
  readonly atMost: number;
}

const BUDGETS: readonly Budget[] = [
  { subject: "helm-notify --version", base: "empty node", atMost: 1.1 },
  { subject: "helm-notify upgrade", base: "helm upgrade", atMost: 1.45 },
  { subject: "helm-notify upgrade, large", base: "helm upgrade, large", atMost: 1.45 },
  { subject: "helm-notify upgrade", base: "usual script", atMost: 0.8 },
  // Chosen here: README.md.
  { subject: "helm-notify upgrade, telling", base: "helm upgrade, told chart", atMost: 2 },
  { subject: "helm-notify version", base: "helm version", atMost: 1.9 },
  { subject: "hook program", base: "python", atMost: 0.7 },
  { subject: "hook program", base: "empty node", atMost: 2.1 },
  { subject: "hook pod", base: "idle pod", atMost: 1.25 },
  { subject: "plan for 500", base: "plan for 5", atMost: 1.5 },
];

const ROUNDS = Number(process.argv[2] ?? 20);
// Seconds each, and steady.
const POD_ROUNDS = Math.ceil(ROUNDS / 4);

await build(log);
const cluster = await openCluster(readChoice(process.env), log);
const ground = await openGround(cluster);
try {
  const subjects = [
    ...startSubjects(ground),
    ...(await upgradeSubjects(ground)),
    ...(await toldSubjects(ground)),
    ...(await planSubjects(ground)),
    ...(await hookSubjects(ground)),
  ];
  const times = await measure(subjects, ROUNDS, log);
  const pods = await measure(await podSubjects(ground), POD_ROUNDS, log);
  report(new Map([...times, ...pods]));
} finally {
  await ground.close();
}

function report(times: Times): void {
  const rows = BUDGETS.map(({ subject, base, atMost }) => {
    const { median, quartiles } = ratioOf(times, subject, base);
    return {
      ratio: `${subject} / ${base}`,
      median,
      quartiles,
      budget: atMost,
      isMet: median <= atMost,
    };
  });
  const milliseconds = Object.fromEntries(
    [...times].map(([name, values]) => [name, Math.round(quantile(values, 0.5))]),
  );
  const path = join(import.meta.dirname, "../../dist/bench.json");
  writeFileSync(path, `${JSON.stringify({ rounds: ROUNDS, rows, milliseconds }, null, 2)}\n`);
  const width = Math.max(...rows.map(({ ratio }) => ratio.length));
  for (const { ratio, median, quartiles, budget, isMet } of rows) {
    const spread = quartiles.map((value) => value.toFixed(2)).join("–");
    console.log(
      `${ratio.padEnd(width)}  ${median.toFixed(2)}  (${spread})  budget ${budget.toFixed(2)}  ${isMet ? "met" : "BROKEN"}`,
    );
  }
  if (rows.some(({ isMet }) => !isMet)) process.exitCode = 1;
}

function log(line: string): void {
  console.error(line);
}
