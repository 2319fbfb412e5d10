// examples/, as people copy them: parsed, rendered, and their jobs run from a pushed image to a promotion.
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { parse } from "yaml";
import { HELM_MAJORS, helmPath } from "../../scripts/toolbox.ts";
import { type EmbeddedBed, openEmbeddedBed } from "../support/bed/embedded.ts";
import { HELM_NOTIFY, succeed } from "../support/bed.ts";
import {
  type DeploymentRepository,
  openDeploymentRepository,
} from "../support/deployment-repository.ts";
import { mergeKubeconfigs } from "../support/kubeconfigs.ts";
import { type GitHubWorkflow, type Job, runGitHubJob, runGitLabJob } from "../support/pipelines.ts";
import { type Finished, run } from "../support/process.ts";
import { pushImage } from "../support/registry/push.ts";
import { HTPASSWD, type RealRegistry, startRegistry } from "../support/registry/real-registry.ts";
import { runHelm } from "../support/rendering.ts";
import { SHOP } from "../support/shop-chart.ts";
import { type SlackDouble, startSlack } from "../support/slack/double.ts";
import { toTranscript } from "../support/slack/transcript.ts";
import { type Sshd, startSshd } from "../support/ssh/sshd.ts";

const EXAMPLES = join(import.meta.dirname, "../../examples");
const DEPLOYMENT = join(EXAMPLES, "deployment");
const ENVIRONMENTS = ["staging", "production"];
const SHA = "0123456789abcdef0123456789abcdef01234567";

const allFiles = (pattern: string) =>
  globSync([pattern, `**/.github/${pattern}`, "**/.gitlab-ci.yml"], { cwd: EXAMPLES });
const read = (file: string) => readFileSync(join(EXAMPLES, file), "utf8");

describe("the files", () => {
  it.each(allFiles("**/*.yaml"))("%s is YAML, with no key twice", (file) => {
    expect(parse(read(file), { strict: true, uniqueKeys: true })).toBeTypeOf("object");
  });

  const workflows = globSync("**/.github/workflows/*.yaml", { cwd: EXAMPLES });
  it.each(workflows)("%s asks for the rights it needs, in each job", (file) => {
    const { permissions, jobs }: GitHubWorkflow = parse(read(file));
    expect(permissions).toEqual({});
    for (const job of Object.values(jobs)) {
      const isCheckedOut = job.steps.some(({ uses }) => uses?.startsWith("actions/checkout@"));
      expect(job.permissions).toEqual(isCheckedOut ? { contents: "read" } : {});
    }
  });

  it.each(workflows)("%s names every action by its commit", (file) => {
    for (const line of read(file).match(/^.*\buses:.*$/gm) ?? []) {
      expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it.each(workflows)("%s brings nothing into a shell but by its environment", (file) => {
    const { jobs }: GitHubWorkflow = parse(read(file));
    const scripts = Object.values(jobs).flatMap(({ steps }) => steps.map((step) => step.run ?? ""));
    expect(scripts.join("\n")).not.toContain("${{");
  });

  it.each(workflows)("%s shows no secret in the arguments of a command", (file) => {
    const { jobs }: GitHubWorkflow = parse(read(file));
    for (const { run: script = "", env = {} } of Object.values(jobs).flatMap(
      ({ steps }) => steps,
    )) {
      // printf is the shell's own: what it gets is in no process list.
      const rest = script.replaceAll(/printf '%s' "\$\w+"/g, "");
      const secrets = Object.keys(env).filter((key) => env[key]?.includes("secrets."));
      for (const name of secrets) expect(rest).not.toMatch(new RegExp(`\\$\\{?${name}\\b`));
    }
  });

  it("the README links to what is there", () => {
    const links = [...read("README.md").matchAll(/\]\(([^)]+)\)/g)].map(([, path = ""]) => path);
    expect(links.length).toBeGreaterThan(5);
    for (const path of links) expect(globSync(path, { cwd: EXAMPLES })).toEqual([path]);
  });
});

const valuesOf = (environment: string) =>
  ["base", environment].flatMap((name) => ["-f", `${DEPLOYMENT}/environments/${name}.yaml`]);

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  it.each(ENVIRONMENTS)("takes the values of %s", async (environment) => {
    const lint = await runHelm(major, ["lint", "--strict", SHOP, ...valuesOf(environment)]);
    expect(lint.code, lint.stdout + lint.stderr).toBe(0);
    const { stdout } = await succeed(
      runHelm(major, ["template", "shop", SHOP, ...valuesOf(environment)]),
    );
    const { api } = parse(read(`deployment/environments/${environment}.yaml`));
    expect(stdout).toContain(`"registry.example.com/shop/api:${api.image.tag}"`);
  });
});

describe("the manifests of the Secret", () => {
  const KEYS = ["botToken", "channel", "genericUrl", "genericSecret", "gitToken"];
  const { secretRef } = parse(read("deployment/environments/base.yaml"))["helm-notify"].slack;

  it("External Secrets makes the one that the values name, with every key there is", () => {
    const { spec }: ExternalSecret = parse(read("slack-secret/external-secret.yaml"));
    expect(spec.target.name).toBe(secretRef);
    expect(spec.data.map(({ secretKey }) => secretKey)).toEqual(KEYS);
  });

  it("Sealed Secrets does too", () => {
    const { metadata, spec }: SealedSecret = parse(read("slack-secret/sealed-secret.yaml"));
    expect(metadata.name).toBe(secretRef);
    expect(Object.keys(spec.encryptedData)).toEqual(KEYS);
  });
});

// https://external-secrets.io/latest/api/externalsecret/
interface ExternalSecret {
  readonly spec: {
    readonly target: { readonly name: string };
    readonly data: readonly { readonly secretKey: string }[];
  };
}

// https://github.com/bitnami-labs/sealed-secrets#overview
interface SealedSecret {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly encryptedData: object };
}

let beds: Record<string, EmbeddedBed>;
let sshd: Sshd;
let open: RealRegistry;
let registry: RealRegistry;
let slack: SlackDouble;
const storage = mkdtempSync(join(tmpdir(), "examples-"));

beforeAll(async () => {
  const htpasswd = join(storage, "htpasswd");
  writeFileSync(htpasswd, HTPASSWD);
  const auth = { htpasswd: { realm: "test", path: htpasswd } };
  const [staging, production] = await Promise.all([openEmbeddedBed(), openEmbeddedBed()]);
  beds = { staging, production };
  [sshd, open, registry, slack] = await Promise.all([
    startSshd(),
    startRegistry({ storage, plain: true }),
    startRegistry({ storage, plain: true, config: { auth } }),
    startSlack(),
  ]);
  await push("shop/api", ["1.4.0"]);
  await push("shop/web", ["2.8.0", "2.9.0", "3.0.0"]);
  await push("shop/worker", ["main-9-abcdef0", "main-41-4f1c2b9", "main-100-abcdef0"]);
}, 180_000);
afterAll(async () => {
  await Promise.all([sshd, open, registry, slack].map((started) => started.stop()));
  await Promise.all(Object.values(beds).map((bed) => bed.close()));
  rmSync(storage, { recursive: true, force: true });
});

async function push(name: string, tags: readonly string[]): Promise<void> {
  const config = { config: { Labels: { "org.opencontainers.image.revision": SHA } } };
  for (const tag of tags) await pushImage(open.host, name, tag, config);
}

describe.each([
  { ci: "GitHub Actions", runJob: runAtGitHub, host: "https://github.com" },
  { ci: "GitLab CI", runJob: runAtGitLab, host: "https://gitlab.example.com" },
])("on $ci", ({ runJob, host }) => {
  it("a tagged commit becomes an image that knows its origin, is announced, and goes to staging", async () => {
    const machine = await openMachine();
    const application = copyExample("application", machine.home);
    writeFileSync(join(application, "Dockerfile"), "FROM scratch\n");
    const job = { folder: application, slug: "acme/api", ref: "v1.4.1", sha: SHA };

    await succeed(runJob({ ...job, name: "push" }, machine.home));
    expect(await readLabels("shop/api", "1.4.1")).toEqual({
      "org.opencontainers.image.source": `${host}/acme/api`,
      "org.opencontainers.image.revision": SHA,
    });

    const heard = slack.messages.length;
    await succeed(runJob({ ...job, name: "staging" }, machine.home));
    const announced = slack.messages.slice(heard);
    expect(announced.map(toTranscript).join("\n")).toMatch(/api.*1\.4\.1/);
    expect(machine.lastCommit()).toBe("Deploy bot: feat(staging): update api to 1.4.1");
    expect(machine.values("staging")["api"]?.image).toEqual({
      tag: "1.4.1",
      revision: SHA,
      thread: expect.stringMatching(new RegExp(`^C\\w+/${announced[0]?.ts}$`)),
    });
  });

  it("the image updater brings what the policies take, with its revision, and then nothing", async () => {
    const machine = await openMachine();
    await succeed(runJob(deploymentJob("update", machine), machine.home));
    expect(machine.lastCommit()).toBe("Deploy bot: feat(staging): update web, worker");
    expect(machine.values("staging")).toMatchObject({
      api: { image: { tag: "1.4.0" } },
      web: { image: { tag: "2.9.0", revision: SHA } },
      worker: { image: { tag: "main-100-abcdef0", revision: SHA } },
    });

    const again = await succeed(runJob(deploymentJob("update", machine), machine.home));
    expect(again.stdout).toContain("nothing to change");
    expect(machine.deployment.git(["rev-list", "--count", "main"])).toBe("2\n");
  });

  it("what staging runs goes to the values of production, where nothing else changes", async () => {
    const machine = await openMachine();
    const job = deploymentJob("promote", machine);
    await deployStaging(job.folder, machine.home);
    const readProduction = () => machine.deployment.fileOnServer("environments/production.yaml");
    const before = readProduction();
    await succeed(runJob(job, machine.home));
    expect(machine.lastCommit()).toBe("Deploy bot: feat(production): update api, worker");
    const [after, staging] = [machine.values("production"), machine.values("staging")];
    for (const name of ["api", "web", "worker"]) {
      expect(after[name]?.image).toEqual(staging[name]?.image);
    }
    const [text, textBefore] = [readProduction(), before].map((whole) =>
      whole.replaceAll(/(tag|revision): .*/g, "$1:"),
    );
    expect(text).toBe(textBefore);
  });
});

interface Machine {
  readonly home: string;
  readonly deployment: DeploymentRepository;
  /** On the server, as Helm reads them. */
  readonly values: (environment: string) => Readonly<Record<string, { readonly image: object }>>;
  readonly lastCommit: () => string;
}

/** The image of the jobs, as the README wants it. The Git hosts of the examples are a server here. */
async function openMachine(): Promise<Machine> {
  const home = mkdtempSync(join(storage, "home-"));
  const copy = copyExample("deployment", home);
  const files = globSync(["**/*.*", ".github/**/*.*", ".gitlab-ci.yml"], { cwd: copy });
  const deployment = await openDeploymentRepository(
    sshd,
    Object.fromEntries(files.map((file) => [file, readFileSync(join(copy, file), "utf8")])),
  );
  onTestFinished(deployment.close);

  const write = (name: string, text: string) => writeFileSync(join(home, name), text);
  mkdirSync(join(home, "bin"));
  symlinkSync(helmPath(4), join(home, "bin/helm"));
  const command = (name: string, line: string) => {
    write(`bin/${name}`, `#!/bin/sh\n${line}\n`);
    chmodSync(join(home, "bin", name), 0o755);
  };
  const docker = fileURLToPath(new URL("../support/docker-double.ts", import.meta.url));
  command("docker", `exec node ${docker} "$@"`);
  symlinkSync(HELM_NOTIFY, join(home, "bin/helm-notify"));
  const addresses = ["git@github.com:acme/deploy.git", "git@gitlab.example.com:acme/deploy.git"];
  write(
    ".gitconfig",
    `[user]
      name = Deploy bot
      email = deploy-bot@example.com
    [url "${deployment.url}"]
      ${addresses.map((address) => `insteadOf = ${address}`).join("\n")}
    `,
  );
  write("known_hosts", sshd.knownHosts);
  const kubeconfigs = Object.entries(beds).map(([name, { kubeconfig }]) => [name, kubeconfig]);
  write("kubeconfig", mergeKubeconfigs(Object.fromEntries(kubeconfigs)));
  const auths = { [registry.host]: { username: "jane", password: "right" } };
  write("registry.json", JSON.stringify({ auths }));
  return {
    home,
    deployment,
    values: (environment) => parse(deployment.fileOnServer(`environments/${environment}.yaml`)),
    lastCommit: () => deployment.git(["log", "-1", "--format=%an: %s", "main"]).trim(),
  };
}

/** As someone has copied it who has a registry of their own. */
function copyExample(name: string, home: string): string {
  const folder = join(home, name);
  cpSync(join(EXAMPLES, name), folder, { recursive: true });
  for (const file of globSync(["*.yaml", ".github/**/*.yaml", ".*.yml"], { cwd: folder })) {
    const path = join(folder, file);
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replaceAll("registry.example.com", registry.host));
  }
  return folder;
}

/** In a folder that holds no repository: nothing is checked out for these jobs. */
function deploymentJob(name: string, { home }: Machine): Job {
  return { name, folder: join(home, "deployment"), slug: "acme/deploy", ref: "main", sha: SHA };
}

/** What `helmfile apply` would have plain helm do. */
async function deployStaging(folder: string, home: string): Promise<void> {
  const values = ["base", "staging"].flatMap((name) => ["-f", `environments/${name}.yaml`]);
  const where = ["--namespace=shop", "--create-namespace", "--kube-context=staging"];
  await succeed(
    run(["helm", "upgrade", "--install", "shop", SHOP, ...where, ...values], {
      cwd: folder,
      env: { ...machineEnv(home), KUBECONFIG: join(home, "kubeconfig") },
    }),
  );
}

async function readLabels(name: string, tag: string): Promise<unknown> {
  const accept = "application/vnd.oci.image.manifest.v1+json";
  const get = async (path: string) => {
    const answer = await fetch(`http://${open.host}/v2/${name}/${path}`, { headers: { accept } });
    return JSON.parse(await answer.text());
  };
  const { config } = await get(`manifests/${tag}`);
  const image = await get(`blobs/${config.digest}`);
  return image.config.Labels;
}

function machineEnv(home: string): Record<string, string> {
  return {
    PATH: [join(home, "bin"), dirname(process.execPath), process.env["PATH"]].join(delimiter),
    HOME: home,
    TMPDIR: home,
    GIT_CONFIG_NOSYSTEM: "1",
    DOCKER_DOUBLE_HOST: open.host,
    DOCKER_DOUBLE_FOLDER: home,
    HELM_NOTIFY_SLACK_API_URL: slack.apiUrl,
  };
}

function runAtGitHub(job: Job, home: string): Promise<Finished> {
  const text = (file: string) => readFileSync(join(home, file), "utf8");
  const given = {
    "vars.REGISTRY_USER": "jane",
    "vars.KNOWN_HOSTS": sshd.knownHosts,
    "secrets.REGISTRY_PASSWORD": "right",
    "secrets.REGISTRY_AUTH": text("registry.json"),
    "secrets.DEPLOY_KEY": readFileSync(sshd.key, "utf8"),
    "secrets.KUBECONFIG_READER": text("kubeconfig"),
    "secrets.SLACK_BOT_TOKEN": slack.botToken,
  };
  return runGitHubJob(job, given, machineEnv(home));
}

function runAtGitLab(job: Job, home: string): Promise<Finished> {
  const given = {
    REGISTRY_USER: "jane",
    REGISTRY_PASSWORD: "right",
    REGISTRY_AUTH_FILE: join(home, "registry.json"),
    HELM_NOTIFY_SSH_KEY: sshd.key,
    HELM_NOTIFY_KNOWN_HOSTS: join(home, "known_hosts"),
    KUBECONFIG_READER: join(home, "kubeconfig"),
    HELM_NOTIFY_SLACK_BOT_TOKEN: slack.botToken,
    HELM_NOTIFY_SLACK_CHANNEL: "#deploys",
  };
  return runGitLabJob(job, given, machineEnv(home));
}
