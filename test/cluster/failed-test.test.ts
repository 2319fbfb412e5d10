// `--notify-test` with a test that says why it failed, in a real pod: its log is in the message.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Deployer, openBed, openDeployer, succeed } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";
import { withoutSecrets } from "../support/without-secrets.ts";
import { BOT } from "../support/shop.ts";

let shop: Deployer;
beforeAll(async () => {
  const bed = await openBed();
  shop = await openDeployer(bed, 4, BOT);
  // One stream: two of a container have no order. Longer than a pod that tells would wait for the word of a plugin that has nothing more to say.
  const script = "sleep 8; echo checking; echo postgres://shop:s3cret@db/shop refused; exit 3";
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "shop-test", annotations: { "helm.sh/hook": "test" } },
    spec: {
      restartPolicy: "Never",
      containers: [
        {
          name: "test",
          image: "registry.example.com/shop/test:1",
          command: ["sh", "-c", script],
        },
      ],
    },
  };
  writeFileSync(join(shop.chart, "templates/test.yaml"), JSON.stringify(pod));
});
afterAll(() => shop.close());

const deploy = (more: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const settings = `helm-notify.environment=staging,helm-notify.slack.apiUrl=${shop.slack.apiUrl}`;
  const argv = ["upgrade", "--install", "shop", shop.chart, "--set", settings];
  return shop.notify([...argv, "--notify-test", ...more], { env });
};

it.each([
  ["what was applied is still there", []],
  ["rolled back to revision 1", ["--set", "api.image.tag=1.4.0", "--rollback-on-failure"]],
])("a failed test is told with its log: %s", async (text, more) => {
  const told = await tellOf(shop, "shop", async () => {
    const { code, stderr } = await deploy(more);
    expect(code).toBe(1);
    expect(stderr).toContain("postgres://shop:***@db/shop refused");
  });
  expect(told.end).toContain(text);
  expect(told.end).toMatch(/shop-test.*exit code 3[^]*checking\n.*postgres:\/\/shop:\*\*\*@db/);
  expect(told.end).not.toContain("s3cret");
});

it("a first install that is undone is told with its log too", async () => {
  await succeed(shop.helm(["uninstall", "shop", "--wait"]));
  const told = await tellOf(shop, "shop", async () => {
    expect((await deploy(["--rollback-on-failure"])).code).toBe(1);
  });
  expect(told.end).toMatch(/Helm undid it[^]*shop-test.*exit code 3[^]*checking/);
  expect((await succeed(shop.helm(["list", "-q"]))).stdout.trim()).toBe("");
});

it("the pod that tells in the plugin's place waits for the test", async () => {
  const env = await withoutSecrets(shop);
  const told = await tellOf(shop, "shop", async () => {
    expect((await deploy([], env)).code).toBe(1);
  });
  expect(told.run).toMatchObject({ by: "hook", outcome: { kind: "failed" } });
  expect(told.end).toMatch(/what was applied is still there[^]*shop-test.*exit code 3[^]*checking/);
});
