// What lies between two revisions, as the Git host says it: with a token, or not at all.
import { NotifyError, withHint } from "../domain/errors.ts";
import { type GitRepository, parseGitSource } from "../domain/git-source.ts";
import { isPrivate } from "../domain/git-tokens.ts";
import { Secret } from "../domain/secret.ts";
import type { Shipped } from "../domain/shipped.ts";
import { commitUrl, isSame } from "../domain/source-link.ts";
import type { HttpResponse, ReadShipped, SendHttp } from "../flow/ports.ts";
import { createAzure } from "./hosts/azure.ts";
import { createBitbucketCloud } from "./hosts/bitbucket-cloud.ts";
import { createBitbucketServer } from "./hosts/bitbucket-server.ts";
import { type AskHost, type Comparison, foreign, type GitHost } from "./hosts/git-host.ts";
import { createGitea } from "./hosts/gitea.ts";
import { createGithub } from "./hosts/github.ts";
import { createGitlab } from "./hosts/gitlab.ts";

interface ShippedWorld {
  readonly send: SendHttp;
  /** By the host's name, with its port where it has one of its own. */
  readonly tokenOf: (host: string) => Secret | undefined;
  readonly warn: (line: string) => void;
}

const MAX_COMMITS = 20;

/** What keeps a host from answering is said once for each host. */
export function createShippedReader({ send, tokenOf, warn }: ShippedWorld): ReadShipped {
  const warned = new Set<string>();
  return async (source, from, to, signal) => {
    const repository = parseGitSource(source);
    if (repository === undefined || !isPrivate(new URL(repository.origin))) return undefined;
    const { host } = repository;
    const token = tokenOf(host);
    if (token === undefined) return undefined;
    const api = apiOf(repository);
    const headers = {
      accept: "application/json",
      authorization: new Secret(api.authorization(token.reveal())),
      // GitHub refuses whoever does not say who they are.
      "user-agent": "helm-notify",
    };
    const ask: AskHost = async ({ url, body }) => {
      const response = await send(
        body === undefined
          ? { url, headers, signal }
          : { method: "POST", url, headers: { ...headers, ...JSON_TYPE }, body, signal },
      );
      if (response.status !== 200) throw refusal(response);
      return response;
    };
    try {
      const comparison = await api.compare(from, to, ask);
      // An empty answer, as to names a host does not know, is no proof that they are one commit.
      if (comparison.aheadBy + comparison.behindBy === 0 && !isSame(from, to)) {
        throw foreign("it does not know both revisions");
      }
      return toShipped(comparison, source);
    } catch (error) {
      if (!(error instanceof NotifyError)) throw error;
      if (!warned.has(host)) {
        warn(`no commits of ${host}/${repository.path} to show: ${withHint(error)}`);
      }
      warned.add(host);
      return undefined;
    }
  };
}

const JSON_TYPE = { "content-type": "application/json" };

function apiOf(repository: GitRepository): GitHost {
  switch (repository.kind) {
    case "github":
      return createGithub(repository);
    case "gitlab":
      return createGitlab(repository);
    case "gitea":
      return createGitea(repository);
    case "bitbucket":
      return createBitbucketCloud(repository);
    case "bitbucket-server":
      return createBitbucketServer(repository);
    case "azure":
      return createAzure(repository);
  }
}

function toShipped({ commits, aheadBy, behindBy }: Comparison, source: string): Shipped {
  const shown = commits.slice(0, MAX_COMMITS);
  return {
    direction: directionOf(aheadBy, behindBy),
    commits: shown.map((commit) => ({ ...commit, url: commitUrl(source, commit.revision) })),
    aheadBy,
    behindBy,
  };
}

function directionOf(aheadBy: number, behindBy: number): Shipped["direction"] {
  if (aheadBy > 0) return behindBy > 0 ? "diverged" : "ahead";
  return behindBy > 0 ? "behind" : "identical";
}

/** A redirect is an answer like another: no token follows it. */
function refusal({ status, headers }: HttpResponse): NotifyError {
  const isLimited =
    status === 429 ||
    headers["retry-after"] !== undefined ||
    headers["x-ratelimit-remaining"] === "0";
  if (isLimited) {
    return new NotifyError("GIT_HOST_BUSY", `it limits the rate (HTTP ${status})`, {
      hint: "Wait, or give gitToken a token that nothing else uses.",
    });
  }
  if (status >= 500) return new NotifyError("GIT_HOST_BUSY", `it answered HTTP ${status}`);
  // Whoever may not see a repository is told that there is none, or shown a page to sign in at.
  return new NotifyError("GIT_HOST_REFUSED", `it answered HTTP ${status}`, {
    hint: "Check that gitToken may read the repository, its address, and that it has both revisions.",
  });
}
