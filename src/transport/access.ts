// Which credentials allow which way of telling.
import { Secret } from "../domain/secret.ts";
import type { SlackAccess } from "./slack.ts";

export interface SlackCredentials {
  readonly webhookUrl: string | undefined;
  readonly botToken: string | undefined;
  readonly channel: string | undefined;
  readonly username: string | undefined;
  readonly apiUrl: string | undefined;
}

const API_URL = "https://slack.com/api/";

/** The bot token where there is one: it knows threads. `undefined` where nothing is complete. */
export function slackAccess(credentials: SlackCredentials): SlackAccess | undefined {
  const { webhookUrl, botToken, channel, username, apiUrl = API_URL } = credentials;
  if (botToken !== undefined && channel !== undefined) {
    return { kind: "bot", token: new Secret(botToken), channel, apiUrl, username };
  }
  return webhookUrl === undefined ? undefined : { kind: "webhook", url: new Secret(webhookUrl) };
}
