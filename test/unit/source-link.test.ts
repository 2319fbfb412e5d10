import { describe, expect, it } from "vitest";
import { commitUrl, compareUrl } from "../../src/domain/source-link.ts";

const OLD = "1111111111111111111111111111111111111111";
const NEW = "2222222222222222222222222222222222222222";

describe("links into Git hosts", () => {
  it.each([
    [
      "GitHub",
      "https://github.com/acme/api",
      "https://github.com/acme/api/commit/",
      "https://github.com/acme/api/compare/",
    ],
    [
      "a clone address",
      "https://github.com/acme/api.git",
      "https://github.com/acme/api/commit/",
      "https://github.com/acme/api/compare/",
    ],
    [
      "a slash at the end",
      "https://github.com/acme/api/",
      "https://github.com/acme/api/commit/",
      "https://github.com/acme/api/compare/",
    ],
    [
      "SSH without a scheme",
      "git@github.com:acme/api.git",
      "https://github.com/acme/api/commit/",
      "https://github.com/acme/api/compare/",
    ],
    [
      "SSH with a port",
      "ssh://git@github.com:22/acme/api.git",
      "https://github.com/acme/api/commit/",
      "https://github.com/acme/api/compare/",
    ],
    [
      "SSH over the HTTPS port",
      "ssh://git@ssh.github.com:443/acme/api.git",
      "https://github.com/acme/api/commit/",
      "https://github.com/acme/api/compare/",
    ],
    [
      "git+https",
      "git+https://github.com/acme/api.git",
      "https://github.com/acme/api/commit/",
      "https://github.com/acme/api/compare/",
    ],
    [
      "credentials in the address",
      "https://me:secret@github.com/acme/api",
      "https://github.com/acme/api/commit/",
      "https://github.com/acme/api/compare/",
    ],
    [
      "GitHub Enterprise",
      "https://github.acme.example/acme/api",
      "https://github.acme.example/acme/api/commit/",
      "https://github.acme.example/acme/api/compare/",
    ],
    [
      "GitLab",
      "https://gitlab.com/acme/api",
      "https://gitlab.com/acme/api/-/commit/",
      "https://gitlab.com/acme/api/-/compare/",
    ],
    [
      "a GitLab subgroup",
      "git@gitlab.com:acme/shop/api.git",
      "https://gitlab.com/acme/shop/api/-/commit/",
      "https://gitlab.com/acme/shop/api/-/compare/",
    ],
    [
      "GitLab of one's own, with a port",
      "https://gitlab.acme.example:8443/acme/api",
      "https://gitlab.acme.example:8443/acme/api/-/commit/",
      "https://gitlab.acme.example:8443/acme/api/-/compare/",
    ],
    [
      "Codeberg",
      "https://codeberg.org/acme/api",
      "https://codeberg.org/acme/api/commit/",
      "https://codeberg.org/acme/api/compare/",
    ],
    [
      "Gitea of one's own",
      "ssh://git@gitea.acme.example:2222/acme/api.git",
      "https://gitea.acme.example/acme/api/commit/",
      "https://gitea.acme.example/acme/api/compare/",
    ],
    [
      "GitHub Enterprise with data residency",
      "git@acme.ghe.com:acme/api.git",
      "https://acme.ghe.com/acme/api/commit/",
      "https://acme.ghe.com/acme/api/compare/",
    ],
    [
      "a host that is said to be GitLab",
      "gitlab+https://git.acme.example:8443/acme/shop/api.git",
      "https://git.acme.example:8443/acme/shop/api/-/commit/",
      "https://git.acme.example:8443/acme/shop/api/-/compare/",
    ],
    [
      "a host that is said to be GitLab, by SSH",
      "gitlab+ssh://git@git.acme.example:2222/acme/api.git",
      "https://git.acme.example/acme/api/-/commit/",
      "https://git.acme.example/acme/api/-/compare/",
    ],
    [
      "a host that is said to be Forgejo, by SSH without a scheme",
      "forgejo+git@git.acme.example:acme/api.git",
      "https://git.acme.example/acme/api/commit/",
      "https://git.acme.example/acme/api/compare/",
    ],
    [
      "a host that is said to be Gitea, with credentials",
      "gitea+https://me:secret@git.acme.example/acme/api",
      "https://git.acme.example/acme/api/commit/",
      "https://git.acme.example/acme/api/compare/",
    ],
    [
      "a host that is said to be GitHub Enterprise",
      "github+https://git.acme.example/acme/api",
      "https://git.acme.example/acme/api/commit/",
      "https://git.acme.example/acme/api/compare/",
    ],
    [
      "a page inside a GitLab project",
      "https://gitlab.com/acme/api/-/tree/main",
      "https://gitlab.com/acme/api/-/commit/",
      "https://gitlab.com/acme/api/-/compare/",
    ],
  ])("%s", (_, source, commitPage, comparePage) => {
    expect(commitUrl(source, NEW)).toBe(`${commitPage}${NEW}`);
    expect(compareUrl(source, OLD, NEW)).toBe(`${comparePage}${OLD}...${NEW}`);
  });

  it.each(["https://bitbucket.org/acme/api", "git@bitbucket.org:acme/api.git"])(
    "Bitbucket names the newer commit first: %s",
    (source) => {
      expect(commitUrl(source, NEW)).toBe(`https://bitbucket.org/acme/api/commits/${NEW}`);
      expect(compareUrl(source, OLD, NEW)).toBe(
        `https://bitbucket.org/acme/api/branches/compare/${NEW}%0D${OLD}`,
      );
    },
  );

  it.each([
    ["https://git.acme.example/scm/shop/api.git", "https://git.acme.example/projects/shop"],
    ["https://git.acme.example/projects/SHOP/repos/api", "https://git.acme.example/projects/SHOP"],
    [
      "https://git.acme.example:7990/projects/SHOP/repos/api/browse",
      "https://git.acme.example:7990/projects/SHOP",
    ],
    [
      "https://acme.example/bitbucket/scm/shop/api.git",
      "https://acme.example/bitbucket/projects/shop",
    ],
    ["https://git.acme.example/scm/~ada/api.git", "https://git.acme.example/users/ada"],
    ["https://git.acme.example/users/ada/repos/api", "https://git.acme.example/users/ada"],
    [
      "ssh://git@bitbucket.acme.example:7999/shop/api.git",
      "https://bitbucket.acme.example/projects/shop",
    ],
    [
      "bitbucket+ssh://git@git.acme.example:7999/~ada/api.git",
      "https://git.acme.example/users/ada",
    ],
  ])("Bitbucket Data Center: %s", (source, project) => {
    expect(commitUrl(source, NEW)).toBe(`${project}/repos/api/commits/${NEW}`);
    expect(compareUrl(source, OLD, NEW)).toBe(
      `${project}/repos/api/compare/commits?sourceBranch=${NEW}&targetBranch=${OLD}`,
    );
  });

  it.each([
    ["https://dev.azure.com/acme/shop/_git/api", "https://dev.azure.com/acme/shop/_git/api"],
    ["https://dev.azure.com/acme/_git/api", "https://dev.azure.com/acme/_git/api"],
    ["https://acme.visualstudio.com/_git/api", "https://acme.visualstudio.com/_git/api"],
    [
      "https://tfs.acme.example:8080/tfs/Main/shop/_git/api",
      "https://tfs.acme.example:8080/tfs/Main/shop/_git/api",
    ],
    [
      "azure+ssh://tfs.acme.example:22/tfs/Main/shop/_git/api",
      "https://tfs.acme.example/tfs/Main/shop/_git/api",
    ],
    ["https://acme@dev.azure.com/acme/shop/_git/api", "https://dev.azure.com/acme/shop/_git/api"],
    ["git@ssh.dev.azure.com:v3/acme/shop/api", "https://dev.azure.com/acme/shop/_git/api"],
    ["https://acme.visualstudio.com/shop/_git/api", "https://acme.visualstudio.com/shop/_git/api"],
    [
      "acme@vs-ssh.visualstudio.com:v3/acme/shop/api",
      "https://acme.visualstudio.com/shop/_git/api",
    ],
  ])("Azure DevOps: %s", (source, repository) => {
    expect(commitUrl(source, NEW)).toBe(`${repository}/commit/${NEW}`);
    expect(compareUrl(source, OLD, NEW)).toBe(
      `${repository}/branchCompare?baseVersion=GC${OLD}&targetVersion=GC${NEW}&_a=commits`,
    );
  });

  it.each([
    ["an unknown host", "https://git.acme.example/acme/api"],
    ["a host that only ends like a known one", "https://notgithub.com/acme/api"],
    ["another site of GitHub's", "https://gist.github.com/acme/1234"],
    ["a page inside a repository", "https://github.com/acme/api/tree/main/charts"],
    ["an owner without a repository", "https://github.com/acme"],
    ["Azure DevOps without a repository", "https://dev.azure.com/acme/shop"],
    ["a Bitbucket Data Center address without a project", "bitbucket+https://git.acme.example/api"],
    ["a host that is said to be of no known kind", "gerrit+https://git.acme.example/acme/api"],
    ["a kind without an address", "gitlab+"],
    ["a template without a place", "https://git.acme.example/{branch}"],
    ["a template of a script", "javascript:alert('{revision}{from}{to}')"],
    ["a path on this machine", "/srv/git/api.git"],
    ["a script", "javascript:alert(1)"],
    ["nothing", ""],
  ])("%s gets no link rather than a wrong one", (_, source) => {
    expect(commitUrl(source, NEW)).toBeUndefined();
    expect(compareUrl(source, OLD, NEW)).toBeUndefined();
  });

  it.each([
    "main",
    "release/1.4",
    "refs/heads/v1.4.0",
    "refs/tags/v1.4.0",
    "v1",
    "",
    "12345",
    `${NEW}/../../x`,
    "<!channel>",
  ])("revision %j, which names neither a commit nor a tag, gets no link", (revision) => {
    expect(commitUrl("https://github.com/acme/api", revision)).toBeUndefined();
    expect(compareUrl("https://github.com/acme/api", OLD, revision)).toBeUndefined();
  });

  it("a commit is not compared with its own shortened name", () => {
    expect(compareUrl("https://github.com/acme/api", NEW, NEW.slice(0, 8))).toBeUndefined();
  });

  it.each([
    ["GitHub", "https://github.com/acme/api", "https://github.com/acme/api/releases/tag/v1.4.0"],
    ["GitLab", "https://gitlab.com/acme/api", "https://gitlab.com/acme/api/-/tags/v1.4.0"],
    ["Gitea", "https://codeberg.org/acme/api", "https://codeberg.org/acme/api/src/tag/v1.4.0"],
    ["Bitbucket", "https://bitbucket.org/acme/api", "https://bitbucket.org/acme/api/src/v1.4.0"],
    [
      "Bitbucket Data Center",
      "https://git.acme.example/scm/shop/api.git",
      "https://git.acme.example/projects/shop/repos/api/browse?at=refs%2Ftags%2Fv1.4.0",
    ],
    [
      "Azure DevOps",
      "https://dev.azure.com/acme/shop/_git/api",
      "https://dev.azure.com/acme/shop/_git/api?version=GTv1.4.0",
    ],
  ])("a revision that names a tag gets the tag's page: %s", (_, source, page) => {
    expect(commitUrl(source, "v1.4.0")).toBe(page);
  });

  it.each([
    ["https://github.com/acme/api", "https://github.com/acme/api/compare/v1.3.2...v1.4.0"],
    ["https://gitlab.com/acme/api", "https://gitlab.com/acme/api/-/compare/v1.3.2...v1.4.0"],
    [
      "https://bitbucket.org/acme/api",
      "https://bitbucket.org/acme/api/branches/compare/v1.4.0%0Dv1.3.2",
    ],
    [
      "https://git.acme.example/scm/shop/api.git",
      "https://git.acme.example/projects/shop/repos/api/compare/commits?sourceBranch=refs%2Ftags%2Fv1.4.0&targetBranch=refs%2Ftags%2Fv1.3.2",
    ],
    [
      "https://dev.azure.com/acme/shop/_git/api",
      "https://dev.azure.com/acme/shop/_git/api/branchCompare?baseVersion=GTv1.3.2&targetVersion=GTv1.4.0&_a=commits",
    ],
  ])("tags are compared like commits: %s", (source, page) => {
    expect(compareUrl(source, "v1.3.2", "v1.4.0")).toBe(page);
  });

  it("a tag's name is encoded", () => {
    expect(commitUrl("https://github.com/acme/api", "v1.0.0+build")).toBe(
      "https://github.com/acme/api/releases/tag/v1.0.0%2Bbuild",
    );
  });

  describe("by template", () => {
    const COMMIT = "https://git.acme.example/cgit/api/commit/?id={revision}";
    const COMPARE = "https://git.acme.example/cgit/api/diff/?id={to}&id2={from}";
    const [commitPage, comparePage] = [
      `https://git.acme.example/cgit/api/commit/?id=${NEW}`,
      `https://git.acme.example/cgit/api/diff/?id=${NEW}&id2=${OLD}`,
    ];

    it.each([
      ["one for each page", `${COMMIT} ${COMPARE}`, commitPage, comparePage],
      ["in any order", `${COMPARE}\n  ${COMMIT}`, commitPage, comparePage],
      ["only for commits", COMMIT, commitPage, undefined],
      ["only for comparisons", COMPARE, undefined, comparePage],
    ])("%s", (_, source, ofCommit, ofComparison) => {
      expect(commitUrl(source, NEW)).toBe(ofCommit);
      expect(compareUrl(source, OLD, NEW)).toBe(ofComparison);
    });

    it("one with credentials gives no link", () => {
      expect(commitUrl("https://me:secret@git.acme.example/{revision}", NEW)).toBeUndefined();
    });

    it.each(["main", "<!channel>"])("revision %j gets no link", (revision) => {
      expect(commitUrl(COMMIT, revision)).toBeUndefined();
    });

    it("a revision is not compared with itself", () => {
      expect(compareUrl(COMPARE, NEW, NEW)).toBeUndefined();
      expect(compareUrl(COMPARE, "v1.4.0", "v1.4.0")).toBeUndefined();
    });
  });
});
