// Who started this, by the variables of the CI it runs in. A claim: anyone can set a variable.
import type { Starter } from "./message.ts";

type Environment = Readonly<Record<string, string | undefined>>;

interface Ci {
  /** Set in every job of this CI. */
  readonly mark: string;
  readonly actor: readonly string[];
  readonly url: (env: Environment) => string | undefined;
}

const CIS: readonly Ci[] = [
  // https://docs.github.com/en/actions/reference/workflows-and-actions/variables; Gitea and Forgejo set the same.
  {
    mark: "GITHUB_ACTIONS",
    actor: ["GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR"],
    url: ({ GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id }) =>
      server && repository && id && `${server}/${repository}/actions/runs/${id}`,
  },
  // https://docs.gitlab.com/ci/variables/predefined_variables/
  {
    mark: "GITLAB_CI",
    actor: ["GITLAB_USER_LOGIN", "GITLAB_USER_NAME"],
    url: ({ CI_JOB_URL, CI_PIPELINE_URL }) => CI_JOB_URL || CI_PIPELINE_URL,
  },
  // https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables; BUILD_USER by the build-user-vars plugin.
  {
    mark: "JENKINS_URL",
    actor: ["BUILD_USER_ID", "BUILD_USER"],
    url: ({ BUILD_URL }) => BUILD_URL,
  },
  // https://circleci.com/docs/variables/#built-in-environment-variables
  { mark: "CIRCLECI", actor: ["CIRCLE_USERNAME"], url: ({ CIRCLE_BUILD_URL }) => CIRCLE_BUILD_URL },
  // https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
  {
    mark: "BITBUCKET_BUILD_NUMBER",
    // It names people by UUIDs only.
    actor: [],
    url: ({ BITBUCKET_GIT_HTTP_ORIGIN: origin, BITBUCKET_BUILD_NUMBER: number }) =>
      origin && number && `${origin}/pipelines/results/${number}`,
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
  },
  // https://buildkite.com/docs/pipelines/configure/environment-variables
  {
    mark: "BUILDKITE",
    actor: ["BUILDKITE_BUILD_CREATOR"],
    url: ({ BUILDKITE_BUILD_URL }) => BUILDKITE_BUILD_URL,
  },
  // https://woodpecker-ci.org/docs/usage/environment
  {
    mark: "CI_PIPELINE_FORGE_URL",
    actor: ["CI_COMMIT_AUTHOR"],
    url: ({ CI_PIPELINE_URL, CI_STEP_URL }) => CI_STEP_URL || CI_PIPELINE_URL,
  },
  // https://docs.drone.io/pipeline/environment/reference/
  {
    mark: "DRONE",
    actor: ["DRONE_BUILD_TRIGGER", "DRONE_COMMIT_AUTHOR"],
    url: ({ DRONE_BUILD_LINK }) => DRONE_BUILD_LINK,
  },
];

/** Ours say it outright: HELM_NOTIFY_ACTOR, HELM_NOTIFY_URL. Outside of a CI it is the user of the machine. */
export function starterOf(env: Environment): Starter {
  const ci = CIS.find(({ mark }) => env[mark]);
  const url = env["HELM_NOTIFY_URL"] || ci?.url(env) || undefined;
  const names = ci ? ci.actor : ["USER", "LOGNAME", "USERNAME"];
  const actor = env["HELM_NOTIFY_ACTOR"] || names.map((name) => env[name]).find(Boolean);
  return { actor, url: url !== undefined && /^https?:\/\//.test(url) ? url : undefined };
}
