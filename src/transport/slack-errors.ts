// What to do about the errors Slack names. https://docs.slack.dev/reference/methods/chat.postMessage#errors and
// https://api.slack.com/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks

const TOKEN_HINT = "Put the token of an installed Slack app (xoxb-…) under botToken in the Secret.";
const WEBHOOK_HINT = "Make a new incoming webhook and put it under webhookUrl in the Secret.";
const CHANNEL_HINT = "Check the channel's name or ID, and that the app may see it.";
const ARCHIVED_HINT = "Choose a channel that is not archived.";
const TEXTS_HINT =
  "Look at the message with helm notify preview; report it if the texts are not your own.";

const HINTS: Readonly<Record<string, string>> = {
  account_inactive: TOKEN_HINT,
  invalid_auth: TOKEN_HINT,
  not_allowed_token_type: TOKEN_HINT,
  not_authed: TOKEN_HINT,
  token_expired: TOKEN_HINT,
  token_revoked: TOKEN_HINT,
  invalid_blocks: TEXTS_HINT,
  msg_blocks_too_long: TEXTS_HINT,
  msg_too_long: TEXTS_HINT,
  missing_scope: "Give the Slack app the scope chat:write and install it again.",
  channel_not_found: CHANNEL_HINT,
  not_in_channel: "Invite the Slack app to the channel: /invite @app.",
  is_archived: ARCHIVED_HINT,
  is_inactive: ARCHIVED_HINT,
  channel_is_archived: ARCHIVED_HINT,
  restricted_action: "Ask a Slack administrator who may post in this channel.",
  action_prohibited: "Ask a Slack administrator whether webhooks may post in this channel.",
  invalid_token: WEBHOOK_HINT,
  no_active_hooks: WEBHOOK_HINT,
  no_service: WEBHOOK_HINT,
  no_service_id: WEBHOOK_HINT,
  no_team: WEBHOOK_HINT,
};

export function hintFor(error: string): string {
  return HINTS[error] ?? "Look the error up in Slack's reference of chat.postMessage.";
}
