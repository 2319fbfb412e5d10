// Two environments on one cluster, and their deployment repository: what runs where, who brought it, and on to production.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { type Deployer, HELM_NOTIFY, openDeployer, succeed } from "../support/bed.ts";
import { type GitHostDouble, startGitHost, TOKEN } from "../support/git-hosts/double.ts";
import { giteaModel } from "../support/git-hosts/gitea.ts";
import { createHistory, type History } from "../support/git-hosts/history.ts";
import { type Finished, run, type RunOptions } from "../support/process.ts";
import { useBed } from "../support/use-bed.ts";

const SERVICES = ["api", "web", "worker", "scheduler", "mailer"];
const PRODUCTION_VALUES = `# Production: changed by promotions only.
helm-notify: { environment: production }
api: { image: { tag: 1.3.2, revision: "${"4".repeat(40)}" } }   # keep me
web: { image: { tag: 2.8.0 } }
`;

const bed = useBed();
let history: History;
let host: GitHostDouble;
beforeAll(async () => {
  history = createHistory([
    { name: "first", parents: [], message: "Begin" },
    { name: "second", parents: ["first"], message: "Sort the queue" },
    { name: "third", parents: ["second"], message: "Empty the queue" },
  ]);
  host = await startGitHost(giteaModel("https://git.test"), history);
});
afterAll(async () => {
  await host.stop();
  history.remove();
});

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let staging: Deployer;
  let production: Deployer;
  let repository: string;
  beforeAll(async () => {
    [staging, production] = await Promise.all([
      openDeployer(bed(), major),
      openDeployer(bed(), major),
    ]);
    repository = join(staging.folder, "deploy");
    await writeRepository();
    const files = [...workerAt("third"), "-f", join(repository, "staging.yaml")];
    const newer = `api.image.tag=1.4.0,api.image.revision=${"5".repeat(40)}`;
    await Promise.all([
      deploy(staging, "jane", files).then(() =>
        deploy(staging, "=joe", [...files, "--set", newer]),
      ),
      deploy(production, "jane", [
        ...workerAt("first"),
        "-f",
        join(repository, "production.yaml"),
        "--set",
        "web.replicas=1",
      ]),
    ]);
  });
  afterAll(async () => {
    await Promise.all([staging.close(), production.close()]);
  });

  async function writeRepository(): Promise<void> {
    mkdirSync(join(repository, "somewhere/below"), { recursive: true });
    const write = (file: string, text: string) => writeFileSync(join(repository, file), text);
    write("staging.yaml", "helm-notify: { environment: staging }\n");
    write("production.yaml", PRODUCTION_VALUES);
    const place = { release: "shop", kubeContext: await currentContext(staging) };
    const environments = {
      staging: { ...place, values: "staging.yaml", namespace: staging.namespace },
      production: {
        ...place,
        values: "production.yaml",
        namespace: production.namespace,
        promoteFrom: "staging",
      },
      gone: {
        ...place,
        values: "staging.yaml",
        namespace: staging.namespace,
        kubeContext: "no-such-context",
      },
    };
    const services = Object.fromEntries(SERVICES.map((name) => [name, {}]));
    write("helm-notify.yaml", JSON.stringify({ environments, services }));
    await git("init", "--quiet", "--initial-branch=main");
    await git("config", "user.email", "jane@example.com");
    await git("config", "user.name", "Jane");
    await git("add", ".");
    await git("commit", "--quiet", "-m", "Begin");
  }

  const git = (...argv: string[]) =>
    succeed(run(["git", ...argv], { cwd: repository, env: staging.env }));
  const ours = (argv: readonly string[], options: RunOptions = {}): Promise<Finished> =>
    run([HELM_NOTIFY, ...argv], {
      cwd: repository,
      ...options,
      env: { ...staging.env, HELM_NAMESPACE: "default", ...options.env },
    });
  /** Someone at a terminal, who answers; what is to be read there is its stdout. */
  const atTerminal = (argv: readonly string[], answer: string): Promise<Finished> =>
    run(["script", "-qec", [HELM_NOTIFY, ...argv].join(" "), "/dev/null"], {
      cwd: repository,
      env: { ...staging.env, HELM_NAMESPACE: "default" },
      stdin: `${answer}\n`,
    });
  const live = async (argv: readonly string[] = [], options: RunOptions = {}) => {
    const { stdout } = await succeed(
      ours(["live", "--env", "staging", "production", ...argv], options),
    );
    return stdout.trimEnd().split("\n");
  };

  const values = () => readFileSync(join(repository, "production.yaml"), "utf8");
  const commits = async () => (await git("rev-list", "--count", "HEAD")).stdout.trim();

  it("live shows both environments, from anywhere in the repository", async () => {
    const lines = await live([], { cwd: join(repository, "somewhere/below") });
    expect(lines).toEqual([
      expect.stringMatching(/^SERVICE +STAGING +PRODUCTION$/),
      expect.stringMatching(
        /^api +1\.4\.0 \(5555555\), \d+[sm] +1\.3\.2 \(4444444\), \d+[sm], behind$/,
      ),
      expect.stringMatching(/^web +2\.8\.0, \d+[sm] +2\.8\.0, \d+[sm]$/),
      expect.stringMatching(/^worker +1\.3\.2 \(\w{7}\), .*, differs$/),
      expect.stringMatching(/^scheduler +0\.9\.4, /),
      expect.stringMatching(/^mailer +1\.0\.7, /),
    ]);
  });

  it("live counts the commits between environments where the Git host tells them", async () => {
    const env = { HELM_NOTIFY_GIT_TOKEN: `${new URL(host.url).host}=${TOKEN}` };
    const [third, first] = ["third", "first"].map((name) => history.hashOf(name).slice(0, 7));
    const worker = (await live([], { env })).find((line) => line.startsWith("worker"));
    expect(worker).toMatch(
      new RegExp(`^worker +1\\.3\\.2 \\(${third}\\), .* 1\\.3\\.2 \\(${first}\\), .*, 2 behind$`),
    );
  });

  it("live names an environment that cannot be read, and shows the others", async () => {
    const { code, stdout } = await ours(["live"]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^SERVICE +STAGING +PRODUCTION +GONE$/m);
    expect(stdout).toMatch(/^api .* not readable$/m);
    expect(stdout).toMatch(/^cannot read gone: .*no-such-context/m);
    expect((await ours(["live", "--detailed-exitcode"])).code).toBe(1);
  });

  it("live names what the pods run that nobody deployed", async () => {
    await setWebImage(production, "2.7.9");
    expect(await live()).toContain("drift: web in production: pods run 2.7.9");
    const detailed = await ours([
      "live",
      "--env",
      "production",
      "--detailed-exitcode",
      "-o",
      "json",
    ]);
    expect(detailed.code).toBe(2);
    const { environments } = JSON.parse(detailed.stdout);
    expect(environments[0].services[1]).toMatchObject({
      name: "web",
      declared: { tag: "2.8.0" },
      recorded: { tag: "2.8.0" },
      running: [{ tag: "2.7.9", running: true }],
      drift: [{ kind: "runs-other" }],
    });
    await setWebImage(production, "2.8.0");
    expect((await ours(["live", "--env", "production", "--detailed-exitcode"])).code).toBe(0);
  });

  it("live is posted to Slack where asked for, and refuses without credentials", async () => {
    const heard = staging.slack.messages.length;
    const table = await live(["--slack"], {
      env: { HELM_NOTIFY_SLACK_WEBHOOK_URL: staging.slack.webhookUrl },
    });
    expect(staging.slack.messages).toHaveLength(heard + 1);
    expect(staging.transcripts().at(-1)).toContain(table[2]);
    const without = await ours(["live", "--slack"]);
    expect([without.code, without.stdout]).toEqual([1, ""]);
    expect(without.stderr).toMatch(/nothing says which Slack to post to/);
  });

  it("log tells who deployed what, by release or by environment", async () => {
    const { stdout } = await succeed(ours(["log", "--env", "staging"]));
    const [header, last, first, ...more] = stdout.trimEnd().split("\n");
    const whoami = ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"];
    const account = (await succeed(staging.kubectl(whoami))).stdout;
    expect(header).toMatch(/^STARTED +ACTION +REV +WHO +WHAT +ENDED +TOOK$/);
    expect(last).toMatch(/ UTC +upgrade +2 +=joe \(.* +api 1\.3\.2 → 1\.4\.0 +rolled out +/);
    expect(first).toMatch(/ UTC +install +1 +jane \(.* +api 1\.3\.2 +rolled out +/);
    expect(last).toContain(` =joe (claimed), ${account} (verified) `);
    expect(more).toHaveLength(SERVICES.length - 1);
    const where = ["log", "shop", "-n", staging.namespace];
    expect((await succeed(ours(where))).stdout).toBe(stdout);
    // Helm eats -n, and says its own namespace to plugins: the environment's counts.
    const plugin = ["notify", "log", "--env", "staging", "-n", "elsewhere"];
    expect((await succeed(staging.helm(plugin, { cwd: repository }))).stdout).toBe(stdout);
    const limited = JSON.parse(
      (await succeed(ours([...where, "--limit", "1", "-o", "json"]))).stdout,
    );
    expect(limited.runs).toMatchObject([
      {
        helmRevision: 2,
        actor: { name: "=joe", isVerified: false },
        account: { name: account, isVerified: true },
      },
    ]);
    expect((await succeed(ours([...where, "-o", "csv"]))).stdout).toMatch(
      /,'=joe,.*,api,changed,1\.3\.2,1\.4\.0,.*\r\n/,
    );
  });

  it.each([
    [["log"], /a release or an environment is needed/],
    [["log", "--env", "staging", "-n", "x"], /--env says the namespace/],
    [["log", "--env", "stage"], /there is no environment "stage"/],
    [["log", "shop", "--limit", "0"], /--limit is "0"/],
    [["live", "--env", "stage"], /there is no environment "stage"/],
    [
      ["promote", "--from", "stage", "--to", "production", "--yes"],
      /there is no environment "stage"/,
    ],
    [["promote", "--to", "production", "--service", "apo", "--yes"], /there is no service "apo"/],
    [["promote", "--to", "staging", "--yes"], /nothing says what staging is promoted from/],
  ])("%j is refused", async (argv, message) => {
    const { code, stdout, stderr } = await ours(argv);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(message);
  });

  describe("promote", () => {
    const promote = [
      "promote",
      "--to",
      "production",
      "--service",
      "api",
      "web",
      "--no-verify-image",
    ];

    it("shows what comes and changes nothing where nobody agrees", async () => {
      const silent = await ours(promote);
      expect([silent.code, silent.stdout]).toEqual([1, ""]);
      expect(silent.stderr).toContain("api      1.3.2 → 1.4.0  4444444 → 5555555");
      expect(silent.stderr).toContain("Add --yes.");
      const no = await atTerminal(promote, "n");
      expect(no.code).toBe(1);
      expect(no.stdout).toContain("Write this into the values of production? [y/N]");
      expect([values(), await commits()]).toEqual([PRODUCTION_VALUES, "1"]);
    });

    it("prints the diff of a dry run and changes nothing", async () => {
      const { stdout } = await succeed(ours([...promote, "--dry-run"]));
      expect(stdout).toMatch(
        /^\+api: \{ image: \{ tag: 1\.4\.0, revision: "5{40}" \} \} {3}# keep me$/m,
      );
      expect([values(), await commits()]).toEqual([PRODUCTION_VALUES, "1"]);
    });

    it("writes what the cluster runs, not what the file says, and only that", async () => {
      const { stdout } = await succeed(atTerminal(promote, "y"));
      expect(stdout).toMatch(
        /^committed [0-9a-f]{10} to main: feat\(production\): update api to 1\.4\.0\r$/m,
      );
      const expected = PRODUCTION_VALUES.replace("1.3.2", "1.4.0").replace(
        "4".repeat(40),
        "5".repeat(40),
      );
      expect([values(), await commits()]).toEqual([expected, "2"]);
      expect(await live()).toContain(
        "drift: api in production: 1.4.0 is declared, 1.3.2 is deployed",
      );
      const again = await succeed(ours([...promote, "--yes"]));
      expect(again.stdout).toMatch(/^nothing to change/);
      expect(await commits()).toBe("2");
    });

    it("goes back only where told to", async () => {
      const back = [
        "promote",
        "--from",
        "production",
        "--to",
        "staging",
        "--service",
        "api",
        "--create",
        "--no-verify-image",
      ];
      writeFileSync(join(repository, "staging.yaml"), "api: { image: { tag: 1.9.0 } }\n");
      await git("commit", "--quiet", "--all", "-m", "Ahead");
      const { code, stderr } = await ours([...back, "--yes"]);
      expect(code).toBe(1);
      expect(stderr).toContain("api is at 1.9.0: 1.3.2 is older");
      await succeed(ours([...back, "--yes", "--allow-downgrade"]));
      expect(readFileSync(join(repository, "staging.yaml"), "utf8")).toContain("1.3.2");
    });
  });
});

async function currentContext(deployer: Deployer): Promise<string> {
  return (await succeed(deployer.kubectl(["config", "current-context"]))).stdout.trim();
}

async function deploy(by: Deployer, actor: string, values: readonly string[]): Promise<void> {
  const env = {
    HELM_NOTIFY_ACTOR: actor,
    HELM_NOTIFY_SLACK_WEBHOOK_URL: by.slack.webhookUrl,
  };
  const argv = ["upgrade", "--install", "shop", by.chart, ...values, "--wait"];
  await succeed(by.notify(argv, { env }));
}

/** What a deploy says of the worker: a commit, and where its repository is. */
function workerAt(commit: string): readonly string[] {
  const source = `helm-notify.services.worker.source=gitea+${host.url}/acme/api`;
  return ["--set", `worker.image.revision=${history.hashOf(commit)},${source}`];
}

/** As somebody may by hand. */
async function setWebImage({ kubectl }: Deployer, tag: string): Promise<void> {
  const image = `web=registry.example.com/shop/web:${tag}`;
  await succeed(kubectl(["set", "image", "deployment/shop-web", image]));
  await succeed(kubectl(["rollout", "status", "deployment/shop-web", "--timeout=100s"]));
}
