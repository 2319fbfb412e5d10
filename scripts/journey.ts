// npm run journey: one run from a pushed image to production, on a real Kubernetes, a real registry and real Git over SSH; only
// Slack is a double. It prints what people type and read, and fails where anything is not as it should be.
import assert from "node:assert/strict";
import { join } from "node:path";
import { isGood } from "../src/domain/run.ts";
import { REGISTRIES } from "../test/cluster/node.ts";
import { type Environment, openWorld, type Service, type World } from "../test/journey/world.ts";
import { succeed } from "../test/support/bed.ts";
import { type Told, tellOf } from "../test/support/conversation.ts";
import { openNamespaceApi } from "../test/support/kube-client.ts";
import type { Finished } from "../test/support/process.ts";
import type { SlackReceived } from "../test/support/slack/received.ts";
import { toThreadTranscript, toTranscript } from "../test/support/slack/transcript.ts";
import { chooseHelm, show, title } from "./story.ts";

const LIMIT_MS = 10 * 60_000;
const REPLY_LIMIT_MS = 60_000;

const BEGINNING = {
  api: { tag: "1.3.2", revision: "4f1c2b9e8a7d6c5b4a39281706f5e4d3c2b1a091" },
  web: { tag: "2.8.0", revision: "9a8b7c6d5e4f30211203f4e5d6c7b8a990817263" },
};
const API = { tag: "1.4.0", revision: "9f8e7d6c5b4a39281706f5e4d3c2b1a098765432" };
const BAD_WEB = { tag: "2.9.0", revision: "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567" };
const GOOD_WEB = { tag: "2.9.1", revision: "c0ffee1234567890abcdef1234567890abcdef12" };
const NEXT_WEB = { tag: "3.0.0", revision: "d00d1e1234567890abcdef1234567890abcdef12" };

const major = chooseHelm(process.argv.slice(2));
const startedAt = performance.now();
await using stack = new AsyncDisposableStack();
// What is opened is closed then too: the next command rejects.
const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(name, () => interruption.abort(new Error(`ended by ${name}`)));
}
const signal = AbortSignal.any([interruption.signal, AbortSignal.timeout(LIMIT_MS)]);

const world = await openWorld(stack, { major, beginning: BEGINNING, signal, log: console.error });
const clone = join(world.home, "deploy");
/** What was pushed, by `SERVICE:TAG`. */
const digests = new Map<string, string>();
let steps = 0;
await makeJourney(world);
const seconds = Math.round((performance.now() - startedAt) / 1000);
show(
  "bold",
  `\nThe journey is over: ${steps} steps on Helm ${major} in ${seconds} s, all as it should be.`,
);

async function makeJourney({ slack, deployment, registry, secrets }: World): Promise<void> {
  const { login, deployKey, slackBot } = secrets;
  const apiCi = someone("acme/api CI", {
    ...login,
    ...deployKey,
    ...slackBot,
    ...github("api", API),
  });
  const webCi = someone("acme/web CI", login);
  const deployCi = someone("acme/deploy CI", { ...deployKey, ...github("deploy") });
  const jane = someone("jane", {});
  slack.onMessage((message) => show("magenta", toTranscript(message)));

  step("Staging and production begin with api 1.3.2 and web 2.8.0");
  await pushImage(apiCi, "api", BEGINNING.api);
  await pushImage(webCi, "web", BEGINNING.web);
  await jane(`git clone --quiet ${deployment.url} deploy`, { folder: "." });
  for (const environment of ["staging", "production"] as const) {
    const first = `helm notify upgrade --install ${deploy(environment)}`;
    const { end } = await told(environment, () => deployCi(first));
    says(end, `✅ Deployed shop to ${environment}`);
  }

  step("The CI of acme/api pushes the image of v1.4.0");
  await pushImage(apiCi, "api", API);

  step("… announces it");
  const announced = await apiCi(`helm-notify announce ${registry}/shop/api:1.4.0`);
  says(announced.stdout, /^C\w+\/[\d.]+\n$/);
  const thread = announced.stdout.trim();

  step("… and bumps staging, over SSH");
  const bumped = await apiCi(
    `helm-notify bump --env staging --service api --tag 1.4.0 --revision ${API.revision} \\
    --source-ref v1.4.0 --thread ${thread} --repo ${deployment.url}`,
  );
  says(bumped.stdout, /^pushed \w+ to main: feat\(staging\): update api to 1\.4\.0$/m);

  step("The CI of the deployment repository deploys staging, with the plugin");
  await deployCi("git pull --quiet");
  const staging = await told("staging", () => deployCi(`helm notify upgrade ${deploy("staging")}`));
  says(staging.start, "Deploying shop to staging", "api  1.3.2 → 1.4.0");
  says(staging.end, "✅ Deployed shop to staging", "api 1.3.2 → 1.4.0");
  await untilReplied(thread, /Deployed shop to staging in .*: api 1\.3\.2 → 1\.4\.0/);

  step("Jane looks: staging is ahead of production");
  const ahead = await jane("helm-notify live");
  says(ahead.stdout, /^api +1\.4\.0 \(9f8e7d6\), \d+[sm] +1\.3\.2 \(4f1c2b9\), \d+[sm], behind$/m);
  says(ahead.stdout, /^web +2\.8\.0 \(9a8b7c6\), \d+[sm] +2\.8\.0 \(9a8b7c6\), \d+[sm]$/m);

  step("… and promotes what staging runs");
  const promoted = await jane("helm-notify promote --from staging --to production --yes --push");
  says(promoted.stderr, /api +1\.3\.2 → 1\.4\.0 +4f1c2b9 → 9f8e7d6/);
  says(promoted.stdout, /^pushed \w+ to main: feat\(production\): update api to 1\.4\.0$/m);

  step("Production is deployed by plain helm: a pod of the chart tells");
  const production = await told("production", () => jane(`helm upgrade ${deploy("production")}`));
  says(production.end, "✅ Applied shop to production", /api +1\.3\.2 → 1\.4\.0/);
  await untilReplied(thread, /Applied shop to production in .*: api 1\.3\.2 → 1\.4\.0/);

  step("Both environments run the same, as Git declares it");
  const same = await jane("helm-notify live --detailed-exitcode");
  says(same.stdout, /^api +1\.4\.0 \(9f8e7d6\), \d+[sm] +1\.4\.0 \(9f8e7d6\), \d+[sm]$/m);
  assert.doesNotMatch(same.stdout, /behind|ahead|differs|drift/);
  await checkLive({ staging: [API, BEGINNING.web], production: [API, BEGINNING.web] });

  step("Web has newer images; the image updater takes what the policy lets in");
  await pushImage(webCi, "web", BAD_WEB, "/bin/web");
  await pushImage(webCi, "web", NEXT_WEB);
  const explained = await deployCi("helm-notify tags --env staging --explain");
  says(explained.stdout, "web, semver ^2.8: 2.9.0 of 3 tags", /not in \^2\.8 +1 +3\.0\.0/);
  const updated = await deployCi("helm-notify bump --env staging --latest --all --push");
  says(updated.stdout, /^pushed \w+ to main: feat\(staging\): update web to 2\.9\.0$/m);

  step("But 2.9.0 does not start: the deploy fails, and Slack says why");
  const failed = await told("staging", () =>
    deployCi(`helm notify upgrade ${deploy("staging")} --timeout 15s`, { code: 1 }),
  );
  says(failed.start, "web  2.8.0 → 2.9.0");
  says(failed.end, "❌ Failed: upgrade of shop in staging", "what was applied is still there");
  says(failed.end, /Pod shop-web-\S+, container web: .*exec: "\/bin\/web": /);
  const broken = await jane("helm-notify live --env staging --detailed-exitcode", { code: 2 });
  says(broken.stdout, "staging: the last upgrade failed", "drift: web in staging: pods run 2.8.0");

  step("Jane goes back, by plain helm and in Git; the image updater does not bring it again");
  const rollback = `helm rollback shop -n ${world.namespaces.staging} --wait`;
  const undone = await told("staging", () => jane(rollback));
  says(undone.end, "✅ Rolled back shop in staging", /web +2\.9\.0 → 2\.8\.0 .*downgrade/);
  await jane(
    `helm-notify bump --env staging web=2.8.0@${BEGINNING.web.revision} --allow-downgrade --push`,
  );
  const held = await deployCi("helm-notify tags --env staging --explain");
  says(held.stdout, "web, semver ^2.8: 2.8.0 of 3 tags", /was rolled back +1 +2\.9\.0/);
  const nothing = await deployCi("helm-notify bump --env staging --latest --all --push");
  says(nothing.stdout, /^nothing to change in environments\/staging\.yaml/);

  step("2.9.1 starts: it is brought, and deployed");
  await pushImage(webCi, "web", GOOD_WEB);
  const mended = await deployCi("helm-notify bump --env staging --latest --all --push");
  says(mended.stdout, /^pushed \w+ to main: feat\(staging\): update web to 2\.9\.1$/m);
  const good = await told("staging", () => deployCi(`helm notify upgrade ${deploy("staging")}`));
  says(good.start, "web  2.8.0 → 2.9.1");
  says(good.end, "✅ Deployed shop to staging");

  step("Who did what");
  const { stdout: stagingLog } = await jane("helm-notify log --env staging");
  const runs = [
    /upgrade +5 +joe .* web 2\.8\.0 → 2\.9\.1 +rolled out /,
    /rollback .* web 2\.9\.0 → 2\.8\.0 .* applied /,
    /upgrade +3 +joe .* web 2\.8\.0 → 2\.9\.0 +failed: /,
    /upgrade +2 +joe .* api 1\.3\.2 → 1\.4\.0 +rolled out /,
  ];
  for (const [index, line] of stagingLog.split("\n").slice(1, 5).entries()) {
    says(line, runs[index] ?? "");
  }
  const { stdout: productionLog } = await jane("helm-notify log --env production");
  says(productionLog, /api 1\.3\.2 → 1\.4\.0 +applied /);
  await jane("git log --reverse --format='%h %an: %s'");
  await jane("helm-notify live --detailed-exitcode");
  checkHistory();
  await checkLive({ staging: [API, GOOD_WEB], production: [API, BEGINNING.web] });

  title("The channel, as it is read now");
  for (const message of slack.channel()) show("magenta", toThreadTranscript(message));
}

/** What the ledgers, the bare repository and the channel have of it in the end. */
function checkHistory(): void {
  const commits = world.deployment.git(["log", "--reverse", "--format=%an: %s", "main"]);
  assert.deepEqual(commits.trimEnd().split("\n"), [
    "CI: Begin",
    "acme/api CI: feat(staging): update api to 1.4.0",
    "jane: feat(production): update api to 1.4.0",
    "acme/deploy CI: feat(staging): update web to 2.9.0",
    "jane: feat(staging): update web to 2.8.0",
    "acme/deploy CI: feat(staging): update web to 2.9.1",
  ]);
  const files = world.deployment.git([
    "log",
    "--reverse",
    "--format=",
    "--name-only",
    "-5",
    "main",
  ]);
  assert.deepEqual(
    files.trimEnd().split("\n"),
    ["staging", "production", "staging", "staging", "staging"].map(
      (name) => `environments/${name}.yaml`,
    ),
  );
  const expected: readonly RegExp[] = [
    /Deployed shop to staging.*first install/s,
    /Deployed shop to production.*first install/s,
    /Pushed api 1\.4\.0.*└ ✅ Deployed shop to staging.*└ ✅ Applied shop to production/s,
    /Deployed shop to staging.*api 1\.3\.2 → 1\.4\.0/s,
    /Applied shop to production.*api +1\.3\.2 → 1\.4\.0/s,
    /Failed: upgrade of shop in staging.*web 2\.8\.0 → 2\.9\.0/s,
    /Rolled back shop in staging.*web +2\.9\.0 → 2\.8\.0/s,
    /Deployed shop to staging.*web 2\.8\.0 → 2\.9\.1/s,
  ];
  const messages = world.slack.channel();
  assert.equal(messages.length, expected.length);
  for (const [index, message] of messages.entries()) {
    says(toThreadTranscript(message), expected[index] ?? "");
  }
  assert.equal(messages[2]?.replies.length, 2);
}

type Expected = Readonly<Record<Environment, readonly [Service, Service]>>;

/** Declared, recorded and run are the same: api and web, by the digest that was pushed. */
async function checkLive(expected: Expected): Promise<void> {
  const { stdout } = await world.shell("helm-notify live -o json", { cwd: clone });
  const { environments }: LiveView = JSON.parse(stdout);
  const found = environments.map(({ name, services }) => [
    name,
    services.map(({ name: service, declared, recorded, running, drift }) => {
      assert.deepEqual(drift, []);
      assert.equal(declared.tag, recorded.tag);
      assert.deepEqual(
        running.map(({ tag, digest }) => [tag, digest]),
        [[recorded.tag, digests.get(`${service}:${recorded.tag}`)]],
      );
      return { tag: recorded.tag, revision: recorded.revision };
    }),
  ]);
  assert.deepEqual(Object.fromEntries(found), expected);
}

/** As much of `helm notify live -o json` as is looked at. */
interface LiveView {
  readonly environments: readonly {
    readonly name: string;
    readonly services: readonly {
      readonly name: string;
      readonly declared: Service;
      readonly recorded: Service;
      readonly running: readonly { readonly tag: string; readonly digest: string }[];
      readonly drift: readonly unknown[];
    }[];
  }[];
}

/** Puts a new image into the registry, as a CI that has built it does. It idles, unless it is to start a program. */
async function pushImage(
  by: Person,
  name: string,
  service: Service,
  program?: string,
): Promise<void> {
  const archive = `${name}-${service.tag}.tar`;
  const image = `${world.registry}/shop/${name}:${service.tag}`;
  digests.set(`${name}:${service.tag}`, world.buildImage(archive, name, service, program));
  await by(`ctr images import --no-unpack - <${archive}`, { folder: "." });
  const login = '--user "$REGISTRY_USER:$REGISTRY_PASSWORD"';
  const push = `ctr images push --hosts-dir ${REGISTRIES} ${login} ${image} >/dev/null`;
  await by(push, { folder: "." });
}

type Person = (
  line: string,
  options?: { readonly folder?: string; readonly code?: number },
) => Promise<Finished>;

/** Someone who types commands in the clone of the deployment repository; they have to end with `code`. */
function someone(name: string, variables: Readonly<Record<string, string>>): Person {
  const email = `${name.replaceAll(/\W/g, "-")}@example.com`;
  const env = {
    ...variables,
    GIT_AUTHOR_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_NAME: name,
    GIT_COMMITTER_EMAIL: email,
  };
  return async (line, { folder = "deploy", code = 0 } = {}) => {
    show("bold", `\n${name} $ ${line}`);
    const finished = await world.shell(line, {
      cwd: join(world.home, folder),
      env,
      onOutput: print,
    });
    assert.equal(finished.code, code, `${line}\n${finished.stdout}${finished.stderr}`);
    return finished;
  };
}

function print(text: string): void {
  process.stdout.write(text);
}

function deploy(environment: Environment): string {
  const files = ["base", environment].map((name) => `-f environments/${name}.yaml`).join(" ");
  return `shop ./chart -n ${world.namespaces[environment]} ${files} --wait`;
}

/** Runs a deploy, and waits until it is told to its end and, where it went well, no pod of before is left. */
async function told(environment: Environment, command: () => Promise<unknown>): Promise<Told> {
  const api = await openNamespaceApi(world.kubeconfig, world.namespaces[environment]);
  const all = await tellOf({ slack: world.slack, api }, "shop", command).finally(() => api.close());
  const isWell = all.run?.outcome !== undefined && isGood(all.run.outcome);
  for (const name of isWell ? Object.keys(BEGINNING) : []) {
    await succeed(world.kubectl(environment, ["rollout", "status", `deployment/shop-${name}`]));
  }
  return all;
}

/** A pod replies there when the rest is told. */
async function untilReplied(thread: string, expected: RegExp): Promise<void> {
  const [, ts] = thread.split("/");
  const isIt = (message: SlackReceived) =>
    message.threadTs === ts && expected.test(toTranscript(message));
  if (world.slack.messages.some(isIt)) return;
  const limit = AbortSignal.any([signal, AbortSignal.timeout(REPLY_LIMIT_MS)]);
  await new Promise<void>((resolve, reject) => {
    limit.addEventListener("abort", () => reject(limit.reason));
    world.slack.onMessage((message) => {
      if (isIt(message)) resolve();
    });
  });
}

function says(text: string, ...expected: readonly (string | RegExp)[]): void {
  for (const one of expected) {
    if (typeof one === "string") assert.ok(text.includes(one), `"${one}" is missing in:\n${text}`);
    else assert.match(text, one);
  }
}

function step(text: string): void {
  title(`${++steps}. ${text}`);
}

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables */
function github(repository: string, tag?: Service) {
  return {
    GITHUB_ACTIONS: "true",
    GITHUB_ACTOR: "joe",
    GITHUB_SERVER_URL: "https://github.com",
    GITHUB_REPOSITORY: `acme/${repository}`,
    GITHUB_RUN_ID: "7",
    GITHUB_REF_NAME: tag === undefined ? "main" : `v${tag.tag}`,
    ...(tag && { GITHUB_SHA: tag.revision }),
  };
}
