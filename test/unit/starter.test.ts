import { expect, it } from "vitest";
import { withoutCredentials } from "../../src/domain/credentials-in-url.ts";
import { originOf, starterOf } from "../../src/domain/starter.ts";

it.each([
  [
    "GitHub Actions",
    {
      GITHUB_ACTIONS: "true",
      GITHUB_ACTOR: "octo",
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_RUN_ID: "42",
    },
    { actor: "octo", url: "https://github.com/acme/shop/actions/runs/42" },
  ],
  [
    "Forgejo Actions, whose pages go by another number",
    {
      GITHUB_ACTIONS: "true",
      FORGEJO_ACTIONS: "true",
      GITHUB_ACTOR: "octo",
      GITHUB_SERVER_URL: "https://codeberg.org",
      GITHUB_REPOSITORY: "acme/shop",
      GITHUB_RUN_ID: "4201",
      GITHUB_RUN_NUMBER: "42",
    },
    { actor: "octo", url: "https://codeberg.org/acme/shop/actions/runs/42" },
  ],
  [
    "GitLab CI",
    {
      GITLAB_CI: "true",
      GITLAB_USER_LOGIN: "jane",
      CI_JOB_URL: "https://gitlab.com/acme/shop/-/jobs/7",
    },
    { actor: "jane", url: "https://gitlab.com/acme/shop/-/jobs/7" },
  ],
  [
    "Jenkins",
    { JENKINS_URL: "https://ci/", BUILD_URL: "https://ci/job/shop/3/", BUILD_USER_ID: "joe" },
    { actor: "joe", url: "https://ci/job/shop/3/" },
  ],
  [
    "CircleCI",
    { CIRCLECI: "true", CIRCLE_USERNAME: "ann", CIRCLE_BUILD_URL: "https://circleci.com/b/1" },
    { actor: "ann", url: "https://circleci.com/b/1" },
  ],
  [
    "Bitbucket",
    {
      BITBUCKET_BUILD_NUMBER: "5",
      BITBUCKET_GIT_HTTP_ORIGIN: "https://bitbucket.org/acme/shop",
    },
    { actor: undefined, url: "https://bitbucket.org/acme/shop/pipelines/results/5" },
  ],
  [
    "Azure",
    {
      TF_BUILD: "True",
      BUILD_REQUESTEDFOR: "Ann B",
      SYSTEM_COLLECTIONURI: "https://dev.azure.com/acme/",
      SYSTEM_TEAMPROJECT: "my shop",
      BUILD_BUILDID: "9",
    },
    { actor: "Ann B", url: "https://dev.azure.com/acme/my%20shop/_build/results?buildId=9" },
  ],
  [
    "Buildkite",
    {
      BUILDKITE: "true",
      BUILDKITE_BUILD_CREATOR: "kim",
      BUILDKITE_BUILD_URL: "https://buildkite.com/acme/shop/builds/1",
    },
    { actor: "kim", url: "https://buildkite.com/acme/shop/builds/1" },
  ],
  [
    "Woodpecker",
    {
      CI_SYSTEM_NAME: "woodpecker",
      CI_PIPELINE_URL: "https://ci.codeberg.org/1",
      CI_COMMIT_AUTHOR: "lee",
    },
    { actor: "lee", url: "https://ci.codeberg.org/1" },
  ],
  [
    "Drone",
    { DRONE: "true", DRONE_COMMIT_AUTHOR: "max", DRONE_BUILD_LINK: "https://drone/1" },
    { actor: "max", url: "https://drone/1" },
  ],
  [
    "Drone after a push, which nobody started by hand",
    { DRONE: "true", DRONE_BUILD_TRIGGER: "@hook", DRONE_COMMIT_AUTHOR: "max" },
    { actor: "max", url: undefined },
  ],
  [
    "Drone, started by hand",
    { DRONE: "true", DRONE_BUILD_TRIGGER: "ann", DRONE_COMMIT_AUTHOR: "max" },
    { actor: "ann", url: undefined },
  ],
  [
    "Buildkite after a push of somebody it does not know",
    { BUILDKITE: "true", BUILDKITE_BUILD_CREATOR: "", BUILDKITE_BUILD_AUTHOR: "kim" },
    { actor: "kim", url: undefined },
  ],
  ["a person's machine", { USER: "jane" }, { actor: "jane", url: undefined }],
  ["nothing at all", {}, { actor: undefined, url: undefined }],
  [
    "what is said outright wins",
    {
      CIRCLECI: "true",
      CIRCLE_USERNAME: "ann",
      HELM_NOTIFY_ACTOR: "bot",
      HELM_NOTIFY_URL: "https://x/1",
    },
    { actor: "bot", url: "https://x/1" },
  ],
  [
    "an address that is none is left out",
    { HELM_NOTIFY_URL: "javascript:alert(1)" },
    { actor: undefined, url: undefined },
  ],
])("%s", (_, env, expected) => {
  expect(starterOf(env)).toEqual(expected);
});

const SHA = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432";
const GITHUB = { GITHUB_ACTIONS: "true", GITHUB_SHA: SHA, GITHUB_REPOSITORY: "acme/api" };
const CLONE = "git@github.com:acme/api.git";

it.each<[string, Record<string, string>, string | undefined, string | undefined]>([
  [
    "GitHub Actions, a tag",
    { ...GITHUB, GITHUB_SERVER_URL: "https://github.com", GITHUB_REF_NAME: "v1.4.0" },
    "https://github.com/acme/api",
    "v1.4.0",
  ],
  [
    "GitHub Actions, a pull request",
    {
      ...GITHUB,
      GITHUB_SERVER_URL: "https://github.com",
      GITHUB_REF_NAME: "12/merge",
      GITHUB_HEAD_REF: "cart",
    },
    "https://github.com/acme/api",
    "cart",
  ],
  [
    "GitHub Enterprise under a name of its own",
    { ...GITHUB, GITHUB_SERVER_URL: "https://git.acme.com", GITHUB_REF_NAME: "main" },
    "github+https://git.acme.com/acme/api",
    "main",
  ],
  [
    "Gitea and Forgejo Actions",
    {
      ...GITHUB,
      GITEA_ACTIONS: "true",
      GITHUB_SERVER_URL: "https://git.acme.com",
      GITHUB_REF_NAME: "main",
    },
    "gitea+https://git.acme.com/acme/api",
    "main",
  ],
  [
    "GitLab CI, a branch",
    {
      GITLAB_CI: "true",
      CI_PROJECT_URL: "https://code.acme.com/shop/api",
      CI_COMMIT_SHA: SHA,
      CI_COMMIT_REF_NAME: "main",
    },
    "gitlab+https://code.acme.com/shop/api",
    "main",
  ],
  [
    "Jenkins, a branch",
    { JENKINS_URL: "https://ci/", GIT_URL: CLONE, GIT_COMMIT: SHA, GIT_BRANCH: "origin/main" },
    CLONE,
    "main",
  ],
  [
    "Jenkins, a pull request, several remotes",
    {
      JENKINS_URL: "https://ci/",
      GIT_URL_1: CLONE,
      GIT_COMMIT: SHA,
      BRANCH_NAME: "PR-12",
      CHANGE_BRANCH: "cart",
    },
    CLONE,
    "cart",
  ],
  [
    "CircleCI",
    { CIRCLECI: "true", CIRCLE_REPOSITORY_URL: CLONE, CIRCLE_SHA1: SHA, CIRCLE_BRANCH: "main" },
    CLONE,
    "main",
  ],
  [
    "Bitbucket",
    {
      BITBUCKET_BUILD_NUMBER: "5",
      BITBUCKET_GIT_HTTP_ORIGIN: "https://bitbucket.org/acme/api",
      BITBUCKET_COMMIT: SHA,
      BITBUCKET_TAG: "v1.4.0",
    },
    "https://bitbucket.org/acme/api",
    "v1.4.0",
  ],
  [
    "Azure, whose clone address names a user",
    {
      TF_BUILD: "True",
      BUILD_REPOSITORY_URI: "https://acme@dev.azure.com/acme/shop/_git/api",
      BUILD_SOURCEVERSION: SHA,
      BUILD_SOURCEBRANCH: "refs/heads/feature/cart",
    },
    "https://dev.azure.com/acme/shop/_git/api",
    "feature/cart",
  ],
  [
    "Azure, a pull request",
    {
      TF_BUILD: "True",
      BUILD_REPOSITORY_URI: "https://dev.azure.com/acme/shop/_git/api",
      BUILD_SOURCEVERSION: SHA,
      BUILD_SOURCEBRANCH: "refs/pull/12/merge",
      SYSTEM_PULLREQUEST_SOURCEBRANCH: "refs/heads/feature/cart",
    },
    "https://dev.azure.com/acme/shop/_git/api",
    "feature/cart",
  ],
  [
    "Buildkite",
    { BUILDKITE: "true", BUILDKITE_REPO: CLONE, BUILDKITE_COMMIT: SHA, BUILDKITE_BRANCH: "main" },
    CLONE,
    "main",
  ],
  [
    "Woodpecker, a pull request",
    {
      CI_SYSTEM_NAME: "woodpecker",
      CI_REPO_URL: "https://git.acme.com/acme/api",
      CI_FORGE_TYPE: "forgejo",
      CI_COMMIT_SHA: SHA,
      CI_COMMIT_BRANCH: "main",
      CI_COMMIT_SOURCE_BRANCH: "cart",
    },
    "forgejo+https://git.acme.com/acme/api",
    "cart",
  ],
  [
    "Woodpecker on a forge that nobody knows",
    {
      CI_SYSTEM_NAME: "woodpecker",
      CI_REPO_URL: "https://git.acme.com/acme/api",
      CI_FORGE_TYPE: "addon",
      CI_COMMIT_SHA: SHA,
      CI_COMMIT_BRANCH: "main",
    },
    "https://git.acme.com/acme/api",
    "main",
  ],
  [
    "Drone",
    {
      DRONE: "true",
      DRONE_REPO_LINK: "https://github.com/acme/api",
      DRONE_COMMIT_SHA: SHA,
      DRONE_TAG: "v1.4.0",
      DRONE_BRANCH: "main",
    },
    "https://github.com/acme/api",
    "v1.4.0",
  ],
])("what is built is known in %s", (_, env, source, ref) => {
  expect(originOf(env)).toEqual({ source, revision: SHA, ref });
});

it.each([
  ["a person's machine", { USER: "jane", GIT_COMMIT: SHA }],
  ["a job that says nothing", { BUILDKITE: "true" }],
  ["a commit that is not resolved", { BUILDKITE: "true", BUILDKITE_COMMIT: "HEAD" }],
])("nothing is known of what is built: %s", (_, env) => {
  expect(originOf(env)).toEqual({ source: undefined, revision: undefined, ref: undefined });
});

it.each([
  ["https://bot:t0ken@git.acme.com/a/b.git", "https://git.acme.com/a/b.git"],
  ["gitlab+HTTPS://t0k@en@git.acme.com/a/b", "gitlab+HTTPS://git.acme.com/a/b"],
  [
    "https://t@git.acme.com/{revision} https://t@git.acme.com/{from}..{to}",
    "https://git.acme.com/{revision} https://git.acme.com/{from}..{to}",
  ],
  ["https://git.acme.com/a/b?at=x@y", "https://git.acme.com/a/b?at=x@y"],
  ["https://git.acme.com?at=x@y", "https://git.acme.com?at=x@y"],
  [CLONE, CLONE],
])("%s bears no credentials any more", (source, expected) => {
  expect(withoutCredentials(source)).toBe(expected);
});
