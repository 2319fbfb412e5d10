// https://docs.github.com/en/rest/commits/commits#compare-two-commits
import type { HostModel } from "./double.ts";
import { resolveRange } from "./double.ts";
import type { LoggedCommit } from "./history.ts";

const documentation_url = "https://docs.github.com/rest/commits/commits#compare-two-commits";
// "the returned list is limited to 250 commits and the last commit in the list is the most recent of the entire comparison"
const UNPAGED = 250;
const DEFAULT_PAGE = 30;
const MAX_PAGE = 100;

/** `base` is empty for github.com, `/api/v3` for an enterprise's own; `patch` is the one changed file's. */
export function githubModel(
  origin: string,
  base: string,
  { patch = "@@ -1 +1 @@" } = {},
): HostModel {
  return {
    origin,
    authorization: (token) => `Bearer ${token}`,
    badToken: { status: 401, body: { message: "Bad credentials", documentation_url } },
    hidden: { status: 404, body: { message: "Not Found", documentation_url } },
    // https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
    rateLimit: {
      status: 403,
      headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1900000000" },
      body: { message: "API rate limit exceeded for user ID 1.", documentation_url },
    },
    answer: ({ method, url, headers }, history) => {
      // https://docs.github.com/en/rest/using-the-rest-api/getting-started-with-the-rest-api#user-agent
      if (!headers["user-agent"]) return { status: 403, body: { message: "Request forbidden" } };
      const path = new RegExp(`^${base}/repos/acme/api/compare/(\\w+)\\.\\.\\.(\\w+)$`);
      const [, from = "", to = ""] = path.exec(url.pathname) ?? [];
      const range = resolveRange(history, to, from);
      if (method !== "GET" || range === undefined) {
        return { status: 404, body: { message: "Not Found", documentation_url } };
      }
      const commits = history.log(range.include, range.exclude).toReversed();
      const behind = history.count(range.exclude, range.include);
      const perPage = Math.min(Number(url.searchParams.get("per_page") ?? DEFAULT_PAGE), MAX_PAGE);
      const page = Number(url.searchParams.get("page") ?? 1);
      const isPaged = url.searchParams.has("per_page") || url.searchParams.has("page");
      return {
        status: 200,
        body: {
          status: statusOf(commits.length, behind),
          ahead_by: commits.length,
          behind_by: behind,
          total_commits: commits.length,
          commits: (isPaged
            ? commits.slice((page - 1) * perPage, page * perPage)
            : commits.slice(-UNPAGED)
          ).map(toGithubCommit),
          files: page === 1 ? [{ filename: "main.go", status: "modified", patch }] : [],
        },
      };
    },
  };
}

function statusOf(ahead: number, behind: number): string {
  if (ahead > 0) return behind > 0 ? "diverged" : "ahead";
  return behind > 0 ? "behind" : "identical";
}

/** Gitea has the same. */
export function toGithubCommit({ hash, parents, author, email, date, message }: LoggedCommit) {
  return {
    sha: hash,
    commit: { message, author: { name: author, email, date }, tree: { sha: hash } },
    author: null,
    parents: parents.map((sha) => ({ sha })),
  };
}
