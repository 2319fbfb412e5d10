// A set-up on a cluster, whole and broken in turn, as `doctor` sees it.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import type { Finding } from "../../src/domain/findings.ts";
import { toFindingLines } from "../../src/render/findings.ts";
import { type Deployer, openDeployer, succeed } from "../support/bed.ts";
import { useBed } from "../support/use-bed.ts";

const bed = useBed();

describe.each(HELM_MAJORS)("Helm %i", (major) => {
  let shop: Deployer;
  beforeAll(async () => {
    shop = await openDeployer(bed(), major, ({ botToken }) => ({ botToken, channel: "#deploys" }));
    const values = ["--set", "helm-notify.environment=staging", "--wait"];
    await succeed(
      shop.notify(["install", "shop", shop.chart, ...values], {
        env: { HELM_NOTIFY_SLACK_API_URL: shop.slack.apiUrl },
      }),
    );
  });
  afterAll(() => shop.close());

  interface Given {
    readonly env?: Readonly<Record<string, string>>;
    readonly folder?: string;
  }
  const ask = (argv: readonly string[], { env, folder = shop.folder }: Given = {}) =>
    shop.notify(["doctor", ...argv], {
      cwd: folder,
      env: { HELM_NOTIFY_SLACK_API_URL: shop.slack.apiUrl, ...env },
    });
  async function doctor(argv: readonly string[], given?: Given) {
    const { code, stdout } = await ask([...argv, "-o", "json"], given);
    const { findings }: { readonly findings: readonly Finding[] } = JSON.parse(stdout);
    const wrong = findings
      .filter(({ level }) => level !== "ok")
      .map(({ level, place, message }) => `${level} ${place}: ${message}`);
    return { wrong, exitCode: code, text: toFindingLines(findings).join("\n") };
  }
  const kubectl = (...argv: string[]) => succeed(shop.kubectl(argv));
  const secret = (...literals: string[]) =>
    kubectl(
      "create",
      "secret",
      "generic",
      "slack",
      ...literals.map((one) => `--from-literal=${one}`),
    );

  it("what works is told as working, and Slack hears nothing of it", async () => {
    const heard = shop.slack.messages.length;
    const { text, wrong, exitCode } = await doctor(["--release", "shop"]);
    expect([wrong, exitCode]).toEqual([[], 0]);
    expect((await succeed(ask(["--release", "shop"]))).stdout).toBe(`${text}\n`);
    expect(text).toMatch(new RegExp(`^helm\n  ok       v${major}\\.`));
    expect(text).toMatch(/Kubernetes v1\.\d+\S* by context ".+", namespace shop-/);
    expect(text).toContain("revision 1 of shop is deployed");
    expect(text).toContain("Slack knows the bot token of Secret slack: helm-notify in Acme");
    expect(text).toMatch(/the last run, the install of .*, was told/);
    expect(shop.slack.messages).toHaveLength(heard);
  });

  it("a chart may be given for a release that is not there yet", async () => {
    const { text, wrong, exitCode } = await doctor([shop.chart, "--release", "new"]);
    expect(wrong).toEqual([`warning cluster: new is not deployed in namespace ${shop.namespace}`]);
    expect(exitCode).toBe(0);
    expect(text).toContain("has the services api, web, worker, scheduler, mailer");
    expect(text).toContain("Slack knows the bot token");
  });

  it("a Secret without what is needed, or no Secret, is a problem", async () => {
    await kubectl("delete", "secret", "slack");
    const gone = await doctor(["--release", "shop"]);
    expect(gone.exitCode).toBe(1);
    expect(gone.wrong).toEqual([
      `problem cluster: there is no Secret slack in namespace ${shop.namespace}`,
    ]);
    await secret("url=https://hooks.slack.com/services/T0/B0/X0");
    const { wrong, text } = await doctor(["--release", "shop"]);
    expect(wrong).toEqual([
      "problem cluster: Secret slack has neither a webhookUrl nor a botToken with a channel; its keys are url",
    ]);
    expect(text).not.toContain("hooks.slack.com");
    await kubectl("delete", "secret", "slack");
    await secret(`botToken=${shop.slack.botToken}`, "channel=#deploys");
  });

  it("credentials of the environment are looked at beside those of the pod", async () => {
    const env = { HELM_NOTIFY_SLACK_BOT_TOKEN: "wrong", HELM_NOTIFY_SLACK_CHANNEL: "#deploys" };
    const { wrong, text } = await doctor(["--release", "shop"], { env });
    expect(wrong).toEqual([
      "problem cluster: Slack refuses the bot token of the environment: invalid_auth",
    ]);
    expect(text).toContain("Slack knows the bot token of Secret slack");
  });

  it("someone without rights is told which", async () => {
    await kubectl("create", "serviceaccount", "guest");
    const env = { HELM_KUBEASUSER: `system:serviceaccount:${shop.namespace}:guest` };
    const { wrong, exitCode } = await doctor(["--release", "shop"], { env });
    expect(exitCode).toBe(1);
    expect(wrong).toEqual([
      expect.stringMatching(/^problem cluster: secrets is forbidden: User ".*:guest" cannot list/),
      "problem cluster: you may not list secrets, get secrets: the live release cannot be looked up",
      expect.stringMatching(
        /you may not get configmaps helm-notify-ledger\.shop, create .*, patch/,
      ),
      expect.stringMatching(/^warning cluster: you may not create configmaps, get .*-turn\.shop/),
      expect.stringMatching(/^warning cluster: you may not get configmaps shop-helm-notify-record/),
      expect.stringMatching(/^warning cluster: you may not list pods, get pods\/log, list events/),
      "warning cluster: which Slack is told is not known without the live release",
      expect.stringMatching(/^problem cluster: configmaps "helm-notify-ledger\.shop" is forbidden/),
    ]);
  });

  it("someone with just the rights that are asked for needs no other", async () => {
    await kubectl("create", "serviceaccount", "deployer");
    const role = {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "Role",
      metadata: { name: "deployer" },
      rules: [
        rule(["list", "get"], ["secrets"]),
        rule(["get", "create", "patch"], ["configmaps"], {
          resourceNames: ["helm-notify-ledger.shop"],
        }),
        rule(["create"], ["configmaps"]),
        rule(["get", "patch", "delete"], ["configmaps"], {
          resourceNames: ["helm-notify-turn.shop"],
        }),
        rule(["get"], ["configmaps"], { resourceNames: ["shop-helm-notify-record"] }),
        rule(["list"], ["pods", "events"]),
        rule(["get"], ["pods/log"]),
        rule(["list"], ["replicasets"], { apiGroups: ["apps"] }),
      ],
    };
    const file = join(shop.folder, "role.json");
    writeFileSync(file, JSON.stringify(role));
    await kubectl("apply", "-f", file);
    const account = `${shop.namespace}:deployer`;
    await kubectl("create", "rolebinding", "d", "--role=deployer", `--serviceaccount=${account}`);
    const env = { HELM_KUBEASUSER: `system:serviceaccount:${account}` };
    const { wrong, text } = await doctor(["--release", "shop"], { env });
    expect(wrong).toEqual([]);
    expect(text).toContain("you may do what the plugin does");
  });

  it("another context has a namespace of its own", async () => {
    const context = (await kubectl("config", "current-context")).stdout.trim();
    const { wrong } = await doctor(["--kube-context", context, "--release", "shop"]);
    expect(wrong[0]).toBe("warning cluster: shop is not deployed in namespace default");
  });

  it("a lock is told, with who, why and the way out", async () => {
    const env = { HELM_NOTIFY_ACTOR: "jane" };
    await succeed(shop.notify(["lock", "shop", "--reason", "migration"], { env }));
    const { wrong } = await doctor(["--release", "shop"]);
    expect(wrong).toEqual([
      expect.stringMatching(/^warning cluster: shop is locked by jane .*: migration$/),
    ]);
    await succeed(shop.notify(["unlock", "shop", "--force"], { env }));
  });

  it("a record that somebody changed is told", async () => {
    const name = "shop-helm-notify-record";
    const { stdout } = await kubectl(
      "get",
      "configmap",
      name,
      "-o",
      "jsonpath={.data.record\\.json}",
    );
    const write = (text: string) =>
      kubectl("patch", "configmap", name, "-p", JSON.stringify({ data: { "record.json": text } }));
    await write(stdout.replace("2.8.0", "2.9.0"));
    expect((await doctor(["--release", "shop"])).wrong).toEqual([
      "warning cluster: the cluster's record is not that of revision 1: web",
    ]);
    await write(stdout);
  });

  it("an image of the pod that cannot be pulled is told with its reason", async () => {
    const broken = [
      "--reuse-values",
      "--set",
      "helm-notify.image.repository=registry.invalid/hook",
    ];
    await succeed(shop.helm(["upgrade", "shop", shop.chart, ...broken]));
    await expect
      .poll(async () => (await doctor(["--release", "shop"])).wrong)
      .toContainEqual(
        expect.stringMatching(
          /^problem cluster: the pod shop-helm-notify-\S+ that tells is in trouble: (ErrImagePull|ImagePullBackOff): registry\.invalid\/hook:/,
        ),
      );
  });

  it("no Helm is a problem, and the rest is looked at", async () => {
    const { wrong, text } = await doctor(["--release", "shop"], {
      env: { HELM_NOTIFY_HELM: "/nowhere/helm" },
    });
    expect(wrong[0]).toMatch(/^problem helm: HELM_NOTIFY_HELM is "\/nowhere\/helm", which is not/);
    expect(text).toContain("Slack knows the bot token");
  });

  it("a deployment repository is looked at with all its environments", async () => {
    const folder = join(shop.folder, "deploy");
    mkdirSync(join(folder, "below"), { recursive: true });
    const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
    const context = (await kubectl("config", "current-context")).stdout.trim();
    const place = { release: "shop", namespace: shop.namespace, kubeContext: context };
    const environments = {
      staging: { ...place, values: "staging.yaml" },
      production: { ...place, values: "production.yaml", kubeContext: "nowhere" },
    };
    // Nobody listens there.
    const services = { api: { image: "127.0.0.1:1/shop/api" }, web: {} };
    write("helm-notify.yaml", JSON.stringify({ environments, services }));
    write("staging.yaml", "api: { image: { tag: 1.4.0 } }\n");
    write("production.yaml", "api: {\n");
    const all = await doctor([], { folder: join(folder, "below") });
    expect(all.exitCode).toBe(1);
    expect(all.wrong).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^problem production: production\.yaml:\d+: /),
        "warning helm-notify.yaml: service web: no environment has web.image.tag in its values",
        expect.stringMatching(/^warning staging: .*127\.0\.0\.1:1/),
        'problem production: context "nowhere" is in no kubeconfig',
      ]),
    );
    const one = await doctor(["--env", "staging"], { folder });
    expect(one.wrong.join("\n")).not.toContain("nowhere");
    expect((await ask(["--env", "stage"], { folder })).stderr).toContain('no environment "stage"');
    const both = await ask(["--env", "staging", "-n", "x"], { folder });
    expect([both.code, both.stdout]).toEqual([1, ""]);
    expect(both.stderr).toContain("--env says release");
    const plugin = await shop.helm(["notify", "doctor", "--env", "staging", "-n", "other"], {
      cwd: folder,
    });
    expect(plugin.stdout).toContain(`by context "${context}", namespace ${shop.namespace}`);
    write("helm-notify.yaml", "services: {}\n");
    expect((await doctor([], { folder })).wrong).toEqual([
      "problem helm-notify.yaml: helm-notify.yaml is not valid:\n  environments: is missing",
    ]);
  });
});

function rule(verbs: readonly string[], resources: readonly string[], more: object = {}): object {
  return { apiGroups: [""], verbs, resources, ...more };
}
