import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { NotifyError } from "../../src/domain/errors.ts";
import { Secret } from "../../src/domain/secret.ts";
import { createShippedReader } from "../../src/git/shipped-reader.ts";
import { azureModel } from "../support/git-hosts/azure.ts";
import { bitbucketCloudModel, bitbucketModel } from "../support/git-hosts/bitbucket.ts";
import {
  type GitHostDouble,
  type HostModel,
  startGitHost,
  STRANGERS_TOKEN,
  toAnswer,
  TOKEN,
} from "../support/git-hosts/double.ts";
import { giteaModel } from "../support/git-hosts/gitea.ts";
import { githubModel } from "../support/git-hosts/github.ts";
import { gitlabModel } from "../support/git-hosts/gitlab.ts";
import { createHistory, type History, type PlannedCommit } from "../support/git-hosts/history.ts";
import { commit } from "../support/records.ts";

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString("base64")}`;

/** Host, the service's source, the host its token is kept under, and what is there. */
const HOSTS: [string, string, string, HostModel][] = [
  [
    "GitHub",
    "git@github.com:acme/api.git",
    "github.com",
    githubModel("https://api.github.com", ""),
  ],
  [
    "GitHub with data residency",
    "https://acme.ghe.com/acme/api",
    "acme.ghe.com",
    githubModel("https://api.acme.ghe.com", ""),
  ],
  [
    "GitHub Enterprise with a port",
    "https://github.acme.example:8443/acme/api",
    "github.acme.example:8443",
    githubModel("https://github.acme.example:8443", "/api/v3"),
  ],
  [
    "GitLab with a subgroup",
    "https://gitlab.com/acme/shop/api.git",
    "gitlab.com",
    gitlabModel("https://gitlab.com", "acme/shop/api"),
  ],
  [
    "GitLab under any name",
    "gitlab+https://git.acme.example:8443/acme/api",
    "git.acme.example:8443",
    gitlabModel("https://git.acme.example:8443", "acme/api"),
  ],
  ["Forgejo", "https://codeberg.org/acme/api", "codeberg.org", giteaModel("https://codeberg.org")],
  ["Bitbucket Cloud", "git@bitbucket.org:acme/api.git", "bitbucket.org", bitbucketCloudModel()],
  [
    "Bitbucket Data Center",
    "https://acme.example/bitbucket/scm/SHOP/api.git",
    "acme.example",
    bitbucketModel("https://acme.example", "/bitbucket"),
  ],
  [
    "Bitbucket Data Center, somebody's own repository",
    "ssh://git@bitbucket.acme.example:7999/~ada/api.git",
    "bitbucket.acme.example",
    bitbucketModel("https://bitbucket.acme.example", "", "~ada"),
  ],
  [
    "Azure DevOps",
    "git@ssh.dev.azure.com:v3/acme/shop/api",
    "dev.azure.com",
    azureModel("https://dev.azure.com", "/acme/shop"),
  ],
  [
    "Azure DevOps where the project bears the repository's name",
    "https://dev.azure.com/acme/_git/api",
    "dev.azure.com",
    azureModel("https://dev.azure.com", "/acme/api"),
  ],
  [
    "Azure DevOps under its old address",
    "https://acme.visualstudio.com/_git/api",
    "acme.visualstudio.com",
    azureModel("https://acme.visualstudio.com", "/api"),
  ],
  [
    "Azure DevOps Server",
    "https://tfs.acme.example/tfs/Main/shop/_git/api",
    "tfs.acme.example",
    azureModel("https://tfs.acme.example", "/tfs/Main/shop"),
  ],
];
const GITHUB = githubModel("https://api.github.com", "");
const GITHUB_SOURCE = "https://github.com/acme/api";

// `main0` to `main319`; `fix1` and `fix2` on `main300`; `merge` of the last two.
const MAIN = Array.from({ length: 320 }, (_, index): PlannedCommit => ({
  name: `main${index}`,
  parents: index === 0 ? [] : [`main${index - 1}`],
  message: `Step ${index}\n\nWhy, at length.\n`,
}));
const PLANNED: PlannedCommit[] = [
  ...MAIN.slice(0, 310),
  { name: "fix1", parents: ["main300"], message: "Fix <!channel> “quotes” 🚑\r\n\r\nMore\r\n" },
  { name: "fix2", parents: ["fix1"], message: "\n  Fix it again  ", author: "Zoë Ωmega" },
  ...MAIN.slice(310),
  { name: "merge", parents: ["main319", "fix2"], message: "Merge branch 'fix'" },
];

let history: History;
beforeAll(() => {
  history = createHistory(PLANNED);
});
afterAll(() => history.remove());

const doubles: GitHostDouble[] = [];
afterEach(async () => {
  for (const double of doubles.splice(0)) await double.stop();
});

type Fault = Parameters<typeof startGitHost>[2];

async function open(model: HostModel, tokens: Record<string, string>, fault?: Fault) {
  const double = await startGitHost(model, history, fault);
  doubles.push(double);
  const warnings: string[] = [];
  const readShipped = createShippedReader({
    send: double.send,
    tokenOf: (host) => (tokens[host] === undefined ? undefined : new Secret(tokens[host])),
    warn: (line) => warnings.push(line),
  });
  /** Between two commits by their names in the history. */
  const read = (source: string, from: string, to: string, signal = AbortSignal.timeout(20_000)) =>
    readShipped(source, history.hashOf(from), history.hashOf(to), signal);
  return { read, readShipped, double, warnings };
}

describe.each(HOSTS)("%s", (_, source, host, model) => {
  it.each([
    ["a few commits further", "main316", "main319", "ahead"],
    ["hundreds of commits further", "main0", "main319", "ahead"],
    ["a few commits back", "main319", "main316", "behind"],
    ["hundreds of commits back", "main319", "main0", "behind"],
    ["on another branch", "fix2", "main319", "diverged"],
    ["on the other branch again", "main319", "fix2", "diverged"],
    ["at a merge", "main318", "merge", "ahead"],
  ])("says what git says of a revision %s", async (__, from, to, direction) => {
    const { read, warnings } = await open(model, { [host]: TOKEN });
    const [before, after] = [history.hashOf(from), history.hashOf(to)];
    const newest = history.log(after, before).slice(0, 20);
    const shipped = await read(source, from, to);
    expect(warnings).toEqual([]);
    expect(shipped).toMatchObject({
      direction,
      aheadBy: history.count(after, before),
      behindBy: history.count(before, after),
    });
    expect(shipped?.commits.map(({ revision }) => revision)).toEqual(
      newest.map(({ hash }) => hash),
    );
    expect(shipped?.commits.every(({ url, revision }) => url?.endsWith(revision))).toBe(true);
  });

  it("shows each commit's first line and its author", async () => {
    const { read } = await open(model, { [host]: TOKEN });
    const shipped = await read(source, "main300", "fix2");
    expect(shipped?.commits.map(({ subject, author }) => [subject, author])).toEqual([
      ["Fix it again", "Zoë Ωmega"],
      ["Fix <!channel> “quotes” 🚑", "Ada Lovelace"],
    ]);
  });

  it("understands shortened revisions", async () => {
    const { readShipped } = await open(model, { [host]: TOKEN });
    const from = history.hashOf("main316").slice(0, 10);
    const to = history.hashOf("main319").slice(0, 10);
    expect(await readShipped(source, from, to, AbortSignal.timeout(20_000))).toMatchObject({
      direction: "ahead",
      aheadBy: 3,
    });
  });

  it("is not asked without a token of its own", async () => {
    const { read, double, warnings } = await open(model, { "other.example": TOKEN });
    expect(await read(source, "main316", "main319")).toBeUndefined();
    expect(double.seen).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it("refuses a bad token, which is said once and not shown", async () => {
    const { read, warnings } = await open(model, { [host]: "bad-token" });
    expect(await read(source, "main316", "main319")).toBeUndefined();
    expect(await read(source, "main300", "main319")).toBeUndefined();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain(`HTTP ${model.badToken.status}`);
    expect(warnings[0]).not.toMatch(/bad-token|undefined/);
  });

  it.each([
    ["a token that may not read the repository", STRANGERS_TOKEN, undefined],
    ["its rate limit", TOKEN, () => toAnswer(model.rateLimit)],
    ["a failure of its own", TOKEN, () => ({ status: 503, body: "<html>down</html>" })],
    ["a page that is not its API's", TOKEN, () => ({ status: 200, body: "<html>hello</html>" })],
    ["another JSON than its API's", TOKEN, () => ({ status: 200, body: '{"message":"hi"}' })],
    ["a dropped connection", TOKEN, () => "close" as const],
  ])("tells nothing over %s, and says why", async (__, token, fault) => {
    const { read, warnings } = await open(model, { [host]: token }, fault);
    expect(await read(source, "main316", "main319")).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining(`no commits of ${host}/`)]);
  });

  it("tells nothing of revisions it does not have", async () => {
    const { readShipped, warnings } = await open(model, { [host]: TOKEN });
    const signal = AbortSignal.timeout(20_000);
    expect(await readShipped(source, commit("1"), commit("2"), signal)).toBeUndefined();
    expect(warnings).toHaveLength(1);
  });

  it("is given up when time is up", async () => {
    const stop = new AbortController();
    const { read, warnings } = await open(model, { [host]: TOKEN }, () => {
      stop.abort();
      return "hang";
    });
    expect(await read(source, "main316", "main319", stop.signal)).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("no answer")]);
    // Long before the client gives up by itself.
  }, 5000);

  it("is not followed elsewhere", async () => {
    const { read, double, warnings } = await open(model, { [host]: TOKEN }, () => ({
      status: 302,
      headers: { location: "/elsewhere" },
    }));
    expect(await read(source, "main316", "main319")).toBeUndefined();
    expect(double.seen.filter(({ url }) => url === "/elsewhere")).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining("HTTP 302")]);
  });
});

describe("a Git host", () => {
  it.each([
    ["GitHub's rate limit", GITHUB.rateLimit],
    [
      "a limit that says how long it lasts",
      { status: 403, headers: { "retry-after": "60" }, body: {} },
    ],
    ["a plain limit", { status: 429, body: {} }],
  ])("that limits the rate is not taken for one that refuses the token: %s", async (_, answer) => {
    const { read, warnings } = await open(GITHUB, { "github.com": TOKEN }, () => toAnswer(answer));
    await read(GITHUB_SOURCE, "main316", "main319");
    expect(warnings).toEqual([expect.stringContaining("limits the rate")]);
  });

  it("is asked about a source that is a template by nobody", async () => {
    const { read, double } = await open(GITHUB, { "github.com": TOKEN });
    const template = "https://github.com/acme/api/commit/{revision}";
    expect(await read(template, "main316", "main319")).toBeUndefined();
    expect(double.seen).toEqual([]);
  });

  it("says that a revision is itself", async () => {
    const { read } = await open(GITHUB, { "github.com": TOKEN });
    expect(await read(GITHUB_SOURCE, "main319", "main319")).toEqual({
      direction: "identical",
      commits: [],
      aheadBy: 0,
      behindBy: 0,
    });
  });

  it("from before Gitea 1.20, which lists every commit ever made, is not believed", async () => {
    const model = giteaModel("https://gitea.acme.example", { isOld: true });
    const { read, warnings } = await open(model, { "gitea.acme.example": TOKEN });
    expect(await read("https://gitea.acme.example/acme/api", "main316", "main319")).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("cannot compare")]);
  });

  it("that answers the other way round is not believed", async () => {
    const model = azureModel("https://dev.azure.com", "/acme/shop", { isReversed: true });
    const { read, warnings } = await open(model, { "dev.azure.com": TOKEN });
    const source = "https://dev.azure.com/acme/shop/_git/api";
    expect(await read(source, "main316", "main319")).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("compares something else")]);
  });

  it("whose next page lies on another host does not get the token taken there", async () => {
    const model = bitbucketCloudModel({ nextOrigin: "https://evil.example" });
    const { read, warnings } = await open(model, { "bitbucket.org": TOKEN });
    expect(await read("https://bitbucket.org/acme/api", "main0", "main319")).toBeUndefined();
    expect(warnings).toEqual([expect.stringContaining("elsewhere")]);
  });

  it("takes the API token of a Bitbucket account with its address", async () => {
    const model = bitbucketCloudModel({
      authorization: (token) => basic(`ada@acme.example:${token}`),
    });
    const { read } = await open(model, { "bitbucket.org": `ada@acme.example:${TOKEN}` });
    expect(await read("https://bitbucket.org/acme/api", "main316", "main319")).toMatchObject({
      aheadBy: 3,
    });
  });

  it("with more commits between than can be counted in time is left alone", async () => {
    const endless = gitlabModel("https://gitlab.com", "acme/api");
    const { read, double, warnings } = await open(endless, { "gitlab.com": TOKEN }, () => ({
      headers: { "x-next-page": "2" },
      body: JSON.stringify([{ id: history.hashOf("main319"), title: "", author_name: "" }]),
    }));
    expect(await read("https://gitlab.com/acme/api", "main319", "main319")).toBeUndefined();
    expect(double.seen.length).toBeLessThanOrEqual(20);
    expect(warnings).toEqual([expect.stringContaining("to count")]);
  });

  it("that fails at once for many services is complained of once", async () => {
    const { read, warnings } = await open(GITHUB, { "github.com": TOKEN }, () => ({ status: 500 }));
    await Promise.all([
      read(GITHUB_SOURCE, "main316", "main319"),
      read(GITHUB_SOURCE, "main300", "main319"),
    ]);
    expect(warnings).toHaveLength(1);
  });
});

it("a token does not go over plain HTTP, but to this machine", async () => {
  const asked: string[] = [];
  const readShipped = createShippedReader({
    send: ({ url }) => {
      asked.push(new URL(url).host);
      return Promise.reject(new NotifyError("HTTP_UNREACHABLE", "nobody is there"));
    },
    tokenOf: () => new Secret(TOKEN),
    warn: () => {},
  });
  const read = (source: string) =>
    readShipped(source, commit("1"), commit("2"), AbortSignal.timeout(5000));
  await read("gitlab+http://git.acme.example/acme/api");
  expect(asked).toEqual([]);
  await read("gitlab+http://127.0.0.1:8080/acme/api");
  expect(asked).toContain("127.0.0.1:8080");
});
