import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findingsAt } from "../../src/domain/findings.ts";
import { Secret } from "../../src/domain/secret.ts";
import { createHttp } from "../../src/io/http.ts";
import { checkSlackAccess } from "../../src/transport/slack-check.ts";
import type { SlackAccess } from "../../src/transport/slack.ts";
import { type SlackDouble, type SlackOptions, startSlack } from "../support/slack/double.ts";

const WEBHOOK = "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX";

const http = createHttp();
let slack: SlackDouble;
beforeEach(async () => {
  slack = await startSlack();
});
afterEach(async () => {
  await slack.stop();
  http.close();
});

const check = async (access: SlackAccess) => {
  const at = findingsAt("cluster");
  const { signal } = new AbortController();
  return checkSlackAccess(access, "Secret slack", at, http.send, signal);
};
const bot = (token = slack.botToken): SlackAccess => ({
  kind: "bot",
  token: new Secret(token),
  channel: "#deploys",
  apiUrl: slack.apiUrl,
});
async function restart(options: SlackOptions): Promise<void> {
  await slack.stop();
  slack = await startSlack(options);
}

describe("a bot token", () => {
  it("that Slack knows is told with its name, and nothing is posted", async () => {
    expect(await check(bot())).toMatchObject({
      level: "ok",
      message: "Slack knows the bot token of Secret slack: helm-notify in Acme",
    });
    expect(slack.messages).toEqual([]);
  });

  it("that Slack refuses is a problem with Slack's word for it", async () => {
    await restart({ revokedTokens: [slack.botToken] });
    expect(await check(bot())).toMatchObject({
      level: "problem",
      message: "Slack refuses the bot token of Secret slack: token_revoked",
      remedy: "Put the token of an installed Slack app (xoxb-…) under botToken in the Secret.",
    });
  });

  it("that may not write is a problem", async () => {
    await restart({ scopes: ["channels:read", "chat:write.public"] });
    expect(await check(bot())).toMatchObject({
      level: "problem",
      message: "the bot token of Secret slack lacks the scope chat:write",
    });
  });

  it("that may write beside other things is fine", async () => {
    await restart({ scopes: ["channels:read", "chat:write"] });
    expect(await check(bot())).toMatchObject({ level: "ok" });
  });

  it("is not judged by what is not Slack", async () => {
    slack.addFaults({ kind: "status", status: 200, body: "<html>log in</html>" });
    expect(await check(bot())).toMatchObject({
      level: "problem",
      message: "what answered HTTP 200 to auth.test is not Slack",
    });
  });

  it("is not shown in any finding", async () => {
    const finding = await check(bot("xoxb-secret-but-wrong!"));
    expect(finding.level).toBe("problem");
    expect(JSON.stringify(finding)).not.toContain("secret-but");
  });
});

describe("a webhook", () => {
  it.each([
    [WEBHOOK, "ok"],
    [WEBHOOK.replace("slack.com", "slack-gov.com"), "ok"],
    [WEBHOOK.replace("/X", "/"), "ok"],
    [WEBHOOK.replace("https:", "http:"), "warning"],
    [WEBHOOK.replace("slack.com", "slack.com.example.com"), "warning"],
    [WEBHOOK.replace("hooks.slack", "hooks-slack"), "warning"],
    [WEBHOOK.replace(/\/[^/]*$/, ""), "warning"],
    [`${WEBHOOK} `, "warning"],
    ["hooks.slack.com/services/T0/B0/X0", "problem"],
    ["slack:T0", "problem"],
    ["", "problem"],
  ])("%s is looked at only: %s", async (url, level) => {
    const finding = await check({ kind: "webhook", url: new Secret(url) });
    expect(finding.level).toBe(level);
    expect(finding.message).not.toContain("T0");
  });
});
