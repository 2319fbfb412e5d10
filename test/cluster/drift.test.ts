// Each kind of drift between the values file, the record and the pods of a real node, which knows the digests of what it runs.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Deployer, HELM_NOTIFY, openBed, openDeployer, succeed } from "../support/bed.ts";
import { run } from "../support/process.ts";

const OTHER_DIGEST = `sha256:${"0".repeat(64)}`;
const REAL_DIGEST = /sha256:[0-9a-f]{64}/;

let shop: Deployer;
let repository: string;
beforeAll(async () => {
  shop = await openDeployer(await openBed(), 4);
  repository = join(shop.folder, "deploy");
  mkdirSync(repository);
  const environments = { staging: { values: "staging.yaml", release: "shop" } };
  const services = { api: {}, web: {}, worker: {}, scheduler: {}, mailer: {} };
  writeFileSync(join(repository, "helm-notify.yaml"), JSON.stringify({ environments, services }));
  writeFileSync(join(repository, "staging.yaml"), "api: { image: { tag: 1.4.0 } }\n");
  const values = [
    "api.image.tag=1.4.0",
    `scheduler.image.digest=${OTHER_DIGEST}`,
    "worker.image.repository=registry.invalid/shop/worker",
    ...["api", "web", "worker", "scheduler"].map((name) => `${name}.replicas=1`),
    "mailer.replicas=2",
  ].flatMap((value) => ["--set", value]);
  const settings = ["--set", "helm-notify.environment=staging"];
  await succeed(shop.helm(["install", "shop", shop.chart, ...settings, ...values]));
  for (const name of ["api", "web", "scheduler", "mailer"]) await rolledOut(name);
});
afterAll(() => shop.close());

const kubectl = (...argv: string[]) => succeed(shop.kubectl(argv));
const rolledOut = (name: string) =>
  kubectl("rollout", "status", `deployment/shop-${name}`, "--timeout=100s");
const live = (...argv: string[]) =>
  run([HELM_NOTIFY, "live", ...argv], { cwd: repository, env: shop.env });

async function readDrift(): Promise<Readonly<Record<string, readonly object[]>>> {
  const { stdout } = await succeed(live("-o", "json"));
  const services: { name: string; drift: object[] }[] = JSON.parse(stdout).environments[0].services;
  return Object.fromEntries(services.map(({ name, drift }) => [name, drift]));
}

it("what waits for its image does not run, and a tag that points elsewhere is told with its digest", async () => {
  await expect.poll(readDrift).toEqual({
    api: [],
    web: [],
    worker: [{ kind: "not-started", text: "pods wait with it, none runs it" }],
    scheduler: [
      {
        kind: "moved-tag",
        text: expect.stringMatching(/^pods run another image of its tag: sha256:[0-9a-f]{12}$/),
      },
    ],
    mailer: [],
  });
  const { environments } = JSON.parse((await succeed(live("-o", "json"))).stdout);
  expect(environments[0].services[0].running).toEqual([
    { tag: "1.4.0", digest: expect.stringMatching(REAL_DIGEST), running: true },
  ]);
});

it("what somebody set by hand is told, beside the recorded one too", async () => {
  await kubectl("set", "image", "deployment/shop-web", "web=registry.example.com/shop/web:2.7.9");
  await rolledOut("web");
  const keepOld = { spec: { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } } };
  await kubectl("patch", "deployment", "shop-mailer", "-p", JSON.stringify(keepOld));
  const mailer = "mailer=registry.example.com/shop/mailer:1.0.8";
  await kubectl("set", "image", "deployment/shop-mailer", mailer);
  await kubectl("rollout", "pause", "deployment/shop-mailer");
  await expect.poll(readDrift).toMatchObject({
    web: [{ kind: "runs-other", text: "pods run 2.7.9" }],
    mailer: [{ kind: "runs-other", text: "pods run 1.0.8 too" }],
  });
});

it("what the values file says and nobody deployed is told", async () => {
  writeFileSync(join(repository, "staging.yaml"), "api: { image: { tag: 1.5.0 } }\n");
  expect(await readDrift()).toMatchObject({
    api: [{ kind: "undeployed", text: "1.5.0 is declared, 1.4.0 is deployed" }],
  });
  const { code, stdout } = await live("--detailed-exitcode");
  expect(code).toBe(2);
  expect(stdout.match(/^drift: \w+/gm)).toEqual([
    "drift: api",
    "drift: web",
    "drift: worker",
    "drift: scheduler",
    "drift: mailer",
  ]);
});
