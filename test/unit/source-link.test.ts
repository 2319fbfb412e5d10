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
    ["https://dev.azure.com/acme/shop/_git/api", "https://dev.azure.com/acme/shop/_git/api"],
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
    ["a path on this machine", "/srv/git/api.git"],
    ["a script", "javascript:alert(1)"],
    ["nothing", ""],
  ])("%s gets no link rather than a wrong one", (_, source) => {
    expect(commitUrl(source, NEW)).toBeUndefined();
    expect(compareUrl(source, OLD, NEW)).toBeUndefined();
  });

  it.each(["main", "v1.4.0", "", "12345", `${NEW}/../../x`, "<!channel>"])(
    "revision %j, which is no commit's name, gets no link",
    (revision) => {
      expect(commitUrl("https://github.com/acme/api", revision)).toBeUndefined();
      expect(compareUrl("https://github.com/acme/api", OLD, revision)).toBeUndefined();
    },
  );

  it("a commit is not compared with its own shortened name", () => {
    expect(compareUrl("https://github.com/acme/api", NEW, NEW.slice(0, 8))).toBeUndefined();
  });
});
