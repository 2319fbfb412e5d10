// The messages of a deploy as Slack shows them, as SVG: drawn from what the hook would send.
import type { ReleaseRecord } from "../src/domain/record.ts";
import type { Cause } from "../src/domain/cause.ts";
import { describeRun, type RunDescription } from "../src/domain/message.ts";
import { toAnnouncement } from "../src/render/block-kit.ts";
import { say } from "../src/render/wording.ts";

const WIDTH = 720;
const LINE = 24;
const SMALL = 20;
const INDENT = 76;

const revision = (digit: string) => digit.repeat(40);
const service = (name: string, tag: string, digit: string) => ({
  [name]: { tag, revision: revision(digit), source: `https://github.com/acme/${name}` },
});
const recordOf = (api: string, web: string, digit: string): ReleaseRecord => ({
  v: 1,
  environment: "production",
  chart: { name: "shop", version: "1.8.0" },
  services: {
    ...service("api", api, digit),
    ...service("web", web, digit),
    ...service("mailer", "1.0.7", "c"),
    ...service("scheduler", "0.9.4", "d"),
    ...service("worker", "1.3.2", "e"),
  },
});

export function toPicture(): string {
  const run: RunDescription = {
    id: "run-1",
    phase: "start",
    action: "upgrade",
    release: "shop",
    namespace: "shop",
    starter: { actor: "jane", url: "https://ci.example.com/jobs/42" },
    startedAt: new Date("2026-11-21T12:00:00Z"),
    shipped: {},
    isLate: false,
    before: { kind: "record", record: recordOf("1.3.2", "2.8.0", "a") },
    after: recordOf("1.4.0", "2.9.0", "b"),
  };
  const end = { phase: "end", endedAt: new Date("2026-11-21T12:02:10Z"), revision: 42 } as const;
  const done: RunDescription = { ...run, ...end, outcome: { kind: "rolled-out" } };
  const failed: RunDescription = {
    ...run,
    ...end,
    outcome: { kind: "rolled-back", toRevision: 41 },
    cause: CAUSE,
  };
  const drawn: string[] = [];
  let y = 12;
  for (const [title, { blocks }] of [
    ["while it runs", toAnnouncement(describeRun(run), say)],
    ["the same message, two minutes later", toAnnouncement(describeRun(done), say)],
    ["or", toAnnouncement(describeRun(failed), say)],
  ] as const) {
    drawn.push(`<text x="24" y="${y + 14}" class="small">${title}</text>`);
    y += 26;
    drawn.push(sender(y));
    y += 24;
    for (const { text, style } of linesOf(blocks)) {
      y += style === "" ? LINE : SMALL;
      drawn.push(`<text x="${INDENT}" y="${y}" class="${style}">${toSpans(text)}</text>`);
    }
    y += 22;
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" role="img" aria-label="A Slack message while a deploy runs, the same message when it is done, and when it failed">
<style>text{font:15px Lato,"Helvetica Neue",Arial,sans-serif;fill:#1d1c1d}.b{font-weight:700}.a{fill:#1264a3}.code{font-family:Monaco,Menlo,monospace;font-size:12px}.small,.app{font-size:13px;fill:#616061}</style>
<rect width="${WIDTH}" height="${y}" fill="#fff" stroke="#ddd"/>
${drawn.join("\n")}
</svg>
`;
}

const CAUSE: Cause = {
  hook: {
    kind: "Job",
    name: "shop-migrate",
    reason: "BackoffLimitExceeded",
    log: ["applying 0042_orders.sql", 'ERROR: relation "orders" already exists'],
  },
  pods: [],
  morePods: 0,
  events: [],
  missing: [],
};

function sender(y: number): string {
  return `<rect x="24" y="${y}" width="36" height="36" rx="5" fill="#0f1689"/><text x="42" y="${y + 24}" text-anchor="middle" style="fill:#fff;font-weight:700">hn</text>
<text x="${INDENT}" y="${y + 14}" class="b">helm-notify <tspan class="app" font-weight="400">APP</tspan></text>`;
}

interface Line {
  readonly text: string;
  readonly style: "" | "small" | "code";
}

/** Sections and contexts are all that a message has. */
function linesOf(blocks: readonly object[]): Line[] {
  return blocks.flatMap((block) => {
    if ("elements" in block && Array.isArray(block.elements)) {
      return block.elements.flatMap((element: unknown) => toLines(textOf(element), "small"));
    }
    return toLines(textOf("text" in block && block.text), "");
  });
}

function toLines(text: string, style: Line["style"]): Line[] {
  return text.split("```").flatMap((part, index) =>
    part
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line): Line => ({ text: line, style: index % 2 === 1 ? "code" : style })),
  );
}

function textOf(element: unknown): string {
  return typeof element === "object" && element !== null && "text" in element
    ? String(element.text)
    : "";
}

/** mrkdwn: `*bold*` and `<address|label>`; the rest is escaped as XML wants it already. */
function toSpans(mrkdwn: string): string {
  return mrkdwn
    .replaceAll(/<[^|>]*\|([^>]*)>/g, "\u0001$1\u0002")
    .replaceAll(/\*([^*]+)\*/g, '<tspan class="b">$1</tspan>')
    .replaceAll("\u0001", '<tspan class="a">')
    .replaceAll("\u0002", "</tspan>")
    .replaceAll("  ", "\u00a0 ");
}
