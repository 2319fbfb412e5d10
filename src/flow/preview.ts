// helm notify preview: every message of a chart and its values, before anybody else sees them.
import type { Cause } from "../domain/cause.ts";
import { describeRun, type Message, type RunDescription } from "../domain/message.ts";
import type { ReleaseRecord } from "../domain/record.ts";
import type { Action, Outcome } from "../domain/run.ts";
import { type BlockKit, toAnnouncement, toConfirmation } from "../render/block-kit.ts";
import { toTerminal } from "../render/terminal.ts";
import type { Say } from "../render/wording.ts";

export interface PreviewRequest {
  readonly release: string;
  readonly namespace: string;
  /** What the values would deploy. */
  readonly record: ReleaseRecord;
  readonly output: "text" | "json";
  readonly isColoured: boolean;
}

interface Preview extends BlockKit {
  readonly title: string;
}

/** For stdout, ending in a newline. Nothing is sent, and no cluster asked. */
export function previewMessages(request: PreviewRequest, say: Say): string {
  const previews = SAMPLES.flatMap(([title, sample]) => previewsOf(title, sample, request, say));
  if (request.output === "json") return `${JSON.stringify(previews.map(toJson), null, 2)}\n`;
  const options = { isColoured: request.isColoured };
  return previews
    .map(({ title, ...kit }) =>
      [`── ${title} ──`, ...toTerminal(kit, options), toBuilderUrl(kit), ""].join("\n"),
    )
    .join("\n");
}

/** Opens the message in Slack's own editor: https://app.slack.com/block-kit-builder */
function toBuilderUrl({ blocks }: Pick<BlockKit, "blocks">): string {
  return `https://app.slack.com/block-kit-builder/#${encodeURIComponent(JSON.stringify({ blocks }))}`;
}

type Sample = Pick<RunDescription, "action" | "phase"> &
  Partial<Pick<RunDescription, "outcome" | "cause" | "recovered">>;

const ended = (action: Action, outcome: Outcome, cause?: Cause): Sample => ({
  action,
  phase: "end",
  outcome,
  cause,
});

const SAMPLE_CAUSE: Cause = {
  description: "post-upgrade hooks failed: job migrate failed: BackoffLimitExceeded",
  hook: {
    kind: "Job",
    name: "migrate",
    reason: "BackoffLimitExceeded",
    log: ["applying 0042_orders.sql", 'ERROR: relation "orders" already exists'],
  },
  pods: [
    {
      pod: "example-5d9c7",
      container: "app",
      reason: "ImagePullBackOff",
      image: "registry.example.com/example:1.0.0",
    },
  ],
  morePods: 0,
  events: [],
  missing: [],
};

const SAMPLES: readonly (readonly [string, Sample])[] = [
  ["an install begins", { action: "install", phase: "start" }],
  ["an upgrade begins", { action: "upgrade", phase: "start" }],
  ["an upgrade is rolled out", ended("upgrade", { kind: "rolled-out" })],
  ["an upgrade is applied, not waited for", ended("upgrade", { kind: "applied" })],
  ["an upgrade fails before it applies anything", ended("upgrade", { kind: "not-applied" })],
  ["an upgrade fails and stays", ended("upgrade", { kind: "failed" }, SAMPLE_CAUSE)],
  [
    "an upgrade fails and is rolled back",
    ended("upgrade", { kind: "rolled-back", toRevision: 4 }, SAMPLE_CAUSE),
  ],
  ["an upgrade is interrupted", ended("upgrade", { kind: "interrupted" })],
  [
    "a killed upgrade is recovered",
    { ...ended("upgrade", { kind: "interrupted" }), recovered: { by: "john" } },
  ],
  ["the end of an upgrade is not seen", ended("upgrade", { kind: "unknown" })],
  ["a rollback begins", { action: "rollback", phase: "start" }],
  ["a rollback is rolled out", ended("rollback", { kind: "rolled-out" })],
  ["an uninstall ends", ended("uninstall", { kind: "applied" })],
];

function previewsOf(
  title: string,
  sample: Sample,
  request: PreviewRequest,
  say: Say,
): readonly Preview[] {
  const message = sampleMessage(sample, request);
  const announcement = { title, ...toAnnouncement(message, say) };
  if (message.phase === "start") return [announcement];
  return [announcement, { title: `${title}: in short`, ...toConfirmation(message, say) }];
}

const STARTED_AT = new Date("2026-01-01T12:00:00Z");
const ENDED_AT = new Date("2026-01-01T12:02:10Z");

function sampleMessage(sample: Sample, request: PreviewRequest): Message {
  const { release, namespace, record } = request;
  const isFirst = sample.action === "install";
  const isLast = sample.action === "uninstall";
  return describeRun({
    ...sample,
    id: "preview",
    release,
    namespace,
    revision: isFirst ? 1 : 5,
    starter: { actor: "jane", url: "https://ci.example.com/jobs/42" },
    startedAt: STARTED_AT,
    endedAt: sample.phase === "end" ? ENDED_AT : undefined,
    shipped: {},
    isLate: false,
    before: isFirst ? { kind: "nothing" } : { kind: "record", record: olderRecord(record) },
    after: isLast ? undefined : record,
  });
}

/** The first service comes from another tag, so that a change is to be seen. */
function olderRecord(record: ReleaseRecord): ReleaseRecord {
  const [first, ...others] = Object.entries(record.services);
  if (first === undefined) return record;
  const [name, service] = first;
  const older = { ...service, tag: "previous", revision: "0000000" };
  return { ...record, services: Object.fromEntries([[name, older], ...others]) };
}

function toJson({ title, text, blocks }: Preview): object {
  return { title, text, blocks, builder: toBuilderUrl({ blocks }) };
}
