// Where a way to Slack, or to a receiver of events, is looked for: in the environment, then in the values and in the Secret they name.
import { NotifyError } from "./domain/errors.ts";
import type { NotifySettings } from "./domain/notify-settings.ts";
import { Secret } from "./domain/secret.ts";
import type { Host } from "./host.ts";
import { slackAccess } from "./transport/access.ts";
import type { GenericAccess } from "./transport/generic.ts";
import type { SlackAccess } from "./transport/slack.ts";

type Environment = Host["env"];

const CREDENTIALS = ["HELM_NOTIFY_SLACK_WEBHOOK_URL", "HELM_NOTIFY_SLACK_BOT_TOKEN"];

/** Then no Secret is asked for. */
export function isSlackInEnvironment(env: Environment): boolean {
  return CREDENTIALS.some((name) => env[name]);
}

/** `undefined` where nothing is complete: a bot needs a channel. Empty counts as not given. */
export function findSlack(
  env: Environment,
  slack: Partial<NotifySettings["slack"]> = {},
  secret: Readonly<Record<string, string>> = {},
): SlackAccess | undefined {
  return slackAccess({
    webhookUrl: env["HELM_NOTIFY_SLACK_WEBHOOK_URL"] || secret["webhookUrl"] || undefined,
    botToken: env["HELM_NOTIFY_SLACK_BOT_TOKEN"] || secret["botToken"] || undefined,
    channel: env["HELM_NOTIFY_SLACK_CHANNEL"] || slack.channel || secret["channel"] || undefined,
    username: slack.username,
    apiUrl: env["HELM_NOTIFY_SLACK_API_URL"] || slack.apiUrl || undefined,
  });
}

/** What the Secret alone is good for: to whoever has nothing in the environment. */
export function findSlackInSecret(
  env: Environment,
  slack: NotifySettings["slack"],
  secret: Readonly<Record<string, string>>,
): SlackAccess | undefined {
  const without = Object.fromEntries(CREDENTIALS.map((name) => [name, undefined]));
  return findSlack({ ...env, ...without }, slack, secret);
}

/** Empty counts as not given. */
export function findGeneric(
  env: Environment,
  secret: Readonly<Record<string, string>> = {},
): GenericAccess | undefined {
  const url = env["HELM_NOTIFY_GENERIC_URL"] || secret["genericUrl"];
  const key = env["HELM_NOTIFY_GENERIC_SECRET"] || secret["genericSecret"];
  return url ? { url: new Secret(url), key: key ? new Secret(key) : undefined } : undefined;
}

export function noSlackError(message: string): NotifyError {
  return new NotifyError("NO_SLACK", message, {
    hint: "Set HELM_NOTIFY_SLACK_BOT_TOKEN and HELM_NOTIFY_SLACK_CHANNEL, or HELM_NOTIFY_SLACK_WEBHOOK_URL.",
  });
}
