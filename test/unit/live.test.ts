import { describe, expect, it } from "vitest";
import { parseDeploymentConfig } from "../../src/domain/deployment-config.ts";
import { NotifyError } from "../../src/domain/errors.ts";
import type { LiveRelease } from "../../src/domain/release.ts";
import type { Shipped } from "../../src/domain/shipped.ts";
import type { Values } from "../../src/domain/values.ts";
import type { EnvironmentCluster } from "../../src/flow/environment.ts";
import { type LiveOptions, type LivePorts, showLive } from "../../src/flow/live.ts";
import type { Slack, SlackPost } from "../../src/flow/ports.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { memoryCluster } from "../support/memory-cluster.ts";
import { commit, recordOf } from "../support/records.ts";

const SOURCE = "https://github.com/acme/api";
const CONFIG = parseDeploymentConfig(
  {
    environments: {
      staging: { values: "staging.yaml", release: "shop" },
      production: { values: "production.yaml", release: "shop", promoteFrom: "staging" },
    },
    services: { api: { image: "acme/api", source: SOURCE } },
  },
  "helm-notify.yaml",
);
const api = (tag: string, revision: string) =>
  memoryCluster({ record: recordOf({ api: { tag, revision, source: SOURCE } }) });
const STAGING = api("1.5.0", commit("b"));
const PRODUCTION = api("1.4.0", commit("a"));
const DOWN = new NotifyError("KUBE_UNREACHABLE", "the Kubernetes API does not answer");

interface Given {
  readonly options?: Partial<LiveOptions>;
  readonly staging?: EnvironmentCluster | NotifyError;
  readonly production?: EnvironmentCluster | NotifyError;
  readonly values?: Values | NotifyError;
  readonly shipped?: Shipped;
  readonly slack?: LivePorts["openSlack"];
}

async function live({
  options,
  staging = STAGING,
  production = PRODUCTION,
  values = {},
  shipped,
  slack,
}: Given) {
  const clusters = [staging, production];
  const asked: string[][] = [];
  const report = await showLive(
    CONFIG,
    { environments: [], output: "table", isDetailed: false, isPosted: false, ...options },
    {
      readValues: () => {
        if (values instanceof NotifyError) throw values;
        return values;
      },
      openCluster: (place) => {
        const cluster =
          clusters[Object.values(CONFIG.environments).findIndex((one) => one === place)];
        return cluster instanceof NotifyError
          ? Promise.reject(cluster)
          : Promise.resolve(cluster ?? PRODUCTION);
      },
      readShipped: (...words) => {
        asked.push(words.slice(0, 3).map(String));
        return Promise.resolve(shipped);
      },
      openSlack:
        slack ??
        (() => {
          throw new Error("nobody was to be told");
        }),
      createDeadline: () => createDeadline(5000),
      now: new Date("2026-11-21T12:00:00Z"),
    },
  );
  return { ...report, lines: report.text.trimEnd().split("\n"), asked };
}

const slackThat = (
  delivery: Awaited<ReturnType<Slack["post"]>>,
  posts: SlackPost[] = [],
): Slack => ({
  knowsThreads: false,
  post: (post) => {
    posts.push(post);
    return Promise.resolve(delivery);
  },
  edit: () => Promise.reject(new Error("nothing is to be edited")),
  reply: () => Promise.reject(new Error("nothing is to be replied to")),
});

describe("what runs where", () => {
  it("is compared with what it is promoted from, by commits where the Git host tells them", async () => {
    const shipped = { direction: "ahead", commits: [], aheadBy: 14, behindBy: 0 } as const;
    const { lines, asked } = await live({ shipped });
    expect(lines).toEqual([
      "SERVICE  STAGING          PRODUCTION",
      "api      1.5.0 (bbbbbbb)  1.4.0 (aaaaaaa), 14 behind",
    ]);
    expect(asked).toEqual([[SOURCE, commit("a"), commit("b")]]);
  });

  it("is compared by tags where it does not", async () => {
    expect((await live({})).lines[1]).toBe("api      1.5.0 (bbbbbbb)  1.4.0 (aaaaaaa), behind");
  });

  it("is compared with an environment that is not shown", async () => {
    expect((await live({ options: { environments: ["production"] } })).lines).toEqual([
      "SERVICE  PRODUCTION",
      "api      1.4.0 (aaaaaaa), behind",
    ]);
  });

  it("is shown where one environment cannot be read, and the exit status is 1", async () => {
    const { lines, exitCode } = await live({ staging: DOWN });
    expect(lines).toEqual([
      "SERVICE  STAGING       PRODUCTION",
      "api      not readable  1.4.0 (aaaaaaa)",
      "cannot read staging: the Kubernetes API does not answer",
    ]);
    expect(exitCode).toBe(1);
  });

  it("is what the cluster says where the values file cannot be read", async () => {
    const { lines } = await live({ values: new NotifyError("FILE_UNREADABLE", "cannot read it") });
    expect(lines).toContain("api      1.5.0 (bbbbbbb)  1.4.0 (aaaaaaa), behind");
    expect(lines).toContain("cannot read staging: cannot read it");
  });

  const drifting = { api: { image: { tag: "9" } } };
  it.each<[string, Given, number, number]>([
    ["all is well", {}, 0, 0],
    ["something drifts", { values: drifting }, 0, 2],
    ["one cannot be read", { staging: DOWN }, 1, 1],
    ["one cannot be read and another drifts", { staging: DOWN, values: drifting }, 1, 1],
    ["a values file cannot be read", { values: new NotifyError("FILE_UNREADABLE", "no") }, 0, 1],
    ["none can be read", { staging: DOWN, production: DOWN }, 1, 1],
  ])("%s: its exit status, and with details", async (_, given, plain, detailed) => {
    expect((await live(given)).exitCode).toBe(plain);
    expect((await live({ ...given, options: { isDetailed: true } })).exitCode).toBe(detailed);
  });

  it("refuses an environment it does not know", async () => {
    await expect(live({ options: { environments: ["prod"] } })).rejects.toMatchObject({
      code: "UNKNOWN_ENVIRONMENT",
    });
  });

  it("does not hide a bug behind an environment that cannot be read", async () => {
    const broken = { ...STAGING, listPodImages: () => Promise.reject(new TypeError("a bug")) };
    await expect(live({ staging: broken })).rejects.toThrow(TypeError);
  });

  const release: LiveRelease = {
    name: "shop",
    namespace: "shop",
    revision: 1,
    status: "deployed",
    chart: { name: "shop", version: "1.0.0", appVersion: undefined },
    chartValues: { api: { image: { tag: "1.3.0" } } },
    config: { api: { image: { tag: "1.4.0" } } },
    record: undefined,
    running: undefined,
    newer: undefined,
  };
  it.each<[string, EnvironmentCluster, string]>([
    [
      "Helm's own storage, for a chart without a record",
      memoryCluster({ found: { kind: "live", release } }),
      "api      1.4.0",
    ],
    ["nothing, where nothing is installed", memoryCluster({}), "api      -"],
    [
      "not known, after a failure without a record",
      memoryCluster({ found: { kind: "live", release: { ...release, status: "failed" } } }),
      "api      not readable",
    ],
    [
      "not known, of a record that is newer than this",
      memoryCluster({ record: '{"v":2}' }),
      "api      not readable",
    ],
  ])("is read from %s", async (_, staging, line) => {
    expect((await live({ staging, options: { environments: ["staging"] } })).lines[1]).toBe(line);
  });

  it("finds pods by the image that helm-notify.yaml names, where the record names none", async () => {
    const staging = {
      ...STAGING,
      listPodImages: () =>
        Promise.resolve([
          {
            reference: "docker.io/acme/api:1.4.9",
            imageId: "",
            isRunning: true,
            instance: undefined,
          },
        ]),
    };
    expect((await live({ staging })).lines).toContain("drift: api in staging: pods run 1.4.9");
  });

  it("is posted where asked for", async () => {
    const posts: SlackPost[] = [];
    const slack = () => slackThat({ kind: "delivered" }, posts);
    const { lines } = await live({ options: { isPosted: true }, slack });
    expect(posts).toHaveLength(1);
    expect(JSON.stringify(posts)).toContain(lines[1]);
  });

  it("fails where Slack does not take it", async () => {
    const refusing = slackThat({
      kind: "refused",
      reason: "no_such_channel",
      hint: "Invite the bot.",
    });
    const slack = () => refusing;
    await expect(live({ options: { isPosted: true }, slack })).rejects.toMatchObject({
      message: "Slack did not take the message: no_such_channel",
      hint: "Invite the bot.",
    });
  });
});
