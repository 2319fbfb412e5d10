// Web pages of revisions, from the address of a Git repository. No link is better than a wrong one.
//
// A host of another kind is told by URL templates in place of the address: one with `{revision}`, and, parted by a space, one
// with `{from}` and `{to}`.
import { type GitRepository, parseGitSource } from "./git-source.ts";

interface Revision {
  readonly kind: "commit" | "tag";
  /** Safe in a path and in a query. */
  readonly name: string;
}

interface Pages {
  readonly of: (revision: Revision) => string | undefined;
  /** What is in `to` and not in `from`. */
  readonly compare: (from: Revision, to: Revision) => string | undefined;
}

/** The page of a commit, or of a version's tag; `undefined` where the host is not known or the revision is neither. */
export function commitUrl(source: string, revision: string): string | undefined {
  const parsed = parseRevision(revision);
  return parsed && pagesOf(source)?.of(parsed);
}

/** The page that shows what came with `to` since `from`. */
export function compareUrl(source: string, from: string, to: string): string | undefined {
  const [older, newer] = [parseRevision(from), parseRevision(to)];
  if (older === undefined || newer === undefined || isSame(from, to)) return undefined;
  return pagesOf(source)?.compare(older, newer);
}

/** A SHA-1 or SHA-256, whole or shortened. */
export const COMMIT = /^[0-9a-f]{7,64}$/i;

/** Whether it always names the same commit. */
export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

/** Whether both name one revision: a commit may be shortened. */
export function isSame(a: string, b: string): boolean {
  if (!isCommit(a) || !isCommit(b)) return a === b;
  return a.startsWith(b) || b.startsWith(a);
}

// Branches move. A version's tag does not.
function parseRevision(revision: string): Revision | undefined {
  if (isCommit(revision)) return { kind: "commit", name: revision };
  const isVersion = /^v?\d+(?:\.\d+){1,3}(?:[-+][\w.+-]+)?$/.test(revision);
  return isVersion ? { kind: "tag", name: encodeURIComponent(revision) } : undefined;
}

function pagesOf(source: string): Pages | undefined {
  if (source.includes("{")) return templatePages(source);
  const repository = parseGitSource(source);
  return repository && hostPages(repository);
}

function hostPages({ kind, origin, path }: GitRepository): Pages {
  const web = `${origin}/${path}`;
  switch (kind) {
    case "github":
      return {
        of: by(`${web}/commit/`, `${web}/releases/tag/`),
        compare: (from, to) => `${web}/compare/${from.name}...${to.name}`,
      };
    case "gitea":
      // Only some tags are releases.
      return {
        of: by(`${web}/commit/`, `${web}/src/tag/`),
        compare: (from, to) => `${web}/compare/${from.name}...${to.name}`,
      };
    case "gitlab":
      return {
        of: by(`${web}/-/commit/`, `${web}/-/tags/`),
        compare: (from, to) => `${web}/-/compare/${from.name}...${to.name}`,
      };
    case "bitbucket":
      // https://github.com/unjs/changelogen/issues/256 - the newer one comes first, parted by a carriage return.
      return {
        of: by(`${web}/commits/`, `${web}/src/`),
        compare: (from, to) => `${web}/branches/compare/${to.name}%0D${from.name}`,
      };
    case "bitbucket-server": {
      const name = (revision: Revision) =>
        revision.kind === "tag" ? `refs%2Ftags%2F${revision.name}` : revision.name;
      return {
        of: by(`${web}/commits/`, `${web}/browse?at=refs%2Ftags%2F`),
        compare: (from, to) =>
          `${web}/compare/commits?sourceBranch=${name(to)}&targetBranch=${name(from)}`,
      };
    }
    case "azure": {
      // `GC` is a Git commit, `GT` a tag: https://stackoverflow.com/questions/59533905
      const name = (revision: Revision) =>
        `G${revision.kind === "tag" ? "T" : "C"}${revision.name}`;
      return {
        of: by(`${web}/commit/`, `${web}?version=GT`),
        compare: (from, to) =>
          `${web}/branchCompare?baseVersion=${name(from)}&targetVersion=${name(to)}&_a=commits`,
      };
    }
  }
}

function by(commitPage: string, tagPage: string): Pages["of"] {
  return ({ kind, name }) => `${kind === "tag" ? tagPage : commitPage}${name}`;
}

function templatePages(source: string): Pages {
  const templates = source.trim().split(/\s+/).filter(isWebAddress);
  const fill = (values: Readonly<Record<string, string>>) => {
    const names = Object.keys(values);
    const template = templates.find((text) => names.every((name) => text.includes(`{${name}}`)));
    const url = template?.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
      Object.hasOwn(values, name) ? (values[name] ?? "") : whole,
    );
    return url?.includes("{") ? undefined : url;
  };
  return {
    of: ({ name }) => fill({ revision: name }),
    compare: (from, to) => fill({ from: from.name, to: to.name }),
  };
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && /^https?:$/.test(url.protocol) && url.username + url.password === "";
}
