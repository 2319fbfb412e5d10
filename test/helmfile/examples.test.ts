// examples/deployment: its review and its deploy, as the CI files have them, with the real helmfile.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HelmMajor } from "../../scripts/toolbox.ts";
import { succeed } from "../support/bed.ts";
import { mergeKubeconfigs } from "../support/kubeconfigs.ts";
import { type Job, runGitHubJob, runGitLabJob } from "../support/pipelines.ts";
import { useBed } from "../support/use-bed.ts";
import { type DiffPlugin, openRepository, type Repository } from "./repository.ts";

const bed = useBed();

/** Both environments in one cluster, where each test has a namespace of its own. */
const kubeconfig = () =>
  mergeKubeconfigs({ staging: bed().kubeconfig, production: bed().kubeconfig });

describe.each<[HelmMajor, DiffPlugin]>([
  [4, "recorder"],
  [3, "helm-diff"],
])("Helm %i with the %s", (major, diff) => {
  let shop: Repository;
  beforeEach(async () => {
    shop = await openRepository(bed(), major, diff, "deployment");
  });
  afterEach(() => shop.close());

  const record = async () => {
    const { stdout } = await succeed(
      shop.kubectl(["get", "configmap", "shop-helm-notify-record", "-o", "json"]),
    );
    return JSON.parse(JSON.parse(stdout).data["record.json"]);
  };
  const job = (name: string, environment: string): Job => ({
    name,
    environment,
    folder: shop.repository,
    slug: "acme/deploy",
    ref: "main",
    sha: "0123456789abcdef0123456789abcdef01234567",
  });
  const env = () => ({
    ...shop.env,
    KUBECONFIG: "",
    HELM_NOTIFY_SLACK_API_URL: shop.slack.apiUrl,
    // What helm-diff would find, the recorder has to be told.
    DIFF_RECORDER_CHANGED: "shop",
  });
  it.each(["staging", "production"])(
    "on GitHub Actions %s is reviewed, and deployed as its files say",
    async (environment) => {
      const given = {
        "secrets.KUBECONFIG": kubeconfig(),
        "secrets.KUBECONFIG_READER": kubeconfig(),
      };
      const run = (name: string) => succeed(runGitHubJob(job(name, environment), given, env()));
      await expectDeploy(environment, run);
    },
  );

  it.each(["staging", "production"])(
    "on GitLab CI %s is reviewed, and deployed as its files say",
    async (environment) => {
      const file = join(shop.folder, "kubeconfig");
      writeFileSync(file, kubeconfig());
      const given = { KUBECONFIG: file, KUBECONFIG_READER: file };
      const run = (name: string) => succeed(runGitLabJob(job(name, environment), given, env()));
      await expectDeploy(environment, run);
    },
  );

  async function expectDeploy(
    environment: string,
    run: (name: string) => Promise<{ stdout: string }>,
  ): Promise<void> {
    const review = await run("review");
    expect(review.stdout).toContain("0 chart(s) failed");
    expect((await succeed(shop.helm(["list", "-q"]))).stdout).toBe("");

    await run("deploy");
    const values = readFileSync(join(shop.repository, `environments/${environment}.yaml`), "utf8");
    const { services, environment: recorded } = await record();
    expect(recorded).toBe(environment);
    expect(values).toContain(
      `tag: "${services.api.tag}"\n    revision: ${services.api.revision}\n`,
    );
    expect(shop.transcripts().join("\n")).toContain(`Deployed shop to ${environment}`);
  }
});
