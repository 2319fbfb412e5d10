// `announce` as a job of a CI runs it, to a Slack that refuses what Slack refuses.
import { expect, it, onTestFinished } from "vitest";
import { HELM_NOTIFY } from "../support/bed.ts";
import { startGenericReceiver } from "../support/generic-receiver.ts";
import { run } from "../support/process.ts";
import { type SlackOptions, startSlack } from "../support/slack/double.ts";
import { toTranscript } from "../support/slack/transcript.ts";

const SHA = "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432";
const GITLAB = {
  GITLAB_CI: "true",
  CI_PROJECT_URL: "https://gitlab.example.com/acme/api",
  CI_JOB_URL: "https://gitlab.example.com/acme/api/-/jobs/7",
  CI_COMMIT_SHA: SHA,
  CI_COMMIT_TAG: "v1.4.0",
  GITLAB_USER_LOGIN: "jane",
};
const IMAGE = "registry.example.com/acme/api:1.4.0";
const SILENT = { stderr: "", signal: null };

function announce(argv: readonly string[], env: Readonly<Record<string, string>>) {
  return run([HELM_NOTIFY, "announce", ...argv], { env: { ...GITLAB, ...env } });
}

async function openSlack(options: SlackOptions = {}) {
  const slack = await startSlack(options);
  onTestFinished(() => slack.stop());
  const bot = {
    HELM_NOTIFY_SLACK_BOT_TOKEN: slack.botToken,
    HELM_NOTIFY_SLACK_CHANNEL: "#deploys",
    HELM_NOTIFY_SLACK_API_URL: slack.apiUrl,
  };
  const webhook = { HELM_NOTIFY_SLACK_WEBHOOK_URL: slack.webhookUrl };
  const read = () => slack.messages.map(toTranscript).join("\n");
  return { slack, bot, webhook, read };
}

const TOLD = (place: string) =>
  [place, "  │ Pushed api 1.4.0 (9f8e7d6)", "  │ by jane · run · v1.4.0"].join("\n");

it("a bot tells what the CI knows, and stdout is the thread", async () => {
  const { slack, bot, read } = await openSlack();
  const finished = await announce([IMAGE], bot);
  const [message] = slack.messages;
  expect(finished).toEqual({
    ...SILENT,
    code: 0,
    stdout: expect.stringMatching(/^C\w+\/[\d.]+\n$/),
  });
  expect(read()).toBe(TOLD("Slack #deploys"));
  expect(JSON.stringify(message?.blocks)).toContain(
    `<https://gitlab.example.com/acme/api/-/commit/${SHA}|1.4.0>`,
  );
});

it("the thread on stdout is one that can be replied to", async () => {
  const { slack, bot } = await openSlack();
  const { stdout } = await announce([IMAGE], bot);
  const [channel, ts] = stdout.trim().split("/");
  const response = await fetch(`${slack.apiUrl}chat.postMessage`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${slack.botToken}` },
    body: JSON.stringify({ channel, thread_ts: ts, text: "deployed to staging" }),
  });
  expect(await response.json()).toMatchObject({ ok: true });
  expect(slack.channel()[0]?.replies.map(({ text }) => text)).toEqual(["deployed to staging"]);
});

it("a webhook tells the same, and there is no thread to print", async () => {
  const { webhook, read } = await openSlack();
  expect(await announce([IMAGE], webhook)).toEqual({ ...SILENT, code: 0, stdout: "" });
  expect(read()).toBe(TOLD("Slack"));
});

it("options win over the CI and the environment", async () => {
  const { slack, bot, read } = await openSlack();
  const { code } = await announce(
    [
      "acme/api:1",
      "acme/web:2",
      "--revision=1a2b3c4",
      "--ref=main",
      "--actor=bot",
      "--channel=#ci",
      "--url=https://ci/8",
      "--source=https://github.com/acme/mono",
    ],
    bot,
  );
  expect(code).toBe(0);
  expect(read().split("\n")).toEqual([
    "Slack #ci",
    "  │ Pushed 2 images",
    "  │ api 1 (1a2b3c4)",
    "  │ web 2 (1a2b3c4)",
    "  │ by bot · run · main",
  ]);
  expect(JSON.stringify(slack.messages[0]?.blocks)).toContain("<https://ci/8|run>");
});

it("-o json prints all of it, without the token in a clone address", async () => {
  const { bot } = await openSlack();
  const source = "https://ci:t0ken@gitlab.example.com/acme/api.git";
  const { stdout } = await announce([IMAGE, "-o", "json", "--source", source], bot);
  expect(JSON.parse(stdout)).toEqual({
    images: [{ repository: "registry.example.com/acme/api", tag: "1.4.0" }],
    source: "https://gitlab.example.com/acme/api.git",
    revision: SHA,
    ref: "v1.4.0",
    actor: "jane",
    url: "https://gitlab.example.com/acme/api/-/jobs/7",
    told: ["slack"],
    thread: expect.stringMatching(/^C\w+\/[\d.]+$/),
  });
});

const RUN = "https://ci.example.com/7";
const PAGE = "https://github.com/acme/api";
const CLONE = "git@github.com:acme/api.git";
const GITHUB = {
  GITHUB_ACTIONS: "true",
  GITHUB_SERVER_URL: "https://github.com",
  GITHUB_REPOSITORY: "acme/api",
  GITHUB_RUN_ID: "7",
  GITHUB_SHA: SHA,
  GITHUB_TRIGGERING_ACTOR: "jane",
};
const GITLAB_BRANCH = { ...GITLAB, CI_COMMIT_TAG: "", CI_COMMIT_REF_NAME: "cart" };
const JENKINS = {
  JENKINS_URL: "https://ci.example.com/",
  BUILD_URL: RUN,
  BUILD_USER_ID: "jane",
  GIT_URL: CLONE,
  GIT_COMMIT: SHA,
};
const CIRCLE = {
  CIRCLECI: "true",
  CIRCLE_BUILD_URL: RUN,
  CIRCLE_USERNAME: "jane",
  CIRCLE_REPOSITORY_URL: CLONE,
  CIRCLE_SHA1: SHA,
};
const BITBUCKET = {
  BITBUCKET_BUILD_NUMBER: "7",
  BITBUCKET_GIT_HTTP_ORIGIN: "https://bitbucket.org/acme/api",
  BITBUCKET_COMMIT: SHA,
};
const AZURE = {
  TF_BUILD: "True",
  SYSTEM_COLLECTIONURI: "https://dev.azure.com/acme/",
  SYSTEM_TEAMPROJECT: "my shop",
  BUILD_BUILDID: "7",
  BUILD_REQUESTEDFOR: "jane",
  BUILD_REPOSITORY_URI: "https://acme@dev.azure.com/acme/shop/_git/api",
  BUILD_SOURCEVERSION: SHA,
};
const AZURE_SOURCE = "https://dev.azure.com/acme/shop/_git/api";
const AZURE_RUN = "https://dev.azure.com/acme/my%20shop/_build/results?buildId=7";
const BUILDKITE = {
  BUILDKITE: "true",
  BUILDKITE_BUILD_URL: RUN,
  BUILDKITE_BUILD_CREATOR: "jane",
  BUILDKITE_REPO: CLONE,
  BUILDKITE_COMMIT: SHA,
};
const DRONE = {
  DRONE: "true",
  DRONE_BUILD_LINK: RUN,
  DRONE_BUILD_TRIGGER: "@hook",
  DRONE_COMMIT_AUTHOR: "jane",
  DRONE_REPO_LINK: PAGE,
  DRONE_COMMIT_SHA: SHA,
};
const WOODPECKER = {
  CI_SYSTEM_NAME: "woodpecker",
  CI_STEP_URL: RUN,
  CI_COMMIT_AUTHOR: "jane",
  CI_REPO_URL: PAGE,
  CI_COMMIT_SHA: SHA,
};
const BITBUCKET_PAGE = "https://bitbucket.org/acme/api";
const BITBUCKET_RUN = `${BITBUCKET_PAGE}/pipelines/results/7`;
const GITHUB_RUN = `${PAGE}/actions/runs/7`;

it.each<[string, Readonly<Record<string, string>>, string, string, string]>([
  ["GitHub Actions, a tag", { ...GITHUB, GITHUB_REF_NAME: "v1" }, PAGE, "v1", GITHUB_RUN],
  [
    "GitHub Actions, a pull request",
    { ...GITHUB, GITHUB_REF_NAME: "12/merge", GITHUB_HEAD_REF: "cart" },
    PAGE,
    "cart",
    GITHUB_RUN,
  ],
  ["GitLab CI, a branch", GITLAB_BRANCH, GITLAB.CI_PROJECT_URL, "cart", GITLAB.CI_JOB_URL],
  ["Jenkins, a branch", { ...JENKINS, GIT_BRANCH: "origin/cart" }, CLONE, "cart", RUN],
  [
    "Jenkins, a pull request",
    { ...JENKINS, BRANCH_NAME: "PR-12", CHANGE_BRANCH: "cart" },
    CLONE,
    "cart",
    RUN,
  ],
  ["CircleCI, a tag", { ...CIRCLE, CIRCLE_TAG: "v1" }, CLONE, "v1", RUN],
  ["CircleCI, a branch", { ...CIRCLE, CIRCLE_BRANCH: "cart" }, CLONE, "cart", RUN],
  [
    "Bitbucket, a branch",
    { ...BITBUCKET, BITBUCKET_BRANCH: "cart", HELM_NOTIFY_ACTOR: "jane" },
    BITBUCKET_PAGE,
    "cart",
    BITBUCKET_RUN,
  ],
  ["Azure, a tag", { ...AZURE, BUILD_SOURCEBRANCH: "refs/tags/v1" }, AZURE_SOURCE, "v1", AZURE_RUN],
  [
    "Azure, a pull request",
    {
      ...AZURE,
      BUILD_SOURCEBRANCH: "refs/pull/12/merge",
      SYSTEM_PULLREQUEST_SOURCEBRANCH: "refs/heads/a/cart",
    },
    AZURE_SOURCE,
    "a/cart",
    AZURE_RUN,
  ],
  ["Buildkite, a tag", { ...BUILDKITE, BUILDKITE_TAG: "v1" }, CLONE, "v1", RUN],
  ["Buildkite, a pull request", { ...BUILDKITE, BUILDKITE_BRANCH: "cart" }, CLONE, "cart", RUN],
  ["Drone, a tag", { ...DRONE, DRONE_TAG: "v1", DRONE_BRANCH: "main" }, PAGE, "v1", RUN],
  [
    "Drone, a pull request",
    { ...DRONE, DRONE_SOURCE_BRANCH: "cart", DRONE_BRANCH: "main" },
    PAGE,
    "cart",
    RUN,
  ],
  ["Woodpecker, a tag", { ...WOODPECKER, CI_COMMIT_TAG: "v1" }, PAGE, "v1", RUN],
  [
    "Woodpecker, a pull request",
    { ...WOODPECKER, CI_COMMIT_SOURCE_BRANCH: "cart", CI_COMMIT_BRANCH: "main" },
    PAGE,
    "cart",
    RUN,
  ],
])("%s: repository, revision, ref, run and actor are found", async (_, ci, source, ref, url) => {
  const { webhook } = await openSlack();
  const env = { ...ci, ...webhook };
  const { stdout } = await run([HELM_NOTIFY, "announce", IMAGE, "-o", "json"], { env });
  expect(JSON.parse(stdout)).toMatchObject({ source, revision: SHA, ref, actor: "jane", url });
});

it("outside of a CI there is who runs it, and nothing is made up", async () => {
  const { webhook, read } = await openSlack();
  const end = await run([HELM_NOTIFY, "announce", IMAGE], { env: { USER: "jane", ...webhook } });
  expect(end).toMatchObject({ code: 0, stderr: "" });
  expect(read()).toBe(["Slack", "  │ Pushed api 1.4.0", "  │ by jane"].join("\n"));
});

it("programs are told beside Slack", async () => {
  const { bot } = await openSlack();
  const receiver = await startGenericReceiver();
  onTestFinished(() => receiver.stop());
  const generic = {
    HELM_NOTIFY_GENERIC_URL: receiver.url,
    HELM_NOTIFY_GENERIC_SECRET: receiver.secret,
  };
  const { stdout } = await announce([IMAGE, "-o", "json"], { ...bot, ...generic });
  expect(JSON.parse(stdout)).toMatchObject({ told: ["slack", "generic"] });
  expect(receiver.events).toMatchObject([
    { type: "dev.helm-notify.image.pushed", data: { revision: SHA, actor: "jane" } },
  ]);
  const alone = await announce([IMAGE], generic);
  expect(alone).toEqual({ ...SILENT, code: 0, stdout: "" });
});

it.each([
  [[], 0],
  [["--strict"], 1],
])("a Slack that refuses is a warning; with %j the exit status is %i", async (options, code) => {
  const { bot } = await openSlack({ archivedChannels: ["deploys"] });
  const finished = await announce([IMAGE, ...options], bot);
  expect(finished).toMatchObject({ code, stdout: "" });
  expect(finished.stderr).toMatch(
    /^helm notify: warning: not announced: slack refused the message: is_archived\nhelm notify: hint: .+\n$/,
  );
});

it("what answers and is no Slack is a warning", async () => {
  const { slack, webhook } = await openSlack();
  slack.addFaults({ kind: "status", status: 404, body: "<html>" });
  const finished = await announce([IMAGE], webhook);
  expect(finished).toMatchObject({ code: 0, stdout: "" });
  expect(finished.stderr).toContain("warning: not announced: what answered HTTP 404 is not Slack");
  expect(finished.stderr).not.toContain(webhook.HELM_NOTIFY_SLACK_WEBHOOK_URL);
});

it.each<[string, readonly string[], readonly ("bot" | "webhook")[], string]>([
  ["nobody to tell", [IMAGE], [], "nothing says whom to tell"],
  ["no image", [], ["bot"], "missing required argument 'images'"],
  ["an image without a tag", ["acme/api"], ["bot"], '"acme/api" has neither tag nor digest'],
  ["an unset variable", [IMAGE, "--revision", ""], ["bot"], "--revision is empty"],
  ["a page that is none", [IMAGE, "--url", "job 7"], ["bot"], '--url is "job 7"'],
  ["a channel for a webhook", [IMAGE, "--channel=#ci"], ["webhook"], "a webhook tells one channel"],
])("%s: an error before anything is told", async (_, argv, ways, message) => {
  const { slack, ...access } = await openSlack();
  const env = Object.assign({}, ...ways.map((way) => access[way]));
  const finished = await announce(argv, env);
  expect(finished).toMatchObject({ code: 1, stdout: "" });
  expect(finished.stderr).toContain(message);
  expect(slack.requests).toEqual([]);
});

it("a bot token without a channel is an error, whoever else is told", async () => {
  const { slack, bot } = await openSlack();
  const finished = await announce([IMAGE], {
    HELM_NOTIFY_SLACK_BOT_TOKEN: bot.HELM_NOTIFY_SLACK_BOT_TOKEN,
    HELM_NOTIFY_GENERIC_URL: `${slack.url}/events`,
  });
  expect(finished).toMatchObject({ code: 1, stdout: "" });
  expect(finished.stderr).toContain("nothing says which channel to tell");
  expect(slack.requests).toEqual([]);
});
