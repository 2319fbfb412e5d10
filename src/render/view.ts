// What the texts may say: a message's facts as safe mrkdwn. Everything of outside is escaped here, once.
import type { Cause, PodTrouble } from "../domain/cause.ts";
import { differ, differInRevision, isSameDigest, type ServiceChange } from "../domain/diff.ts";
import type { Message, PassedLock } from "../domain/message.ts";
import type { ServiceRecord } from "../domain/record.ts";
import type { Commit, Shipped } from "../domain/shipped.ts";
import { commitUrl, compareUrl } from "../domain/source-link.ts";
import { escapeText, link, moment } from "./mrkdwn.ts";
import { toDuration } from "./moments.ts";
import type { TEXT_VARIABLES, TextName } from "./texts.ts";

type Value = string | number | boolean | undefined;
/** Exactly what a text may say: a template that names anything else is refused (wording.ts). */
type ViewOf<Name extends TextName> = Readonly<Record<keyof (typeof TEXT_VARIABLES)[Name], Value>>;

// Escaping makes a text up to five times as long; with these, any line fits a section without its links.
const LINE_LABEL = 100;
const SHORT_LABEL = 60;
// Of what Kubernetes says.
const DETAIL_LABEL = 200;

export interface ViewOptions {
  readonly isShort: boolean;
  readonly isLinked: boolean;
}

/** The facts of the run itself. */
export function toView(message: Message): ViewOf<"start"> {
  const { action, outcome, starter, chart } = message;
  return {
    action,
    isRollback: action === "rollback",
    isUninstall: action === "uninstall",
    isFirst: message.before === "nothing" && action === "install",
    release: escapeText(message.release, LINE_LABEL),
    namespace: escapeText(message.namespace, LINE_LABEL),
    environment: escapeText(message.environment ?? "", LINE_LABEL),
    place: escapeText(message.environment ?? `namespace ${message.namespace}`, LINE_LABEL),
    chart: chart && escapeText(`${chart.name} ${chart.version}`, LINE_LABEL),
    revision: message.revision,
    toRevision: outcome?.kind === "rolled-back" ? outcome.toRevision : undefined,
    unchanged: message.unchangedCount,
    actor: escapeText(starter.actor ?? "", SHORT_LABEL),
    run: starter.url === undefined ? "" : link(starter.url, "run"),
    duration: durationOf(message),
    time: moment(message.startedAt),
  };
}

export function toRecoveredView({ recovered, revision }: Message): ViewOf<"recovered"> {
  return { recoverer: escapeText(recovered?.by ?? "", SHORT_LABEL), revision };
}

function durationOf({ startedAt, endedAt, outcome, recovered }: Message): string {
  // A run whose end nobody saw is closed when the next one begins, or by who recovers the release.
  if (endedAt === undefined || outcome?.kind === "unknown" || recovered) return "";
  // Clocks of two machines may disagree.
  return toDuration(endedAt.getTime() - startedAt.getTime());
}

/** The facts of one changed service. */
export function toChangeView(
  change: ServiceChange,
  message: Message,
  { isShort, isLinked }: ViewOptions,
): ViewOf<"changed"> {
  const limit = isShort ? SHORT_LABEL : LINE_LABEL;
  const from = "from" in change ? change.from : undefined;
  const to = "to" in change ? change.to : undefined;
  const source = to?.source ?? from?.source;
  const [fromLabel, toLabel] = labels(from, to);
  const page = (service: ServiceRecord | undefined) => {
    const { source: repository = source, revision } = service ?? {};
    if (!isLinked || repository === undefined || revision === undefined) return undefined;
    return commitUrl(repository, revision);
  };
  const url = isLinked ? compareOf(from, to) : undefined;
  return {
    name: escapeText(change.name, limit),
    from: link(page(from), fromLabel, limit),
    // It is linked already, and may have been left behind beside the new tag.
    to: link(change.kind === "rebuilt" ? undefined : page(to), toLabel, limit),
    fromName: change.kind === "renamed" ? escapeText(change.fromName, limit) : "",
    isSameTag: fromLabel === toLabel,
    isNew: message.before === "record",
    isRemoved: message.action !== "uninstall",
    compare: url === undefined ? "" : link(url, "compare"),
    image: differ(from?.image, to?.image) ? escapeText(to?.image ?? "", limit) : "",
    fromDigest: shortDigest(from?.digest),
    toDigest: shortDigest(to?.digest),
    isSameDigest: from !== undefined && to !== undefined && isSameDigest(from, to),
    ...directionOf(change, message),
  };
}

/** What ships with a service, where its Git host could be asked. */
export function shippedOf({ shipped }: Message, service: string): Shipped | undefined {
  return Object.hasOwn(shipped, service) ? shipped[service] : undefined;
}

type Direction = Pick<
  ViewOf<"changed">,
  "isDowngrade" | "droppedCommits" | "isOneDropped" | "isSameCode"
>;

/** The Git host knows better than the tags: a tag may say less, and hold more. */
function directionOf(change: ServiceChange, message: Message): Direction {
  const found = shippedOf(message, change.name);
  const isLower = change.kind === "changed" && change.isDowngrade;
  const isBack = found?.direction === "behind" || found?.direction === "diverged";
  const droppedCommits = isBack ? found.behindBy : 0;
  return {
    isDowngrade: found?.direction === "behind" || (isLower && (isBack || found === undefined)),
    droppedCommits,
    isOneDropped: droppedCommits === 1,
    isSameCode: found?.direction === "identical",
  };
}

export function toPassedLockView({ by, reason, why }: PassedLock): ViewOf<"passed lock"> {
  return {
    by: escapeText(by ?? "", SHORT_LABEL),
    reason: escapeText(reason, DETAIL_LABEL),
    why: escapeText(why ?? "", DETAIL_LABEL),
  };
}

export function toCommitView({ revision, subject, author, url }: Commit): ViewOf<"commit"> {
  return {
    revision: link(url, revision.slice(0, 7)),
    subject: escapeText(subject, LINE_LABEL),
    author: escapeText(author, SHORT_LABEL),
  };
}

export function toPodView(trouble: PodTrouble): ViewOf<"pod"> {
  const { pod, container, reason, message, image } = trouble;
  return {
    pod: escapeText(pod, LINE_LABEL),
    container: escapeText(container ?? "", LINE_LABEL),
    reason: escapeText(reason, LINE_LABEL),
    image: escapeText(image ?? "", DETAIL_LABEL),
    detail: escapeText(message ?? "", DETAIL_LABEL),
  };
}

export function toEventView({ about, reason, message }: Cause["events"][number]): ViewOf<"event"> {
  return {
    about: escapeText(about, LINE_LABEL),
    reason: escapeText(reason, LINE_LABEL),
    detail: escapeText(message, DETAIL_LABEL),
  };
}

export function toHookView({ kind, name, reason }: NonNullable<Cause["hook"]>): ViewOf<"hook"> {
  return {
    kind: escapeText(kind, SHORT_LABEL),
    name: escapeText(name, LINE_LABEL),
    reason: escapeText(reason ?? "", DETAIL_LABEL),
  };
}

/** A tag that moved, like `latest`, is told apart by its revisions. */
function labels(
  from: ServiceRecord | undefined,
  to: ServiceRecord | undefined,
): readonly [string, string] {
  const isMoved = from?.tag === to?.tag && differInRevision(from?.revision, to?.revision);
  const label = (service: ServiceRecord | undefined) => {
    const { tag = "", revision = "" } = service ?? {};
    return isMoved ? `${tag} (${revision.slice(0, 7)})` : tag;
  };
  return [label(from), label(to)];
}

/** Two revisions can be compared only where they lie in one repository. */
function compareOf(
  from: ServiceRecord | undefined,
  to: ServiceRecord | undefined,
): string | undefined {
  const source = to?.source ?? from?.source;
  if (source === undefined || differ(from?.source, to?.source)) return undefined;
  if (from?.revision === undefined || to?.revision === undefined) return undefined;
  return compareUrl(source, from.revision, to.revision);
}

function shortDigest(digest: string | undefined): string {
  return digest === undefined ? "none" : escapeText(digest.replace(/^sha256:/, "").slice(0, 12));
}
