import { differ, diffServices, isSameDigest } from "../domain/diff.ts";
import { beforeOf, type Run } from "../domain/ledger.ts";
import type { Shipped } from "../domain/shipped.ts";
import { isCommit, isSame } from "../domain/source-link.ts";
import type { Deadline, ReadShipped } from "./ports.ts";
import { someAtATime } from "./some-at-a-time.ts";

const SHIPPED_MS = 5000;
const PARALLEL = 8;

interface Question {
  readonly source: string;
  readonly from: string;
  readonly to: string;
  /** Services of one repository often move together. */
  readonly names: string[];
}

/** What a run ships, by the service's name. What no Git host tells in time is left out. */
export async function shippedOf(
  run: Run,
  readShipped: ReadShipped,
  deadline: Deadline,
): Promise<Readonly<Record<string, Shipped>>> {
  const questions = questionsOf(run);
  if (questions.length === 0) return {};
  const { signal } = deadline.sooner(SHIPPED_MS);
  const found = await someAtATime(questions, PARALLEL, async ({ source, from, to, names }) => {
    const shipped = signal.aborted ? undefined : await readShipped(source, from, to, signal);
    return shipped ? names.map((name) => [name, shipped] as const) : [];
  });
  return Object.fromEntries(found.flat());
}

function questionsOf(run: Run): readonly Question[] {
  const before = beforeOf(run);
  if (before.kind !== "record") return [];
  const questions = new Map<string, Question>();
  for (const change of diffServices(before.record, run.to).changes) {
    if (change.kind === "added" || change.kind === "removed") continue;
    if (isSameDigest(change.from, change.to)) continue;
    const source = change.to.source ?? change.from.source;
    const [from, to] = [change.from.revision ?? "", change.to.revision ?? ""];
    if (source === undefined || differ(change.from.source, change.to.source)) continue;
    if (!isCommit(from) || !isCommit(to) || isSame(from, to)) continue;
    const id = JSON.stringify([source, from, to]);
    const question = questions.get(id) ?? { source, from, to, names: [] };
    question.names.push(change.name);
    questions.set(id, question);
  }
  return [...questions.values()];
}
