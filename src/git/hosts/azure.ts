import * as z from "zod/mini";
import type { GitRepository } from "../../domain/git-source.ts";
import { type CommitList, compareByList, PAGE_SIZE, withParameter } from "./commit-list.ts";
import { decodeAnswer, firstLine, type GitHost } from "./git-host.ts";

const page = z.object({
  value: z.array(
    z.object({
      commitId: z.string(),
      comment: z.string(),
      author: z.object({ name: z.optional(z.string()) }),
    }),
  ),
});

/** https://learn.microsoft.com/en-us/rest/api/azure/devops/git/commits/get-commits-batch */
export function createAzure(repository: GitRepository): GitHost {
  const list: CommitList = {
    first: (include, exclude) => ({
      // 5.0 is understood by Azure DevOps Server 2019 too.
      url: `${apiOf(repository)}/commitsbatch?api-version=5.0&$top=${PAGE_SIZE}&$skip=0`,
      body: JSON.stringify({
        itemVersion: { versionType: "commit", version: exclude },
        compareVersion: { versionType: "commit", version: include },
      }),
    }),
    decode: (response, request) => {
      const { value } = decodeAnswer(page, response);
      const skipped = Number(new URL(request.url).searchParams.get("$skip"));
      return {
        commits: value.map(({ commitId, comment, author }) => ({
          revision: commitId,
          subject: firstLine(comment),
          author: author.name ?? "",
        })),
        next:
          value.length < PAGE_SIZE
            ? undefined
            : withParameter(request, "$skip", skipped + PAGE_SIZE),
      };
    },
  };
  return {
    // https://learn.microsoft.com/en-us/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate
    authorization: (token) => `Basic ${Buffer.from(`:${token}`).toString("base64")}`,
    compare: (from, to, ask) => compareByList(list, from, to, ask),
  };
}

/** A project's first repository bears the project's name, and its address leaves the project out. */
function apiOf({ origin, path }: GitRepository): string {
  const [before = "", name = ""] = path.split(/\/?_git\//);
  const isShort = origin === "https://dev.azure.com" ? !before.includes("/") : before === "";
  const project = isShort ? [before, name].filter((part) => part !== "").join("/") : before;
  return `${origin}/${project}/_apis/git/repositories/${name}`;
}
