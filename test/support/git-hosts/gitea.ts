// https://docs.gitea.com/api/#tag/repository/operation/repoGetAllCommits and, for what it does with them,
// https://github.com/go-gitea/gitea/blob/main/routers/api/v1/repo/commits.go
import { type HostModel, resolveRange } from "./double.ts";
import { toGithubCommit } from "./github.ts";

const DEFAULT_PAGE = 30;
// [api] MAX_RESPONSE_ITEMS: https://docs.gitea.com/administration/config-cheat-sheet#api-api
const MAX_PAGE = 50;

/** `isOld`: from before 1.20, which does not know `not`. */
export function giteaModel(origin: string, { isOld = false } = {}): HostModel {
  const notFound = {
    status: 404,
    body: { message: "The target couldn't be found.", url: `${origin}/api/swagger`, errors: [] },
  };
  return {
    origin,
    authorization: (token) => `token ${token}`,
    badToken: { status: 401, body: { message: "user does not exist [uid: 0, name: ]" } },
    hidden: notFound,
    rateLimit: { status: 429, body: { message: "Too Many Requests" } },
    answer: ({ method, url }, history) => {
      const isCommits = url.pathname === "/api/v1/repos/acme/api/commits";
      const { searchParams } = url;
      const range = resolveRange(history, searchParams.get("sha"), searchParams.get("not"));
      if (method !== "GET" || !isCommits || range === undefined) return notFound;
      const commits = history.log(range.include, isOld ? undefined : range.exclude);
      const limit = Math.min(Number(searchParams.get("limit") ?? DEFAULT_PAGE), MAX_PAGE);
      const end = Number(searchParams.get("page") ?? 1) * limit;
      return {
        status: 200,
        headers: {
          "x-total-count": String(commits.length),
          "x-hasmore": String(end < commits.length),
        },
        body: commits.slice(end - limit, end).map(toGithubCommit),
      };
    },
  };
}
