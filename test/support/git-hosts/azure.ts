// https://learn.microsoft.com/en-us/rest/api/azure/devops/git/commits/get-commits-batch
import { type HostModel, resolveRange } from "./double.ts";

interface Batch {
  readonly itemVersion?: { readonly versionType?: string; readonly version?: string };
  readonly compareVersion?: { readonly versionType?: string; readonly version?: string };
}

/** `isReversed`: takes the two versions the other way round, which its documentation leaves open. */
export function azureModel(
  origin: string,
  project: string,
  { isReversed = false } = {},
): HostModel {
  return {
    origin,
    authorization: (token) => `Basic ${Buffer.from(`:${token}`).toString("base64")}`,
    // A page to sign in at: https://learn.microsoft.com/en-us/azure/devops/integrate/get-started/authentication/authentication-guidance
    badToken: { status: 203, headers: { "content-type": "text/html" }, body: "<html>" },
    hidden: { status: 404, body: { $id: "1", message: "TF401019: The Git repository …" } },
    // https://learn.microsoft.com/en-us/azure/devops/integrate/concepts/rate-limits
    rateLimit: { status: 429, headers: { "retry-after": "30" }, body: { message: "TF400733: …" } },
    answer: ({ method, url, headers, body }, history) => {
      const path = `${project}/_apis/git/repositories/api/commitsbatch`;
      if (method !== "POST" || url.pathname !== path) {
        return { status: 404, body: { message: "The controller for path … was not found" } };
      }
      if (!url.searchParams.has("api-version")) {
        return { status: 400, body: { message: "No api-version was supplied" } };
      }
      if (!headers["content-type"]?.startsWith("application/json")) {
        return { status: 415, body: { message: "TF400898: An Internal Error Occurred." } };
      }
      const { itemVersion, compareVersion }: Batch = JSON.parse(body);
      if (itemVersion?.versionType !== "commit" || compareVersion?.versionType !== "commit") {
        return { status: 404, body: { message: "TF401175: The version descriptor <Branch: …>" } };
      }
      const names = [compareVersion.version ?? "", itemVersion.version ?? ""] as const;
      const [newer, older] = isReversed ? [names[1], names[0]] : names;
      const range = resolveRange(history, newer, older);
      if (range === undefined) {
        return { status: 404, body: { message: "TF401175: The version descriptor <Commit: …>" } };
      }
      const skip = Number(url.searchParams.get("$skip") ?? 0);
      const top = Number(url.searchParams.get("$top") ?? 100);
      const value = history.log(range.include, range.exclude).slice(skip, skip + top);
      return {
        status: 200,
        body: {
          count: value.length,
          value: value.map((commit) => ({
            commitId: commit.hash,
            author: { name: commit.author, email: commit.email, date: commit.date },
            comment: commit.message.trim(),
          })),
        },
      };
    },
  };
}
