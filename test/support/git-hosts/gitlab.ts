// https://docs.gitlab.com/api/commits/#list-repository-commits
import { type HostModel, resolveRange } from "./double.ts";

const DEFAULT_PAGE = 20;
const MAX_PAGE = 100;

export function gitlabModel(origin: string, project: string): HostModel {
  return {
    origin,
    authorization: (token) => `Bearer ${token}`,
    badToken: { status: 401, body: { message: "401 Unauthorized" } },
    hidden: { status: 404, body: { message: "404 Project Not Found" } },
    // https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers
    rateLimit: {
      status: 429,
      headers: { "retry-after": "30", "ratelimit-remaining": "0" },
      body: { message: "Retry later" },
    },
    answer: ({ method, url }, history) => {
      // The project's path is one part of the address: https://docs.gitlab.com/api/rest/#namespaced-paths
      const path = `/api/v4/projects/${encodeURIComponent(project)}/repository/commits`;
      if (method !== "GET" || url.pathname !== path) {
        return { status: 404, body: { error: "404 Not Found" } };
      }
      const [older = "", newer = ""] = (url.searchParams.get("ref_name") ?? "").split("..");
      const range = resolveRange(history, newer, older);
      // The documentation does not say what an unknown revision gets: here the answer that misleads most.
      const commits = range ? history.log(range.include, range.exclude) : [];
      const perPage = Math.min(Number(url.searchParams.get("per_page") ?? DEFAULT_PAGE), MAX_PAGE);
      const page = Number(url.searchParams.get("page") ?? 1);
      const end = page * perPage;
      return {
        status: 200,
        // Without totals: https://docs.gitlab.com/user/gitlab_com/#pagination-response-headers
        headers: {
          "x-page": String(page),
          "x-per-page": String(perPage),
          "x-next-page": end < commits.length ? String(page + 1) : "",
        },
        body: commits.slice(end - perPage, end).map((commit) => ({
          id: commit.hash,
          short_id: commit.hash.slice(0, 8),
          title: commit.message.trim().split(/\r?\n/)[0],
          message: commit.message,
          author_name: commit.author,
          author_email: commit.email,
          authored_date: commit.date,
          parent_ids: commit.parents,
          web_url: `${origin}/${project}/-/commit/${commit.hash}`,
        })),
      };
    },
  };
}
