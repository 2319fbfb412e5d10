// A deploy that Helm undoes takes its pods along: why it failed is told all the same.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { HELM_MAJORS } from "../../scripts/toolbox.ts";
import { openBed, openDeployer } from "../support/bed.ts";
import { tellOf } from "../support/conversation.ts";

const WORKER = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: crashing }
spec:
  selector: { matchLabels: { app: crashing } }
  template:
    metadata: { labels: { app: crashing } }
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: registry.example.com/shop/web:2
          command: [sh, -c, {{ .Values.script | default "sleep 3600" | quote }}]
`;

it.each(HELM_MAJORS)("Helm %i: the message names the crash, and its log", async (major) => {
  const shop = await openDeployer(await openBed(), major, ({ botToken }) => ({
    botToken,
    channel: "C0DEPLOYS",
  }));
  try {
    writeFileSync(join(shop.chart, "templates/crashing.yaml"), WORKER);
    const settings = `helm-notify.environment=staging,helm-notify.slack.apiUrl=${shop.slack.apiUrl}`;
    const deploy = (...more: readonly string[]) =>
      shop.notify(["upgrade", "--install", "shop", shop.chart, "--set", settings, ...more]);
    expect((await deploy("--wait")).code).toBe(0);
    const undo = major === 3 ? "--atomic" : "--rollback-on-failure";
    const script = "script=echo CACHE_URL is not set; exit 3";
    const told = await tellOf(shop, "shop", async () => {
      const { code } = await deploy("--set", script, undo, "--timeout=20s");
      expect(code).toBe(1);
    });
    expect(told.end).toMatch(/rolled back to revision 1[^]*crashing-.*exit code 3[^]*CACHE_URL/);
  } finally {
    await shop.close();
  }
});
