import * as z from "zod/mini";
import type { GitRepository } from "../../domain/git-source.ts";
import { type CommitList, compareByList, PAGE_SIZE } from "./commit-list.ts";
import { decodeAnswer, firstLine, foreign, type GitHost } from "./git-host.ts";

const commits = z.array(
  z.object({
    sha: z.string(),
    commit: z.object({
      message: z.string(),
      author: z.nullish(z.object({ name: z.nullish(z.string()) })),
    }),
  }),
);

/**
 * https://docs.gitea.com/api/#tag/repository/operation/repoGetAllCommits: it counts and takes pages, unlike its compare API,
 * which answers with every commit and its files.
 */
export function createGitea({ origin, path }: GitRepository): GitHost {
  const urlOf = (include: string, exclude: string) =>
    `${origin}/api/v1/repos/${path}/commits?sha=${include}&not=${exclude}&limit=${PAGE_SIZE}` +
    "&stat=false&verification=false&files=false";
  const list: CommitList = {
    first: (include, exclude) => ({ url: urlOf(include, exclude) }),
    decode: (response) => {
      const total = response.headers["x-total-count"];
      if (total === undefined) throw foreign("what answered is not its API");
      return {
        commits: decodeAnswer(commits, response).map(({ sha, commit }) => ({
          revision: sha,
          subject: firstLine(commit.message),
          author: commit.author?.name ?? "",
        })),
        total: Number(total),
      };
    },
  };
  return {
    authorization: (token) => `token ${token}`,
    compare: async (from, to, ask) => {
      const [comparison, nothing] = await Promise.all([
        compareByList(list, from, to, ask),
        ask({ url: urlOf(to, to) }),
      ]);
      // `not` came with 1.20 and was passed over before: every commit ever made would seem to be new.
      if (decodeAnswer(commits, nothing).length > 0) throw foreign("it cannot compare commits");
      return comparison;
    },
  };
}
