// Bitbucket Data Center, which has little in common with the cloud.
import * as z from "zod/mini";
import type { GitRepository } from "../../domain/git-source.ts";
import { type CommitList, compareByList, PAGE_SIZE, withParameter } from "./commit-list.ts";
import { decodeAnswer, firstLine, type GitHost } from "./git-host.ts";

const page = z.object({
  values: z.array(
    z.object({
      id: z.string(),
      message: z.string(),
      author: z.object({ name: z.string(), displayName: z.optional(z.string()) }),
    }),
  ),
  isLastPage: z.boolean(),
  nextPageStart: z.nullish(z.number()),
});

/** https://developer.atlassian.com/server/bitbucket/rest/v818/api-group-repository/ */
export function createBitbucketServer(repository: GitRepository): GitHost {
  const api = apiOf(repository);
  const list: CommitList = {
    // In its words the commits are compared `from` the newer `to` the older one.
    first: (include, exclude) => ({
      url: `${api}/compare/commits?from=${include}&to=${exclude}&limit=${PAGE_SIZE}`,
    }),
    decode: (response, request) => {
      const { values, isLastPage, nextPageStart } = decodeAnswer(page, response);
      return {
        commits: values.map(({ id, message, author }) => ({
          revision: id,
          subject: firstLine(message),
          author: author.displayName ?? author.name,
        })),
        next:
          isLastPage || nextPageStart == null
            ? undefined
            : withParameter(request, "start", nextPageStart),
      };
    },
  };
  return {
    authorization: (token) => `Bearer ${token}`,
    compare: (from, to, ask) => compareByList(list, from, to, ask),
  };
}

/** `~user` is the project of somebody's own repositories. */
function apiOf({ origin, path }: GitRepository): string {
  const [, context = "", project = "", name = ""] =
    /^(.+\/)?(projects\/[^/]+|users\/[^/]+)\/repos\/([^/]+)$/.exec(path) ?? [];
  return `${origin}/${context}rest/api/1.0/${project.replace("users/", "projects/~")}/repos/${name}`;
}
