// Whether Slack takes the credentials, as far as can be seen without posting.
import * as z from "zod/mini";
import type { Finding, FindingsAt } from "../domain/findings.ts";
import { parseJson } from "../domain/json.ts";
import { Secret } from "../domain/secret.ts";
import type { SendHttp } from "../flow/ports.ts";
import { hintFor } from "./slack-errors.ts";
import type { SlackAccess } from "./slack.ts";

// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks; GovSlack has its own domain.
const WEBHOOK = /^https:\/\/hooks\.slack(-gov)?\.com\/services\/T\w+\/B\w+\/\w+$/;

// https://docs.slack.dev/reference/methods/auth.test
const answer = z.union([
  z.object({ ok: z.literal(true), team: z.string(), user: z.string() }),
  z.object({ ok: z.literal(false), error: z.string().check(z.regex(/^[a-z][a-z0-9_]{0,63}$/)) }),
]);

/** `source` is where the credentials come from. A webhook is only looked at: there is no way to ask it and not to post. */
export async function checkSlackAccess(
  access: SlackAccess,
  source: string,
  at: FindingsAt,
  send: SendHttp,
  signal: AbortSignal,
): Promise<Finding> {
  if (access.kind === "webhook") return checkWebhook(access.url, source, at);
  const { status, headers, body } = await send({
    method: "POST",
    url: access.apiUrl.replace(/\/*$/, "/auth.test"),
    headers: { authorization: new Secret(`Bearer ${access.token.reveal()}`) },
    signal,
  });
  const said = answer.safeParse(parseJson(body.toString()));
  if (!said.success) {
    const remedy = "Check slack.apiUrl in the values and the proxy, or try again.";
    return at.problem(`what answered HTTP ${status} to auth.test is not Slack`, remedy);
  }
  if (!said.data.ok) {
    const { error } = said.data;
    return at.problem(`Slack refuses the bot token of ${source}: ${error}`, hintFor(error));
  }
  const { team, user } = said.data;
  // https://github.com/slack-ruby/slack-ruby-client/issues/378; where a proxy takes it away, nothing is said.
  const scopes = headers["x-oauth-scopes"]?.split(",").map((scope) => scope.trim());
  if (scopes && !scopes.includes("chat:write")) {
    const message = `the bot token of ${source} lacks the scope chat:write`;
    return at.problem(message, hintFor("missing_scope"));
  }
  return at.ok(`Slack knows the bot token of ${source}: ${user} in ${team}`);
}

function checkWebhook(url: Secret, source: string, at: FindingsAt): Finding {
  const remedy = "Copy the webhook's whole address from the settings of the Slack app.";
  const text = url.reveal();
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? "")) {
    return at.problem(`webhookUrl of ${source} is no URL`, remedy);
  }
  return WEBHOOK.test(text)
    ? at.ok(`webhookUrl of ${source} looks like one of Slack; nothing was posted`)
    : at.warning(`webhookUrl of ${source} does not look like one of Slack`, remedy);
}
