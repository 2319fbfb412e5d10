import * as z from "zod/mini";
import type { GitRepository } from "../../domain/git-source.ts";
import { type CommitList, compareByList, PAGE_SIZE } from "./commit-list.ts";
import { decodeAnswer, firstLine, foreign, type GitHost } from "./git-host.ts";

const API = "https://api.bitbucket.org";

const page = z.object({
  values: z.array(
    z.object({
      hash: z.string(),
      message: z.string(),
      author: z.object({
        /** As in Git: `Ada <ada@example.com>`. */
        raw: z.optional(z.string()),
        user: z.nullish(z.object({ display_name: z.optional(z.string()) })),
      }),
    }),
  ),
  next: z.optional(z.string()),
});

/** https://developer.atlassian.com/cloud/bitbucket/rest/api-group-commits/ */
export function createBitbucketCloud({ path }: GitRepository): GitHost {
  const list: CommitList = {
    first: (include, exclude) => ({
      url: `${API}/2.0/repositories/${path}/commits?include=${include}&exclude=${exclude}&pagelen=${PAGE_SIZE}`,
    }),
    decode: (response) => {
      const { values, next } = decodeAnswer(page, response);
      // Whole addresses of its own making: the token goes no further than the API.
      if (next !== undefined && URL.parse(next)?.origin !== API) {
        throw foreign("its next page lies elsewhere");
      }
      return {
        commits: values.map(({ hash, message, author }) => ({
          revision: hash,
          subject: firstLine(message),
          author: author.user?.display_name ?? author.raw?.replace(/\s*<[^<>]*>$/, "") ?? "",
        })),
        next: next === undefined ? undefined : { url: next },
      };
    },
  };
  return {
    // An API token belongs to its account's address; an access token stands alone.
    // https://support.atlassian.com/bitbucket-cloud/docs/using-api-tokens/
    authorization: (token) =>
      token.includes(":") ? `Basic ${Buffer.from(token).toString("base64")}` : `Bearer ${token}`,
    compare: (from, to, ask) => compareByList(list, from, to, ask),
  };
}
