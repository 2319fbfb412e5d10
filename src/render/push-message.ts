// What was pushed: as a message for people, as an event for programs.
import type { ImageReference } from "../domain/image-reference.ts";
import type { Push } from "../domain/push.ts";
import { commitUrl, isCommit } from "../domain/source-link.ts";
import { type BlockKit, context, fitting, toSections } from "./block-kit.ts";
import { escapeText, link } from "./mrkdwn.ts";

// Of what block-kit.ts says that a message has room for.
const LINES_LIMIT = 10_000;
// Escaping makes a text up to five times as long; with these any line fits a section.
const LABEL = 100;
const SHORT_LABEL = 60;
// Notifications show little more.
const TEXT_COUNT = 5;

/** Every image with its tag, linked to its commit. Those that do not fit are counted. */
export function toPushMessage(push: Push): BlockKit {
  const plain = push.images.map((image) => toLine(image, push, undefined));
  const page = pageOf(push);
  const linked = push.images.map((image) => toLine(image, push, page));
  const [only = "", ...others] = linked;
  const lines =
    others.length === 0
      ? [`Pushed ${only}`]
      : [`Pushed ${linked.length} images`, ...counted(fitting(linked, LINES_LIMIT), linked.length)];
  const footer = toFooter(push);
  return {
    text: `Pushed ${counted(plain.slice(0, TEXT_COUNT), plain.length).join(", ")}`.replaceAll(
      "*",
      "",
    ),
    blocks: [...toSections(lines), ...(footer === "" ? [] : [context(footer)])],
  };
}

/**
 * The same for programs: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md. A contract with
 * whoever receives it, as in cloud-event.ts.
 */
export function toPushEvent({ images, starter, ...origin }: Push, id: string, at: Date) {
  return {
    specversion: "1.0",
    id,
    source: "/helm-notify/announce",
    type: "dev.helm-notify.image.pushed",
    time: at.toISOString(),
    datacontenttype: "application/json",
    data: { images, ...origin, ...starter },
  } as const;
}

function pageOf({ source, revision }: Push): string | undefined {
  return source === undefined || revision === undefined ? undefined : commitUrl(source, revision);
}

function toLine(image: ImageReference, push: Push, page: string | undefined): string {
  const { tag, digest = "" } = image;
  const name = escapeText(nameOf(image, push.images), LABEL);
  const label = link(page, tag ?? digest.slice(0, SHORT_DIGEST), LABEL);
  return `*${name}* ${label}${push.revision === undefined ? "" : ` (${shortOf(push.revision)})`}`;
}

/** The last part of its path, unless another one's is the same. */
function nameOf({ repository }: ImageReference, all: readonly ImageReference[]): string {
  const name = lastPart(repository);
  const isShared = all.some(
    (other) => other.repository !== repository && lastPart(other.repository) === name,
  );
  return isShared ? repository : name;
}

function lastPart(repository: string): string {
  return repository.slice(repository.lastIndexOf("/") + 1);
}

const SHORT_DIGEST = "sha256:".length + 12;

function shortOf(revision: string): string {
  return isCommit(revision) ? revision.slice(0, 7) : escapeText(revision, SHORT_LABEL);
}

function toFooter({ ref, starter: { actor, url } }: Push): string {
  return [
    ...(actor === undefined ? [] : [`by ${escapeText(actor, SHORT_LABEL)}`]),
    ...(url === undefined ? [] : [link(url, "run")]),
    ...(ref === undefined ? [] : [escapeText(ref, LABEL)]),
  ].join(" · ");
}

function counted(shown: readonly string[], count: number): readonly string[] {
  const rest = count - shown.length;
  return rest === 0 ? shown : [...shown, `+${rest} more`];
}
