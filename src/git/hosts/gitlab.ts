import * as z from "zod/mini";
import type { GitRepository } from "../../domain/git-source.ts";
import { type CommitList, compareByList, PAGE_SIZE, withParameter } from "./commit-list.ts";
import { decodeAnswer, type GitHost } from "./git-host.ts";

const commits = z.array(z.object({ id: z.string(), title: z.string(), author_name: z.string() }));

/** https://docs.gitlab.com/api/commits/#list-repository-commits: by pages and without diffs, unlike its compare API. */
export function createGitlab({ origin, path }: GitRepository): GitHost {
  const project = `${origin}/api/v4/projects/${encodeURIComponent(path)}`;
  const list: CommitList = {
    first: (include, exclude) => ({
      url: `${project}/repository/commits?ref_name=${exclude}..${include}&per_page=${PAGE_SIZE}`,
    }),
    decode: (response, request) => {
      // Empty on the last page: https://docs.gitlab.com/api/rest/#other-pagination-headers
      const next = Number(response.headers["x-next-page"] ?? "");
      return {
        commits: decodeAnswer(commits, response).map(({ id, title, author_name }) => ({
          revision: id,
          subject: title,
          author: author_name,
        })),
        next: next > 0 ? withParameter(request, "page", next) : undefined,
      };
    },
  };
  return {
    authorization: (token) => `Bearer ${token}`,
    compare: (from, to, ask) => compareByList(list, from, to, ask),
  };
}
