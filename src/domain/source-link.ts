// Web pages of commits, from the address of a Git repository. No link is better than a wrong one.

interface Pages {
  commit(revision: string): string;
  /** What is in `to` and not in `from`. */
  compare(from: string, to: string): string;
}

/** The page of a commit; `undefined` where the host is not known or the revision is not a commit's name. */
export function commitUrl(source: string, revision: string): string | undefined {
  return isCommit(revision) ? pagesOf(source)?.commit(revision) : undefined;
}

/** The page that shows what came with `to` since `from`. */
export function compareUrl(source: string, from: string, to: string): string | undefined {
  if (!isCommit(from) || !isCommit(to) || isSame(from, to)) return undefined;
  return pagesOf(source)?.compare(from, to);
}

// Branches and tags move or need another page; a shortened or whole SHA-1 or SHA-256 always names a commit.
function isCommit(revision: string): boolean {
  return /^[0-9a-f]{7,64}$/i.test(revision);
}

/** One may be the shortened form of the other. */
function isSame(a: string, b: string): boolean {
  return a.startsWith(b) || b.startsWith(a);
}

function pagesOf(source: string): Pages | undefined {
  const remote = parseRemote(source);
  if (remote === undefined) return undefined;
  const { host } = remote;
  const depth = remote.path.split("/").length;
  if (host === "dev.azure.com" || /(^|\.)visualstudio\.com$/.test(host)) return azurePages(remote);
  if (host === "bitbucket.org") return depth === 2 ? bitbucketPages(remote) : undefined;
  if (host.includes("gitlab")) return depth >= 2 ? gitlabPages(remote) : undefined;
  // Not gist.github.com: `github.` in front is GitHub itself or an enterprise's own.
  const isGithubLike = host.startsWith("github.") || /gitea|forgejo|codeberg/.test(host);
  return isGithubLike && depth === 2 ? githubPages(remote) : undefined;
}

interface Remote {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly host: string;
  /** Without slashes around it and `.git` behind it. */
  readonly path: string;
}

function parseRemote(source: string): Remote | undefined {
  // `git@host:group/repository.git`, the form that is no URL
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/|\d+\/)(.+)$/.exec(source.trim());
  const text = scp ? `ssh://${scp[1]}/${scp[2]}` : source.trim().replace(/^git\+/, "");
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const host = url.hostname.toLowerCase();
  const path = url.pathname.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  if (url.protocol === "https:" || url.protocol === "http:") {
    // `host`, not `href`: some clone addresses hold credentials.
    return { origin: `${url.protocol}//${url.host}`, host, path };
  }
  if (url.protocol !== "ssh:" && url.protocol !== "git:") return undefined;
  // The port is the SSH server's, and so are names like ssh.github.com and altssh.gitlab.com.
  const webHost = host.replace(/^(?:alt|vs-)?ssh\./, "");
  return { origin: `https://${webHost}`, host: webHost, path };
}

// Gitea and Forgejo have GitHub's addresses.
function githubPages({ origin, path }: Remote): Pages {
  return {
    commit: (revision) => `${origin}/${path}/commit/${revision}`,
    compare: (from, to) => `${origin}/${path}/compare/${from}...${to}`,
  };
}

function gitlabPages({ origin, path }: Remote): Pages {
  const project = path.replace(/\/-\/.*$/, "");
  return {
    commit: (revision) => `${origin}/${project}/-/commit/${revision}`,
    compare: (from, to) => `${origin}/${project}/-/compare/${from}...${to}`,
  };
}

// https://github.com/unjs/changelogen/issues/256 - the newer commit comes first, parted by a carriage return.
function bitbucketPages({ origin, path }: Remote): Pages {
  return {
    commit: (revision) => `${origin}/${path}/commits/${revision}`,
    compare: (from, to) => `${origin}/${path}/branches/compare/${to}%0D${from}`,
  };
}

// `GC` is a Git commit: https://stackoverflow.com/questions/59533905
function azurePages(remote: Remote): Pages | undefined {
  const web = azureRepository(remote);
  if (!/\/_git\/[^/]+$/.test(web)) return undefined;
  return {
    commit: (revision) => `${web}/commit/${revision}`,
    compare: (from, to) =>
      `${web}/branchCompare?baseVersion=GC${from}&targetVersion=GC${to}&_a=commits`,
  };
}

function azureRepository({ origin, host, path }: Remote): string {
  // git@ssh.dev.azure.com:v3/organisation/project/repository
  const ssh = /^v3\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(path);
  if (ssh === null) return `${origin}/${path}`;
  const [, organisation, project, repository] = ssh;
  const account = /(^|\.)visualstudio\.com$/.test(host)
    ? `https://${organisation}.visualstudio.com`
    : `https://dev.azure.com/${organisation}`;
  return `${account}/${project}/_git/${repository}`;
}
