import * as z from "zod/mini";
import type { GitRepository } from "../../domain/git-source.ts";
import { decodeAnswer, firstLine, type GitHost } from "./git-host.ts";

const comparison = z.object({
  ahead_by: z.number(),
  behind_by: z.number(),
  commits: z.array(
    z.object({
      sha: z.string(),
      commit: z.object({
        message: z.string(),
        author: z.nullish(z.object({ name: z.nullish(z.string()) })),
      }),
    }),
  ),
});

/** https://docs.github.com/en/rest/commits/commits#compare-two-commits */
export function createGithub({ origin, host, path }: GitRepository): GitHost {
  return {
    authorization: (token) => `Bearer ${token}`,
    compare: async (from, to, ask) => {
      // Without paging: the newest 250 then, the newest one last. With it, the first page would hold the oldest ones.
      const url = `${apiOf(origin, host)}/repos/${path}/compare/${from}...${to}`;
      const answer = decodeAnswer(comparison, await ask({ url }));
      const commits = answer.commits.map(({ sha, commit }) => ({
        revision: sha,
        subject: firstLine(commit.message),
        author: commit.author?.name ?? "",
      }));
      return {
        commits: commits.toReversed(),
        aheadBy: answer.ahead_by,
        behindBy: answer.behind_by,
      };
    },
  };
}

// https://docs.github.com/en/enterprise-server/rest/using-the-rest-api/getting-started-with-the-rest-api and, for ghe.com,
// https://docs.github.com/en/enterprise-cloud@latest/admin/data-residency
function apiOf(origin: string, host: string): string {
  const isCloud = host === "github.com" || host.endsWith(".ghe.com");
  return isCloud ? `https://api.${host}` : `${origin}/api/v3`;
}
