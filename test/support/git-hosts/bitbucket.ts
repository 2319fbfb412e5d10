// Bitbucket, in the cloud and in one's own data center.
import { type HostModel, resolveRange } from "./double.ts";

const CLOUD = "https://api.bitbucket.org";

/** https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/ */
export function bitbucketCloudModel({
  authorization = (token: string) => `Bearer ${token}`,
  nextOrigin = CLOUD,
} = {}): HostModel {
  return {
    origin: CLOUD,
    authorization,
    badToken: cloudProblem(401, "Token is invalid, expired, or not supported for this endpoint."),
    hidden: cloudProblem(404, "You may not have access to this repository or it no longer exists"),
    // https://support.atlassian.com/bitbucket-cloud/docs/api-request-limits/
    rateLimit: cloudProblem(429, "Rate limit for this resource has been exceeded"),
    answer: ({ method, url }, history) => {
      if (method !== "GET" || url.pathname !== "/2.0/repositories/acme/api/commits") {
        return cloudProblem(404, "Resource not found");
      }
      const { searchParams } = url;
      // https://developer.atlassian.com/cloud/bitbucket/rest/intro/#pagination: 100 at most
      const pagelen = Number(searchParams.get("pagelen") ?? 30);
      if (pagelen > 100) return cloudProblem(400, "Invalid pagelen");
      const range = resolveRange(history, searchParams.get("include"), searchParams.get("exclude"));
      if (range === undefined) return cloudProblem(404, "Commit not found");
      const commits = history.log(range.include, range.exclude);
      const page = Number(searchParams.get("page") ?? 1);
      const end = page * pagelen;
      const next = new URL(`${url.pathname}${url.search}`, nextOrigin);
      next.searchParams.set("page", String(page + 1));
      return {
        status: 200,
        body: {
          pagelen,
          values: commits.slice(end - pagelen, end).map((commit) => ({
            type: "commit",
            hash: commit.hash,
            date: commit.date,
            message: commit.message,
            // Only who has an account, and linked the address to it, is a user.
            author: { type: "author", raw: `${commit.author} <${commit.email}>` },
          })),
          ...(end < commits.length && { next: next.href }),
        },
      };
    },
  };
}

/** https://developer.atlassian.com/server/bitbucket/rest/v818/api-group-repository/ */
export function bitbucketModel(origin: string, context: string, project = "SHOP"): HostModel {
  const missing = dataCenterProblem(
    404,
    `Repository ${project}/api does not exist.`,
    "NoSuchRepositoryException",
  );
  return {
    origin,
    authorization: (token) => `Bearer ${token}`,
    badToken: dataCenterProblem(
      401,
      "Authentication failed.",
      "IncorrectPasswordAuthenticationException",
    ),
    hidden: missing,
    // https://confluence.atlassian.com/bitbucketserver/improving-instance-stability-with-rate-limiting-976171954.html
    rateLimit: { status: 429, headers: { "retry-after": "5" }, body: "" },
    answer: ({ method, url }, history) => {
      const path = `${context}/rest/api/1.0/projects/${project}/repos/api/compare/commits`;
      if (method !== "GET" || url.pathname !== path) return missing;
      const { searchParams } = url;
      const range = resolveRange(history, searchParams.get("from"), searchParams.get("to"));
      if (range === undefined) {
        return dataCenterProblem(
          404,
          "Commit does not exist in repository.",
          "NoSuchCommitException",
        );
      }
      const commits = history.log(range.include, range.exclude);
      const limit = Math.min(Number(searchParams.get("limit") ?? 25), 100);
      const start = Number(searchParams.get("start") ?? 0);
      const isLastPage = start + limit >= commits.length;
      const values = commits.slice(start, start + limit);
      return {
        status: 200,
        body: {
          values: values.map((commit) => ({
            id: commit.hash,
            displayId: commit.hash.slice(0, 11),
            // A user's account; for a stranger, as in Git.
            author: { name: commit.author, emailAddress: commit.email },
            message: commit.message,
            parents: commit.parents.map((id) => ({ id })),
          })),
          size: values.length,
          start,
          limit,
          isLastPage,
          nextPageStart: isLastPage ? null : start + limit,
        },
      };
    },
  };
}

function cloudProblem(status: number, message: string) {
  return { status, body: { type: "error", error: { message } } };
}

function dataCenterProblem(status: number, message: string, exceptionName: string) {
  return { status, body: { errors: [{ context: null, message, exceptionName }] } };
}
