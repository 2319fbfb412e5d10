import { describe, expect, it } from "vitest";
import type { Cause } from "../../src/domain/cause.ts";
import { parseDeploymentConfig } from "../../src/domain/deployment-config.ts";
import { NotifyError } from "../../src/domain/errors.ts";
import type { Run } from "../../src/domain/ledger.ts";
import type { LiveRelease, LookUp } from "../../src/domain/release.ts";
import { describeRight } from "../../src/domain/rights.ts";
import type { Value, Values } from "../../src/domain/values.ts";
import { type DoctorPorts, type DoctorRequest, examine } from "../../src/flow/doctor.ts";
import type { DoctorCluster } from "../../src/flow/doctor-release.ts";
import { createDeadline } from "../../src/io/deadline.ts";
import { memoryCluster } from "../support/memory-cluster.ts";
import { recordOf } from "../support/records.ts";

const RECORD = recordOf({ api: { tag: "1.4.0" } });
const LIVE: LiveRelease = {
  name: "shop",
  namespace: "shop",
  revision: 4,
  status: "deployed",
  chart: { name: "shop", version: "1.2.0", appVersion: undefined },
  chartValues: {
    api: { image: { tag: "" } },
    "helm-notify": {
      slack: { secretRef: "slack" },
      rbac: { create: true },
      services: { api: { tag: "api.image.tag" } },
    },
  },
  config: { api: { image: { tag: "1.4.0" } } },
  record: RECORD,
  running: RECORD,
  newer: undefined,
};
const HEALTHY: Cause = {
  description: undefined,
  pods: [],
  morePods: 0,
  events: [],
  missing: [],
};
const RUN: Run = {
  id: "1",
  action: "upgrade",
  by: "plugin",
  startedAt: "2026-11-21T10:00:00Z",
  phase: "ended",
  tellings: { slack: { told: "end" } },
};
const forbidden = () => Promise.reject(new NotifyError("KUBE_FORBIDDEN", "forbidden"));

interface Given extends Partial<Omit<DoctorPorts, "openCluster" | "readDeployment">> {
  readonly request?: Partial<DoctorRequest>;
  readonly live?: Partial<LiveRelease> | LookUp;
  readonly run?: Run | undefined;
  readonly refused?: readonly string[];
  readonly cluster?: Partial<DoctorCluster>;
  readonly unreachable?: NotifyError;
  readonly config?: Value;
  readonly values?: Readonly<Record<string, Values>>;
}

async function doctor(given: Given = {}) {
  const { request, live = {}, run = RUN, refused = [], cluster, config, values = {} } = given;
  const opened: object[] = [];
  const found: LookUp = "kind" in live ? live : { kind: "live", release: { ...LIVE, ...live } };
  const report = await examine(
    {
      chart: undefined,
      place: { kind: "release", release: "shop" },
      output: "text",
      ...request,
    },
    {
      readHelmVersion: () => Promise.resolve("v4.2.3"),
      readChart: () => Promise.reject(new Error("no chart was named")),
      hasTag: () => Promise.resolve(true),
      storage: "secrets",
      hasCredentials: false,
      checkCredentials: (secret, _, at) =>
        Promise.resolve(at.ok(`tried those of ${secret?.name ?? "the environment"}`)),
      createDeadline: () => createDeadline(5000),
      now: new Date("2026-11-21T12:00:00Z"),
      ...given,
      readDeployment: () => {
        if (config === undefined) return undefined;
        return {
          config: parseDeploymentConfig(config, "helm-notify.yaml"),
          readValues: (file) => {
            const content = values[file];
            if (content) return content;
            throw new NotifyError("NO_FILE", `${file} does not exist`);
          },
        };
      },
      openCluster: (place) => {
        opened.push(place);
        if (given.unreachable) return Promise.reject(given.unreachable);
        const { readConfigMap, lookUpRelease } = memoryCluster({
          found,
          ...(run && { ledger: { v: 1, run, runs: [] } }),
        });
        return Promise.resolve({
          namespace: "shop",
          origin: 'context "test"',
          readVersion: () => Promise.resolve("v1.34.3"),
          isAllowed: (right) => Promise.resolve(!refused.includes(describeRight(right))),
          readSecret: () => Promise.resolve({ webhookUrl: "…" }),
          findCause: () => Promise.resolve(HEALTHY),
          readConfigMap,
          lookUpRelease,
          ...cluster,
        });
      },
    },
  );
  const wrong = report.findings
    .filter(({ level }) => level !== "ok")
    .map(({ level, place, message }) => `${level} ${place}: ${message}`);
  return { ...report, wrong, opened };
}

const newer = (status: string) => ({ revision: 5, status });
const tag = (text: string) => ({ api: { image: { tag: text } } });
const tried = (text: string) => [...text.matchAll(/tried those of (.*)/g)].map(([, of]) => of);
const chart = (values: Values): Given => ({
  request: { chart: "./chart" },
  readChart: () => Promise.resolve({ name: "shop", version: "2.0.0", values }),
});

it("a set-up without fault is told part by part", async () => {
  const { text, exitCode } = await doctor();
  expect(exitCode).toBe(0);
  expect(text).toBe(`helm
  ok       v4.2.3
cluster
  ok       Kubernetes v1.34.3 by context "test", namespace shop
  ok       revision 4 of shop is deployed
  ok       you may do what the plugin does
  ok       tried those of slack
  ok       the last run, the upgrade of 2026-11-21T10:00:00Z, was told
0 problems, 0 warnings
`);
});

it("programs get each finding with its place and remedy", async () => {
  const { text } = await doctor({ request: { output: "json" }, refused: ["list events"] });
  expect(JSON.parse(text).findings).toContainEqual({
    level: "warning",
    place: "cluster",
    message: "you may not list events: messages cannot tell why a deploy failed",
    remedy: "Ask for these rights in namespace shop.",
  });
});

it("a problem shows in the exit status and brings its remedy, a warning does not show", async () => {
  const ill = await doctor({ refused: ["list secrets"] });
  expect(ill.exitCode).toBe(1);
  expect(ill.text).toContain("           → Ask for these rights in namespace shop.");
  expect(ill.text).toMatch(/\n1 problem, 0 warnings\n$/);
  expect((await doctor({ refused: ["list pods"] })).exitCode).toBe(0);
});

it.each([
  ["v4.2.3", []],
  ["v3.17.0", []],
  ["v3.16.4", ["warning helm: v3.16.4 is older than any that helm-notify is tested with"]],
  ["v2.17.0", ["problem helm: v2.17.0 is neither Helm 3 nor Helm 4"]],
  ["v5.0.0", ["problem helm: v5.0.0 is neither Helm 3 nor Helm 4"]],
  ["", ["problem helm:  is neither Helm 3 nor Helm 4"]],
])("Helm %s", async (version, wrong) => {
  expect((await doctor({ readHelmVersion: () => Promise.resolve(version) })).wrong).toEqual(wrong);
});

it("a cluster that is not reached is one problem, and Helm is looked at all the same", async () => {
  const unreachable = new NotifyError("KUBE_UNREACHABLE", "no answer", { hint: "Check the VPN." });
  const { wrong, text } = await doctor({ unreachable });
  expect(wrong).toEqual(["problem cluster: no answer"]);
  expect(text).toContain("→ Check the VPN.");
  expect(text).toContain("ok       v4.2.3");
});

it("a bug stays one", async () => {
  const broken = { readVersion: () => Promise.reject(new TypeError("a bug")) };
  await expect(doctor({ cluster: broken })).rejects.toThrow("a bug");
});

describe("the release", () => {
  it.each<[string, NonNullable<Given["live"]>, readonly string[]]>([
    [
      "not there",
      { kind: "none", newer: undefined },
      ["warning cluster: shop is not deployed in namespace shop"],
    ],
    [
      "uninstalled",
      { kind: "none", newer: { revision: 3, status: "uninstalled" } },
      ["warning cluster: shop is not deployed in namespace shop: its revision 3 is uninstalled"],
    ],
    [
      "behind a failure",
      { newer: newer("failed"), running: recordOf({ api: { tag: "1.5.0" } }) },
      ["warning cluster: revision 5 of shop is failed: tags are carried from 4"],
    ],
    [
      "pending",
      { newer: newer("pending-upgrade") },
      ["problem cluster: revision 5 of shop is pending-upgrade: Helm refuses to go on"],
    ],
    [
      "pending since its first install",
      { kind: "none", newer: { revision: 1, status: "pending-install" } },
      ["problem cluster: revision 1 of shop is pending-install: Helm refuses to go on"],
    ],
    [
      "without a record",
      { record: undefined, running: undefined },
      ["warning cluster: revision 4 of shop has no record: its chart has no snippets"],
    ],
    [
      "with another record in the cluster",
      { running: recordOf({ api: { tag: "1.5.0" } }) },
      ["warning cluster: the cluster's record is not that of revision 4: api"],
    ],
    [
      "with other values than its record",
      { config: { api: { image: { tag: "1.5.0" } } } },
      ["warning cluster: the record of shop is not what its values say: api"],
    ],
    [
      "of an umbrella chart, whose values do not say what is recorded",
      {
        chartValues: { shop: LIVE.chartValues },
        config: { shop: { api: { image: { tag: "1.5.0" } } } },
      },
      [],
    ],
  ])("%s", async (_, live, wrong) => {
    const { wrong: found } = await doctor({ live });
    expect(found.filter((line) => !line.includes(" Slack "))).toEqual(wrong);
  });

  it("that may not be read is a problem, and all else is looked at", async () => {
    const { wrong, text } = await doctor({ cluster: { lookUpRelease: forbidden } });
    expect(wrong[0]).toBe("problem cluster: forbidden");
    expect(text).toContain("was told");
  });

  it("that is not named is not looked for, nor its ledger", async () => {
    const { wrong, text } = await doctor({ request: { place: { kind: "release" } } });
    expect(wrong[0]).toBe("warning cluster: no release is named: none is looked at");
    expect(text).not.toContain("was told");
  });
});

describe("rights", () => {
  it.each<[string, Given, readonly string[]]>([
    [
      "to the storage and the ledger are needed",
      { refused: ["get secrets", "patch configmaps helm-notify-ledger.shop"] },
      [
        "problem cluster: you may not get secrets: the live release cannot be looked up",
        "problem cluster: you may not patch configmaps helm-notify-ledger.shop: the ledger of runs cannot be kept",
      ],
    ],
    [
      "to causes are named together, and can be done without",
      { refused: ["get pods/log", "list replicasets"] },
      [
        "warning cluster: you may not get pods/log, list replicasets: messages cannot tell why a deploy failed",
      ],
    ],
    [
      "to the record can be done without",
      { refused: ["get configmaps shop-helm-notify-record"] },
      [
        "warning cluster: you may not get configmaps shop-helm-notify-record: what runs after a failure is not known",
      ],
    ],
    [
      "to the storage are those of another driver",
      { storage: "configmaps", refused: ["list secrets", "list configmaps"] },
      ["problem cluster: you may not list configmaps: the live release cannot be looked up"],
    ],
    [
      "to a storage outside are not asked for",
      { storage: undefined, refused: ["list secrets"] },
      [],
    ],
  ])("%s", async (_, given, wrong) => {
    expect((await doctor(given)).wrong).toEqual(wrong);
  });
});

describe("Slack", () => {
  const without = { chartValues: { api: { image: { tag: "" } } }, record: undefined };
  const noPod = {
    chartValues: {
      ...LIVE.chartValues,
      "helm-notify": { slack: { secretRef: "slack" }, services: { api: { tag: "api.image.tag" } } },
    },
  };

  it("is told where nothing names it", async () => {
    expect((await doctor({ live: without })).wrong.at(-1)).toBe(
      "warning cluster: neither the values nor the environment say which Slack to tell",
    );
  });

  it("is not known without chart and release", async () => {
    const live: LookUp = { kind: "none", newer: undefined };
    expect((await doctor({ live })).wrong.at(-1)).toBe(
      "warning cluster: which Slack is told is not known without the live release",
    );
  });

  it("is that of the environment, which asks for no Secret", async () => {
    const readSecret = forbidden;
    const given = { hasCredentials: true, cluster: { readSecret } };
    expect(tried((await doctor({ ...given, live: without })).text)).toEqual(["the environment"]);
    const { text, wrong } = await doctor({ ...given, live: noPod });
    expect([tried(text), wrong]).toEqual([["the environment"], []]);
  });

  it("is that of the Secret too where a pod needs it", async () => {
    const { text } = await doctor({ hasCredentials: true });
    expect(tried(text)).toEqual(["the environment", "slack"]);
  });

  it("misses a Secret that is not there", async () => {
    const { text, wrong } = await doctor({
      cluster: { readSecret: () => Promise.resolve(undefined) },
    });
    expect(wrong).toEqual(["problem cluster: there is no Secret slack in namespace shop"]);
    expect(text).toContain("kubectl create secret generic slack -n shop");
  });

  it("may be the pod's alone: a Secret we may not read is a problem only where there is no pod", async () => {
    const cluster = { readSecret: forbidden };
    expect((await doctor({ cluster })).wrong).toEqual(["warning cluster: forbidden"]);
    expect((await doctor({ cluster, live: noPod })).wrong).toEqual(["problem cluster: forbidden"]);
    const down = new NotifyError("KUBE_TIMEOUT", "no answer");
    const { wrong } = await doctor({ cluster: { readSecret: () => Promise.reject(down) } });
    expect(wrong).toEqual(["problem cluster: no answer"]);
  });
});

describe("the last run", () => {
  it("was not told, says its ledger", async () => {
    const run = { ...RUN, tellings: { slack: { trouble: "slack refused: not_in_channel" } } };
    expect((await doctor({ run })).wrong).toEqual([
      "warning cluster: the last run, the upgrade of 2026-11-21T10:00:00Z, was not told by slack: slack refused: not_in_channel",
    ]);
  });

  it.each([
    ["while it runs", { slack: { told: "start" } } as const],
    ["where nobody was told", {}],
  ])("is not called told %s", async (_, tellings) => {
    const { text, wrong } = await doctor({ run: { ...RUN, tellings } });
    expect(wrong).toEqual([]);
    expect(text).not.toContain("the last run");
  });

  it("has a pod that did not start", async () => {
    const asked: unknown[] = [];
    const findCause: DoctorCluster["findCause"] = (replicaSet, since) => {
      asked.push(replicaSet, since.toISOString());
      const pods = [
        { pod: "a", reason: "ImagePullBackOff", image: "hook:1", message: "not found" },
        { pod: "b", reason: "ContainersNotReady" },
      ];
      const events = [
        { about: "ReplicaSet a", reason: "FailedCreate", message: "quota" },
        { about: "Pod a", reason: "MissingClusterDNS", message: "of healthy pods too" },
      ];
      return Promise.resolve({ ...HEALTHY, pods, events });
    };
    const pod =
      "problem cluster: the pod a that tells is in trouble: ImagePullBackOff: hook:1: not found";
    const untold = await doctor({ cluster: { findCause }, run: { ...RUN, tellings: {} } });
    expect(untold.wrong).toEqual([pod, "warning cluster: ReplicaSet a: FailedCreate: quota"]);
    asked.length = 0;
    // What kept it from starting for a while is history once the run was told.
    expect((await doctor({ cluster: { findCause } })).wrong).toEqual([pod]);
    expect(asked).toEqual(["shop-helm-notify", "2026-11-21T10:00:00.000Z"]);
  });
});

describe("a chart", () => {
  it("says what the next deploy brings", async () => {
    const given = chart({ ...LIVE.chartValues, api: { image: { tag: "2" } } });
    const { wrong, text } = await doctor({ ...given, live: { kind: "none", newer: undefined } });
    expect(text).toContain("chart ./chart\n  ok       shop 2.0.0 has the services api\n");
    expect(text).toContain("tried those of slack");
    expect(wrong).toHaveLength(1);
  });

  it("without snippets and without a service is told so", async () => {
    const { wrong } = await doctor(chart({}));
    expect(wrong.slice(0, 2)).toEqual([
      "warning chart ./chart: shop 2.0.0 has no service: nothing is carried or told",
      "warning chart ./chart: it starts no pod that tells: deploys without the plugin stay untold",
    ]);
  });

  it("that names a place which only values can have is told so", async () => {
    const services = { api: { tag: "apo.image.tag" } };
    const { wrong, text } = await doctor(
      chart({ "helm-notify": { services, slack: { secretRef: "other" } } }),
    );
    expect(wrong[0]).toMatch(/^warning chart \.\/chart: service api: nothing stands at apo/);
    expect(tried(text)).toEqual(["other"]);
  });

  it.each<[string, Given]>([
    ["whose services are not valid", chart({ "helm-notify": { services: { api: "1.4.0" } } })],
    [
      "that is not there",
      {
        ...chart({}),
        readChart: () => Promise.reject(new NotifyError("CHART_NOT_FOUND", "there is none")),
      },
    ],
  ])("%s is a problem", async (_, given) => {
    expect((await doctor(given)).wrong[0]).toMatch(/^problem chart \.\/chart: /);
  });
});

describe("a deployment repository", () => {
  const environments = { kind: "environments", names: [] } as const;
  const config = {
    environments: {
      staging: { values: "staging.yaml", release: "shop", kubeContext: "one" },
      production: { values: "production.yaml", release: "shop", promoteFrom: "staging" },
    },
    services: { api: { image: "registry.test/api" } },
  };
  const given: Given = {
    request: { place: environments },
    config,
    values: { "staging.yaml": tag("1.5.0"), "production.yaml": tag("1.4.0") },
  };

  it("is looked at environment by environment, each in its own place", async () => {
    const { text, wrong, opened } = await doctor(given);
    expect(wrong).toEqual([]);
    expect(text.match(/^\S.*$/gm)).toEqual([
      "helm",
      "helm-notify.yaml",
      "staging",
      "production",
      "0 problems, 0 warnings",
    ]);
    expect(opened).toMatchObject([{ kubeContext: "one" }, { release: "shop" }]);
  });

  it("has environments to choose from, and its files are looked at whole", async () => {
    const request = { place: { ...environments, names: ["staging"] } };
    const values = { "staging.yaml": tag("1.5.0") };
    const { wrong, opened } = await doctor({ ...given, request, values });
    expect(opened).toHaveLength(1);
    expect(wrong).toEqual(["problem production: production.yaml does not exist"]);
    await expect(
      doctor({ ...given, request: { place: { ...environments, names: ["stage"] } } }),
    ).rejects.toThrow('there is no environment "stage"');
  });

  it("that is not valid is a problem with all its issues, line by line", async () => {
    const { text, exitCode } = await doctor({ ...given, config: { environments: {} } });
    expect(exitCode).toBe(1);
    expect(text).toContain(`helm-notify.yaml
  problem  helm-notify.yaml is not valid:
             services: is missing
           → Correct these`);
  });

  it("names promotions that go round", async () => {
    const { staging, production } = config.environments;
    const around = { staging: { ...staging, promoteFrom: "production" }, production };
    const { wrong } = await doctor({ ...given, config: { ...config, environments: around } });
    expect(wrong).toEqual([
      "problem helm-notify.yaml: promotions go round in a circle: staging from production from staging",
    ]);
  });

  it("declares tags that a registry does not have, or cannot be asked for", async () => {
    const asked: string[] = [];
    const { wrong } = await doctor({
      ...given,
      values: {
        "staging.yaml": tag("1.5.0"),
        "production.yaml": tag(`1@sha256:${"a".repeat(64)}`),
      },
      hasTag: (image, reference) => {
        asked.push(`${image} ${reference}`);
        if (reference === "1.5.0") return Promise.resolve(false);
        return Promise.reject(new NotifyError("REGISTRY_UNREACHABLE", "no answer"));
      },
    });
    expect(asked).toEqual([
      "registry.test/api 1.5.0",
      `registry.test/api sha256:${"a".repeat(64)}`,
    ]);
    expect(wrong).toEqual([
      "problem staging: there is no 1.5.0 of registry.test/api in its registry",
      "warning production: no answer",
    ]);
  });

  it("says once of a registry that does not answer", async () => {
    const services = Object.fromEntries(
      ["api", "web"].map((name) => [name, { image: `registry.test/${name}` }]),
    );
    const both = { ...tag("1"), web: { image: { tag: "2" } } };
    const { wrong } = await doctor({
      ...given,
      config: { ...config, services },
      values: { "staging.yaml": both, "production.yaml": both },
      hasTag: () => Promise.reject(new NotifyError("REGISTRY", "no answer")),
    });
    expect(wrong).toEqual(["warning staging: no answer", "warning production: no answer"]);
  });

  it("declares nothing that a registry could be asked for", async () => {
    const values = { "staging.yaml": tag(""), "production.yaml": tag("") };
    const { wrong, text } = await doctor({ ...given, values });
    expect(wrong).toEqual([]);
    expect(text).not.toContain("the registries have");
  });

  it("says by its values which Secret the next deploy needs", async () => {
    const own = { "helm-notify": { slack: { secretRef: "other" } } };
    const { text } = await doctor({
      ...given,
      values: { ...given.values, "staging.yaml": { ...tag("1"), ...own } },
    });
    expect(text.match(/tried those of .*/g)).toEqual([
      "tried those of other",
      "tried those of slack",
    ]);
  });

  it("is not all that a deploy is given: what its values do not say, the live release had from others", async () => {
    const common = { "helm-notify": { slack: { secretRef: "common" } } };
    const { text } = await doctor({ ...given, live: { config: common } });
    expect(text.match(/tried those of .*/g)).toEqual([
      "tried those of common",
      "tried those of common",
    ]);
  });

  it("is not needed: without one the context's own namespace is looked at", async () => {
    const request = { place: environments };
    expect((await doctor({ request })).text).toContain("no release is named");
    await expect(
      doctor({ request: { place: { ...environments, names: ["staging"] } } }),
    ).rejects.toThrow("there is no helm-notify.yaml");
  });
});
