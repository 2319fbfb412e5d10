// What the texts may say: a message's facts as safe mrkdwn. Everything of outside is escaped here, once.
import { differ, type ServiceChange } from "../domain/diff.ts";
import type { Message } from "../domain/message.ts";
import type { ServiceRecord } from "../domain/record.ts";
import { commitUrl, compareUrl } from "../domain/source-link.ts";
import { escapeText, link } from "./mrkdwn.ts";
import type { View } from "./wording.ts";

// Escaping makes a text up to five times as long; with these, any line fits a section without its links.
const LINE_LABEL = 100;
const SHORT_LABEL = 60;

export interface ViewOptions {
  readonly isShort: boolean;
  readonly isLinked: boolean;
}

/** The facts of the run itself. */
export function toView(message: Message): View {
  return {
    isRollback: message.action === "rollback",
    isApplied: message.isWaited === false,
    isFirst: message.before === "nothing",
    release: escapeText(message.release, LINE_LABEL),
    namespace: escapeText(message.namespace, LINE_LABEL),
    environment: escapeText(message.environment, LINE_LABEL),
    chart: escapeText(`${message.chart.name} ${message.chart.version}`, LINE_LABEL),
    revision: message.revision,
    unchanged: message.unchangedCount,
  };
}

/** The facts of one changed service. */
export function toChangeView(change: ServiceChange, message: Message, options: ViewOptions): View {
  const limit = options.isShort ? SHORT_LABEL : LINE_LABEL;
  const common = {
    name: escapeText(change.name, limit),
    isNew: message.before === "record",
  };
  const tag = (service: ServiceRecord, source: string | undefined, label = service.tag) =>
    link(
      options.isLinked && source !== undefined && service.revision !== undefined
        ? commitUrl(source, service.revision)
        : undefined,
      label,
      limit,
    );
  if (change.kind === "added") return { ...common, to: tag(change.to, change.to.source) };
  if (change.kind === "removed") return { ...common, from: tag(change.from, change.from.source) };

  const { from, to } = change;
  const source = to.source ?? from.source;
  const [fromLabel, toLabel] = labels(from, to);
  const url = options.isLinked ? compareOf(from, to) : undefined;
  return {
    ...common,
    from: tag(from, from.source ?? source, fromLabel),
    to: tag(to, source, toLabel),
    isSameTag: fromLabel === toLabel,
    compare: url === undefined ? "" : link(url, "compare"),
    image: differ(from.image, to.image) ? escapeText(to.image ?? "", limit) : "",
    fromDigest: shortDigest(from.digest),
    toDigest: shortDigest(to.digest),
  };
}

/** A tag that moved, like `latest`, is told apart by its revisions. */
function labels(from: ServiceRecord, to: ServiceRecord): readonly [string, string] {
  if (from.tag !== to.tag || !differ(from.revision, to.revision)) return [from.tag, to.tag];
  return [tagWithRevision(from), tagWithRevision(to)];
}

function tagWithRevision({ tag, revision }: ServiceRecord): string {
  return `${tag} (${revision?.slice(0, 7)})`;
}

/** Two revisions can be compared only where they lie in one repository. */
function compareOf(from: ServiceRecord, to: ServiceRecord): string | undefined {
  const source = to.source ?? from.source;
  if (source === undefined || differ(from.source, to.source)) return undefined;
  if (from.revision === undefined || to.revision === undefined) return undefined;
  return compareUrl(source, from.revision, to.revision);
}

function shortDigest(digest: string | undefined): string {
  return digest === undefined ? "none" : escapeText(digest.replace(/^sha256:/, "").slice(0, 12));
}
