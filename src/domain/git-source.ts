// Where the source of a service is kept, from what people and image labels call it.

type GitHostKind = "github" | "gitlab" | "gitea" | "bitbucket" | "bitbucket-server" | "azure";

export interface GitRepository {
  readonly kind: GitHostKind;
  /** Of its web pages: scheme, host and port. */
  readonly origin: string;
  /** With the port, where that is not the scheme's own. */
  readonly host: string;
  /** Of its page: no slashes around it, no `.git` behind it. */
  readonly path: string;
}

type Address = Omit<GitRepository, "kind">;

/**
 * Reads the address of a repository, by HTTPS or SSH. A host that does not show by its name or its paths what it runs is told
 * in front of it, as in `gitlab+https://git.example.com/shop/api`. `undefined` where that is not known.
 */
export function parseGitSource(source: string): GitRepository | undefined {
  const said = /^(github|gitlab|gitea|forgejo|bitbucket|azure)\+/.exec(source.trim());
  const address = parseAddress(source.trim().slice(said?.[0].length ?? 0));
  if (address === undefined) return undefined;
  const kind = kindOf(said?.[1] ?? address.host, address);
  return kind && findRepository(kind, address);
}

function parseAddress(text: string): Address | undefined {
  // `git@host:group/repository.git`, the form that is no URL
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/|\d+\/)(.+)$/.exec(text);
  const url = URL.parse(scp ? `ssh://${scp[1]}/${scp[2]}` : text.replace(/^git\+/, ""));
  if (url === null) return undefined;
  const path = url.pathname.replace(/^\/+|\/+$/g, "").replace(/\.git$/, "");
  if (url.protocol === "https:" || url.protocol === "http:") {
    // `host`, not `href`: some clone addresses hold credentials.
    return { origin: `${url.protocol}//${url.host}`, host: url.host, path };
  }
  if (url.protocol !== "ssh:" && url.protocol !== "git:") return undefined;
  // The port is the SSH server's, and so are names like ssh.github.com and altssh.gitlab.com.
  const host = url.hostname.toLowerCase().replace(/^(?:alt|vs-)?ssh\./, "");
  return { origin: `https://${host}`, host, path };
}

/** By what its owner says, its name, or paths that no other has. */
function kindOf(name: string, { host, path }: Address): GitHostKind | undefined {
  if (host === "bitbucket.org") return "bitbucket";
  if (name === "azure" || host === "dev.azure.com" || /(^|\.)visualstudio\.com$/.test(host)) {
    return "azure";
  }
  if (name.includes("gitlab")) return "gitlab";
  if (/gitea|forgejo|codeberg/.test(name)) return "gitea";
  // Not gist.github.com: `github.` in front is GitHub itself or an enterprise's own.
  if (/^github(\.|$)|\.ghe\.com$/.test(name)) return "github";
  if (name.includes("bitbucket")) return "bitbucket-server";
  if (/(^|\/)(projects|users)\/[^/]+\/repos\/|^(.+\/)?scm\/[^/]+\/[^/]+$/.test(path)) {
    return "bitbucket-server";
  }
  return /(^|\/)_git\/[^/]+$/.test(path) ? "azure" : undefined;
}

/** `undefined` where the path is not a repository's: an owner, or a page inside. */
function findRepository(kind: GitHostKind, address: Address): GitRepository | undefined {
  const { path } = address;
  switch (kind) {
    case "github":
    case "gitea":
    case "bitbucket":
      return /^[^/]+\/[^/]+$/.test(path) ? { kind, ...address } : undefined;
    case "gitlab": {
      const project = path.replace(/\/-\/.*$/, "");
      return project.includes("/") ? { kind, ...address, path: project } : undefined;
    }
    case "bitbucket-server": {
      const page = bitbucketServerPath(path);
      return page === undefined ? undefined : { kind, ...address, path: page };
    }
    case "azure":
      return azureRepository(address);
  }
}

// Page `projects/SHOP/repos/api` or `users/jdoe/repos/api`, clone `scm/shop/api` or `scm/~jdoe/api`, by SSH without `scm`.
function bitbucketServerPath(path: string): string | undefined {
  const page = /^((?:.+\/)?(?:projects|users)\/[^/]+\/repos\/[^/]+)(?:\/browse)?$/.exec(path);
  if (page) return page[1];
  const clone = /^(?:(.+\/)?scm\/)?([^/]+)\/([^/]+)$/.exec(path);
  if (clone === null) return undefined;
  const [, context = "", owner = "", name] = clone;
  const place = owner.startsWith("~") ? `users/${owner.slice(1)}` : `projects/${owner}`;
  return `${context}${place}/repos/${name}`;
}

function azureRepository(address: Address): GitRepository | undefined {
  // git@ssh.dev.azure.com:v3/organisation/project/repository
  const ssh = /^v3\/([^/]+)\/([^/]+)\/([^/]+)$/.exec(address.path);
  if (ssh === null) {
    return /\/_git\/[^/]+$/.test(`/${address.path}`) ? { kind: "azure", ...address } : undefined;
  }
  const [, organisation, project, name] = ssh;
  const isOld = address.host.endsWith("visualstudio.com");
  const host = isOld ? `${organisation}.visualstudio.com` : "dev.azure.com";
  const path = `${isOld ? "" : `${organisation}/`}${project}/_git/${name}`;
  return { kind: "azure", origin: `https://${host}`, host, path };
}
