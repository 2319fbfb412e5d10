// Incoming webhooks: plain text answers with a status that means it.
// https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
import { checkContent, parseObject } from "./content.ts";
import type { SlackReceived } from "./received.ts";

const WEBHOOK_ERRORS = {
  action_prohibited: 403,
  invalid_token: 403,
  channel_not_found: 404,
  no_service: 404,
  no_team: 404,
  channel_is_archived: 410,
  rollup_error: 500,
} as const;

export type WebhookError = keyof typeof WEBHOOK_ERRORS;

export interface WebhookAnswer {
  readonly status: number;
  readonly body: string;
  readonly message?: Pick<SlackReceived, "text" | "blocks" | "payload">;
}

export function answerWebhook(
  request: { readonly path: string; readonly contentType: string; readonly body: string },
  error: WebhookError | undefined,
): WebhookAnswer {
  if (!/^\/services\/T\w+\/B\w+\/\w+$/.test(request.path)) return { status: 404, body: "no_team" };
  if (error !== undefined) return { status: WEBHOOK_ERRORS[error], body: error };
  const isJson = /^application\/json\b/.test(request.contentType);
  const payload = isJson ? parseObject(request.body) : undefined;
  if (payload === undefined) return { status: 400, body: "invalid_payload" };
  const content = checkContent(payload);
  if (content.kind === "refused") return { status: 400, body: content.error };
  const { text, blocks } = content;
  return { status: 200, body: "ok", message: { text, blocks, payload } };
}
