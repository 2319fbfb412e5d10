import { describe, expect, it } from "vitest";
import { parseDeploymentConfig } from "../../src/domain/deployment-config.ts";
import type { Run } from "../../src/domain/ledger.ts";
import type { ServiceRecord } from "../../src/domain/record.ts";
import type { Shipped } from "../../src/domain/shipped.ts";
import type { Values } from "../../src/domain/values.ts";
import { type Declared } from "../../src/flow/bump.ts";
import type { Checkout } from "../../src/flow/ports.ts";
import { choosePromotion, type PromoteRequest } from "../../src/flow/promote.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { memoryCluster } from "../support/memory-cluster.ts";
import { commit, recordOf } from "../support/records.ts";

const SOURCE = "https://github.com/acme/api";
const CONFIG = {
  environments: {
    staging: { values: "staging.yaml", release: "shop", kubeContext: "test" },
    production: { values: "production.yaml", release: "shop", promoteFrom: "staging" },
    sandbox: { values: "sandbox.yaml" },
  },
  services: { api: { source: SOURCE }, web: {}, search: {} },
};
const LIVE = {
  api: { tag: "1.5.0", revision: commit("b"), source: SOURCE },
  web: { tag: "2.8.0" },
};
const VALUES = {
  api: { image: { tag: "1.4.0", revision: commit("a") } },
  web: { image: { tag: "2.8.0" } },
};
const THREAD = "C0123456789/1763719200.000100";
const SHIPPED: Shipped = {
  direction: "ahead",
  commits: [{ revision: commit("b"), subject: "Sort the cart", author: "jane" }],
  aheadBy: 2,
  behindBy: 0,
};

interface Given {
  readonly request?: Partial<PromoteRequest>;
  readonly live?: Readonly<Record<string, ServiceRecord>>;
  readonly values?: Values;
  readonly staging?: Values;
  readonly to?: "staging" | "production" | "sandbox";
  readonly lastRun?: Partial<Run>;
  readonly answer?: string;
  readonly shipped?: Shipped;
}

const unexpected = () => {
  throw new Error("nobody was to ask for this");
};

async function promote(given: Given) {
  const { request, live = LIVE, values = VALUES, to = "production", lastRun, shipped } = given;
  const lines: string[] = [];
  const questions: string[] = [];
  const config = parseDeploymentConfig(CONFIG, "helm-notify.yaml");
  const declared: Declared = {
    config,
    environmentName: to,
    environment: CONFIG.environments[to],
    text: "",
    values,
  };
  const files: Record<string, object | undefined> = {
    "helm-notify.yaml": CONFIG,
    "staging.yaml": given.staging,
  };
  const checkout: Checkout = {
    branch: "main",
    readFile: (path) => Promise.resolve(files[path] && JSON.stringify(files[path])),
    readHistory: unexpected,
    diff: unexpected,
    exclusively: unexpected,
    checkClean: unexpected,
    commit: unexpected,
    push: unexpected,
    renew: unexpected,
  };
  const run: Run = {
    id: "1",
    action: "upgrade",
    by: "plugin",
    startedAt: "",
    phase: "ended",
    ...lastRun,
  };
  const choose = choosePromotion(
    {
      from: undefined,
      services: [],
      source: "record",
      isAgreed: true,
      mayDowngrade: false,
      ...request,
    },
    {
      readConfig: (text) => JSON.parse(text),
      readValues: (text) => JSON.parse(text),
      openCluster: (place) => {
        expect(place).toMatchObject({ kubeContext: "test" });
        const ledger = lastRun && { v: 1 as const, run, runs: [] };
        return Promise.resolve(
          memoryCluster({ record: recordOf(live), ...(ledger && { ledger }) }),
        );
      },
      readShipped: (source, from, to_) => {
        expect([source, from, to_]).toEqual([SOURCE, commit("a"), commit("b")]);
        return Promise.resolve(shipped);
      },
      createDeadline: () => createDeadline(5000),
      ask:
        given.answer === undefined
          ? undefined
          : (question) => {
              questions.push(question);
              return Promise.resolve(given.answer ?? "");
            },
      say: (line) => lines.push(line),
    },
  );
  const bumps = await choose(declared, checkout).catch((error: unknown) => error);
  return { bumps, lines, questions };
}

const API = { service: "api", tag: "1.5.0", revision: commit("b") };

describe("a promotion", () => {
  it("takes what the cluster recorded, and shows it with its commits", async () => {
    expect(await promote({ shipped: SHIPPED })).toEqual({
      bumps: [API],
      lines: [
        "staging → production: 1 to change, 1 unchanged",
        "SERVICE  TAG            REVISION",
        "api      1.4.0 → 1.5.0  aaaaaaa → bbbbbbb",
        "api gets 2 commits:",
        "  bbbbbbb Sort the cart (jane)",
        "  +1 more",
      ],
      questions: [],
    });
  });

  it("takes a digest too, and services that the target does not have yet", async () => {
    const digest = `sha256:${"1".repeat(64)}`;
    const { bumps, lines } = await promote({ live: { search: { tag: "0.1.0", digest } } });
    expect(bumps).toEqual([{ service: "search", tag: "0.1.0", digest }]);
    expect(lines).toContain("search   - → 0.1.0  -");
  });

  it("takes what the values file says, where asked to, and asks no cluster", async () => {
    const staging = { api: { image: { tag: "1.4.9" } } };
    const { bumps } = await promote({ request: { source: "file" }, staging });
    expect(bumps).toEqual([{ service: "api", tag: "1.4.9" }]);
  });

  it("takes the thread along, which is nothing by itself to promote", async () => {
    const live = { api: { ...LIVE.api, thread: THREAD }, web: { ...LIVE.web, thread: THREAD } };
    const { bumps, lines } = await promote({ live });
    expect(bumps).toEqual([{ ...API, thread: THREAD }]);
    expect(lines[0]).toBe("staging → production: 1 to change, 1 unchanged");
  });

  it("takes what the values file says as a thread if it is one", async () => {
    const staging = {
      api: { image: { tag: "1.4.9", thread: THREAD } },
      web: { image: { tag: "3.0.0", thread: "none" } },
    };
    const { bumps } = await promote({ request: { source: "file" }, staging });
    expect(bumps).toEqual([
      { service: "api", tag: "1.4.9", thread: THREAD },
      { service: "web", tag: "3.0.0" },
    ]);
  });

  it("takes the services that are named, and no other", async () => {
    const live = { ...LIVE, web: { tag: "3.0.0" } };
    expect((await promote({ live, request: { services: ["web"] } })).bumps).toEqual([
      { service: "web", tag: "3.0.0" },
    ]);
  });

  it("goes from any environment to any other", async () => {
    expect((await promote({ to: "sandbox", request: { from: "staging" } })).bumps).toEqual([API]);
  });

  it("hands on what is the same where nothing changes, and asks nobody", async () => {
    const { bumps, lines } = await promote({
      live: { web: LIVE.web },
      request: { isAgreed: false },
    });
    expect(bumps).toEqual([{ service: "web", tag: "2.8.0" }]);
    expect(lines).toEqual(["staging → production: nothing changes, 1 unchanged"]);
  });

  it.each(["y", "Y", "yes", " yes\n"])("is made where a person says %j", async (answer) => {
    const { bumps, questions } = await promote({ answer, request: { isAgreed: false } });
    expect(bumps).toEqual([API]);
    expect(questions).toEqual(["Write this into the values of production? [y/N] "]);
  });

  it.each(["", "n", "yesterday", "no"])("is not made where a person says %j", async (answer) => {
    const { bumps } = await promote({ answer, request: { isAgreed: false } });
    expect(bumps).toMatchObject({
      code: "NOT_AGREED",
      message: "not agreed to, and nothing was changed",
    });
  });

  it("is not made where nobody is there to say yes, and is shown all the same", async () => {
    const { bumps, lines } = await promote({ request: { isAgreed: false } });
    expect(bumps).toMatchObject({ code: "NOT_AGREED", hint: "Add --yes." });
    expect(lines).toContain("api      1.4.0 → 1.5.0  aaaaaaa → bbbbbbb");
  });

  const NEWER = { ...VALUES, api: { image: { tag: "1.6.0", revision: commit("a") } } };
  it("refuses a downgrade before it asks", async () => {
    const { bumps, lines, questions } = await promote({
      values: NEWER,
      answer: "y",
      request: { isAgreed: false },
    });
    expect(bumps).toMatchObject({ code: "OLDER_TAG", message: "api is at 1.6.0: 1.5.0 is older" });
    expect(lines.join("\n")).toContain("1.6.0 → 1.5.0 (downgrade)");
    expect(questions).toEqual([]);
  });

  it("makes a downgrade where told to", async () => {
    const { bumps } = await promote({ values: NEWER, request: { mayDowngrade: true } });
    expect(bumps).toMatchObject([API]);
  });

  it("refuses older commits, whatever the tags say", async () => {
    const behind = { direction: "behind", commits: [], aheadBy: 0, behindBy: 1 } as const;
    const { bumps, lines } = await promote({ shipped: behind });
    expect(bumps).toMatchObject({ code: "OLDER_TAG" });
    expect(lines).toContain("api loses 1 commit");
  });

  it.each<[string, Partial<Run>, string | undefined]>([
    [
      "failed",
      { outcome: { kind: "failed" } },
      "warning: the last upgrade in staging did not end well (failed)",
    ],
    [
      "goes on",
      { phase: "started" },
      "warning: staging is being deployed to: what it runs may change",
    ],
    ["ended well", { outcome: { kind: "applied" } }, undefined],
    ["ended unseen", { outcome: { kind: "unknown" } }, undefined],
  ])("warns where the last run of the source %s", async (_, lastRun, warning) => {
    const { lines } = await promote({ lastRun });
    expect(lines.filter((line) => line.startsWith("warning"))).toEqual(warning ? [warning] : []);
  });

  it.each<[string, Given, string, RegExp]>([
    ["an unknown source", { request: { from: "prod" } }, "UNKNOWN_ENVIRONMENT", /"prod"/],
    ["no source", { to: "sandbox" }, "NO_SOURCE", /sandbox is promoted from/],
    ["itself as source", { request: { from: "production" } }, "SAME_ENVIRONMENT", /production/],
    ["a source without release", { request: { from: "sandbox" } }, "NO_RELEASE", /sandbox/],
    ["an unknown service", { request: { services: ["apo"] } }, "UNKNOWN_SERVICE", /"apo"/],
    [
      "a service that does not run there",
      { request: { services: ["search"] } },
      "NOT_DEPLOYED",
      /search/,
    ],
    ["an empty source", { live: {} }, "NOTHING_DEPLOYED", /staging/],
    ["a missing values file", { request: { source: "file" } }, "NO_SUCH_FILE", /staging\.yaml/],
  ])("refuses %s", async (_, given, code, message) => {
    expect((await promote(given)).bumps).toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
