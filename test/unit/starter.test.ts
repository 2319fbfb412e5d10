import { expect, it } from "vitest";
import { starterOf } from "../../src/domain/starter.ts";

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
      CI_PIPELINE_FORGE_URL: "https://codeberg.org/x",
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
