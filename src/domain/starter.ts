// Who started this and what is built here, by the variables of the CI it runs in. A claim: anyone can set a variable.
import { withoutCredentials } from "./credentials-in-url.ts";
import { parseGitSource } from "./git-source.ts";
import type { Starter } from "./message.ts";
import { isCommit } from "./source-link.ts";

type Environment = Readonly<Record<string, string | undefined>>;

interface Ci {
  /** Set in every job of this CI. */
  readonly mark: string;
  readonly actor: readonly string[];
  readonly url: (env: Environment) => string | undefined;
  /** The page or the clone address of what is built. */
  readonly source: (env: Environment) => string | undefined;
  readonly revision: string;
  /** The tag first, then the branch. */
  readonly refs: readonly string[];
}

/** What a job of a CI builds, each as far as its CI says it. */
export interface Origin {
  /** As `commitUrl` takes it; bears no credentials. */
  readonly source: string | undefined;
  readonly revision: string | undefined;
  /** The tag or the branch. */
  readonly ref: string | undefined;
}

const CIS: readonly Ci[] = [
  // https://docs.github.com/en/actions/reference/workflows-and-actions/variables; Gitea and Forgejo set the same.
  {
    mark: "GITHUB_ACTIONS",
    actor: ["GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"],
    url: ({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, ...env }) => {
      // Forgejo's pages have the number within the repository: https://codeberg.org/forgejo/forgejo/issues/611
      const id = env["FORGEJO_ACTIONS"] ? env["GITHUB_RUN_NUMBER"] : env["GITHUB_RUN_ID"];
      return server && repository && id && `${server}/${repository}/actions/runs/${id}`;
    },
    source: ({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITEA_ACTIONS }) =>
      server && repository && at(GITEA_ACTIONS ? "gitea" : "github", `${server}/${repository}`),
    revision: "GITHUB_SHA",
    // Of a pull request GITHUB_REF_NAME is `12/merge`.
    refs: ["GITHUB_HEAD_REF", "GITHUB_REF_NAME"],
  },
  // https://docs.gitlab.com/ci/variables/predefined_variables/
  {
    mark: "GITLAB_CI",
    actor: ["GITLAB_USER_LOGIN", "GITLAB_USER_NAME"],
    url: ({ CI_JOB_URL, CI_PIPELINE_URL }) => CI_JOB_URL || CI_PIPELINE_URL,
    source: ({ CI_PROJECT_URL }) => CI_PROJECT_URL && at("gitlab", CI_PROJECT_URL),
    revision: "CI_COMMIT_SHA",
    refs: ["CI_COMMIT_TAG", "CI_COMMIT_REF_NAME"],
  },
  // https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables; BUILD_USER by the build-user-vars plugin.
  {
    mark: "JENKINS_URL",
    actor: ["BUILD_USER_ID", "BUILD_USER"],
    url: ({ BUILD_URL }) => BUILD_URL,
    // https://plugins.jenkins.io/git/#plugin-content-environment-variables; the second where there are several.
    source: ({ GIT_URL, GIT_URL_1 }) => GIT_URL || GIT_URL_1,
    revision: "GIT_COMMIT",
    refs: ["TAG_NAME", "CHANGE_BRANCH", "BRANCH_NAME", "GIT_BRANCH"],
  },
  // https://circleci.com/docs/variables/#built-in-environment-variables
  {
    mark: "CIRCLECI",
    actor: ["CIRCLE_USERNAME"],
    url: ({ CIRCLE_BUILD_URL }) => CIRCLE_BUILD_URL,
    source: ({ CIRCLE_REPOSITORY_URL }) => CIRCLE_REPOSITORY_URL,
    revision: "CIRCLE_SHA1",
    refs: ["CIRCLE_TAG", "CIRCLE_BRANCH"],
  },
  // https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
  {
    mark: "BITBUCKET_BUILD_NUMBER",
    // It names people by UUIDs only.
    actor: [],
    url: ({ BITBUCKET_GIT_HTTP_ORIGIN: origin, BITBUCKET_BUILD_NUMBER: number }) =>
      origin && number && `${origin}/pipelines/results/${number}`,
    source: ({ BITBUCKET_GIT_HTTP_ORIGIN }) => BITBUCKET_GIT_HTTP_ORIGIN,
    revision: "BITBUCKET_COMMIT",
    refs: ["BITBUCKET_TAG", "BITBUCKET_BRANCH"],
  },
  // https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables
  {
    mark: "TF_BUILD",
    actor: ["BUILD_REQUESTEDFOR"],
    url: ({ SYSTEM_COLLECTIONURI: server, SYSTEM_TEAMPROJECT: project, BUILD_BUILDID: id }) =>
      server &&
      project &&
      id &&
      `${server}${encodeURIComponent(project)}/_build/results?buildId=${id}`,
    source: ({ BUILD_REPOSITORY_URI }) => BUILD_REPOSITORY_URI,
    revision: "BUILD_SOURCEVERSION",
    // BUILD_SOURCEBRANCHNAME is only the last part of feature/cart; of a pull request BUILD_SOURCEBRANCH is refs/pull/12/merge.
    refs: ["SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"],
  },
  // https://buildkite.com/docs/pipelines/configure/environment-variables
  {
    mark: "BUILDKITE",
    actor: ["BUILDKITE_BUILD_CREATOR", "BUILDKITE_BUILD_AUTHOR"],
    url: ({ BUILDKITE_BUILD_URL }) => BUILDKITE_BUILD_URL,
    source: ({ BUILDKITE_REPO }) => BUILDKITE_REPO,
    revision: "BUILDKITE_COMMIT",
    refs: ["BUILDKITE_TAG", "BUILDKITE_BRANCH"],
  },
  // https://woodpecker-ci.org/docs/usage/environment
  {
    mark: "CI_SYSTEM_NAME",
    actor: ["CI_COMMIT_AUTHOR"],
    url: ({ CI_PIPELINE_URL, CI_STEP_URL }) => CI_STEP_URL || CI_PIPELINE_URL,
    source: ({ CI_REPO_URL, CI_FORGE_TYPE = "" }) => CI_REPO_URL && at(CI_FORGE_TYPE, CI_REPO_URL),
    revision: "CI_COMMIT_SHA",
    // Of a pull request CI_COMMIT_BRANCH is where it goes.
    refs: ["CI_COMMIT_TAG", "CI_COMMIT_SOURCE_BRANCH", "CI_COMMIT_BRANCH"],
  },
  // https://docs.drone.io/pipeline/environment/reference/
  {
    mark: "DRONE",
    actor: ["DRONE_BUILD_TRIGGER", "DRONE_COMMIT_AUTHOR"],
    url: ({ DRONE_BUILD_LINK }) => DRONE_BUILD_LINK,
    source: ({ DRONE_REPO_LINK }) => DRONE_REPO_LINK,
    revision: "DRONE_COMMIT_SHA",
    refs: ["DRONE_TAG", "DRONE_SOURCE_BRANCH", "DRONE_BRANCH"],
  },
];

/** Ours say it outright: HELM_NOTIFY_ACTOR, HELM_NOTIFY_URL. Outside of a CI it is the user of the machine. */
export function starterOf(env: Environment): Starter {
  const ci = ciOf(env);
  const url = env["HELM_NOTIFY_URL"] || ci?.url(env) || undefined;
  const names = ci ? ci.actor : ["USER", "LOGNAME", "USERNAME"];
  const actor = env["HELM_NOTIFY_ACTOR"] || names.map((name) => env[name]).find(isPerson);
  return { actor, url: url !== undefined && /^https?:\/\//.test(url) ? url : undefined };
}

/** Drone says @hook and @cron where nobody pressed a button. */
function isPerson(name: string | undefined): boolean {
  return name !== undefined && name !== "" && !name.startsWith("@");
}

/** Nothing outside of a CI. */
export function originOf(env: Environment): Origin {
  const ci = ciOf(env);
  const source = ci?.source(env) || undefined;
  const revision = ci && env[ci.revision];
  const ref = ci?.refs.map((name) => env[name]).find(Boolean);
  return {
    source: source && withoutCredentials(source),
    // Buildkite may say HEAD.
    revision: revision !== undefined && isCommit(revision) ? revision : undefined,
    // As Azure and Jenkins write them.
    ref: ref?.replace(/^(?:refs\/(?:heads|tags)|origin)\//, ""),
  };
}

/** Whether a CI that is known here runs this. */
export function isInCi(env: Environment): boolean {
  return ciOf(env) !== undefined;
}

function ciOf(env: Environment): Ci | undefined {
  return CIS.find(({ mark }) => env[mark]);
}

/** Says what runs there where the address does not show it. */
function at(kind: string, url: string): string {
  const said = `${kind}+${url}`;
  return parseGitSource(url) === undefined && parseGitSource(said) !== undefined ? said : url;
}
