// What the commit of a bump says, to people and in trailers to programs.
import type { PlannedBump } from "./bump.ts";

/** What a template may use, and what the message is made of. */
export interface CommitView {
  readonly environment: string;
  readonly services: readonly CommitService[];
  /** The first line and the text below it, as they are without a template. */
  readonly subject: string;
  readonly body: string;
}

interface CommitService {
  readonly name: string;
  readonly tag: string;
  readonly from: string | undefined;
  readonly image: string | undefined;
  readonly digest: string | undefined;
  readonly revision: string | undefined;
  readonly ref: string | undefined;
  /** `acme/api`: with `@REVISION` behind it, Git hosts make a link of it. */
  readonly repository: string | undefined;
}

// https://git-scm.com/docs/SubmittingPatches#describe-changes and most hosts: what is longer is cut.
const SUBJECT_LIMIT = 72;
const TRAILER = /^[A-Za-z0-9-]+[ \t]*:/;
const GITS_TRAILER = /^(?:Signed-off-by: |\(cherry picked from commit )/;

export function toCommitView(environment: string, planned: readonly PlannedBump[]): CommitView {
  const services = planned.map(toCommitService);
  return {
    environment,
    services,
    subject: toSubject(environment, services),
    body: services.flatMap(toOrigin).join("\n"),
  };
}

/** The whole message: `template` is what a template made of the view, if there is one. Trailers are always there. */
export function toCommitMessage(view: CommitView, template?: string): string {
  const said = template ?? [view.subject, view.body].filter((part) => part !== "").join("\n\n");
  const text = said.trim();
  const gap = endsInTrailers(text) ? "\n" : "\n\n";
  return `${text}${gap}${view.services.flatMap(toTrailers).join("\n")}\n`;
}

/** By Git's own rule, for it looks at the last paragraph only: https://git-scm.com/docs/git-interpret-trailers#_description */
function endsInTrailers(message: string): boolean {
  const [, ...paragraphs] = message.split(/\n\s*\n/);
  // What is indented goes on with the line before.
  const lines =
    paragraphs
      .at(-1)
      ?.replaceAll(/\n[ \t]+/g, " ")
      .split("\n") ?? [];
  const trailers = lines.filter((line) => GITS_TRAILER.test(line) || TRAILER.test(line)).length;
  const others = lines.length - trailers;
  const isMixed = lines.some((line) => GITS_TRAILER.test(line)) && trailers * 3 >= others;
  return trailers > 0 && (others === 0 || isMixed);
}

function toCommitService({ bump, from, image, source }: PlannedBump): CommitService {
  return {
    name: bump.service,
    tag: bump.tag,
    from,
    image,
    digest: bump.digest,
    revision: bump.revision,
    ref: bump.sourceRef,
    repository: source === undefined ? undefined : toRepository(source),
  };
}

function toSubject(environment: string, services: readonly CommitService[]): string {
  const [first] = services;
  const start = `feat(${environment}): update`;
  if (services.length === 1 && first !== undefined) return `${start} ${first.name} to ${first.tag}`;
  const subject = `${start} ${services.map(({ name }) => name).join(", ")}`;
  return subject.length <= SUBJECT_LIMIT ? subject : `${start} ${services.length} services`;
}

/** `acme/api@9f8e7d6 (main)` */
function toOrigin({ repository, name, revision, ref }: CommitService): string[] {
  const at = revision ?? ref;
  if (at === undefined) return [];
  const branch = revision === undefined || ref === undefined ? "" : ` (${ref})`;
  return [`${repository ?? name}@${at}${branch}`];
}

function toTrailers({ name, tag, digest, revision, ref }: CommitService): string[] {
  const trailer = (key: string, value: string | undefined) =>
    value === undefined ? [] : [`${key}: ${name}=${value}`];
  return [
    ...trailer("Image-Tag", tag),
    ...trailer("Image-Digest", digest),
    ...trailer("Source-Revision", revision),
    ...trailer("Source-Ref", ref),
  ];
}

/** The path in `https://host/acme/api.git` or `git@host:acme/api`. Credentials stand before it. */
function toRepository(source: string): string {
  return source
    .replace(/^[a-z+]+:\/\/[^/]*\/|^[\w.-]+@[^:/]+:/i, "")
    .replace(/\/+$/, "")
    .replace(/\.git$/, "");
}
