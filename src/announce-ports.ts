// The edges that pushed images are announced with.
import { randomUUID } from "node:crypto";
import type { AnnounceRequest } from "./cli/announce-command.ts";
import { withoutCredentials } from "./domain/credentials-in-url.ts";
import { NotifyError } from "./domain/errors.ts";
import type { Push } from "./domain/push.ts";
import { originOf, starterOf } from "./domain/starter.ts";
import { announce, type AnnounceReport } from "./flow/announce.ts";
import type { Host } from "./host.ts";
import { createDeadline } from "./io/deadline.ts";
import { createOutgoingHttp } from "./io/http.ts";
import { createGeneric } from "./transport/generic.ts";
import { createSlack } from "./transport/slack.ts";
import { findGeneric, findSlack, noSlackError } from "./slack-credentials.ts";

// With all the waiting that Slack asks for; nobody likes to wait longer for a message.
const TIMEOUT_MS = 30_000;

/** Rejects with a `NotifyError` where nothing says whom to tell. */
export async function runAnnounce(
  request: AnnounceRequest,
  { env, say }: Pick<Host, "env" | "say">,
): Promise<AnnounceReport> {
  const { slack, generic } = findWays(request, env);
  const http = createOutgoingHttp(env);
  try {
    return await announce(toPush(request, env), request, {
      slack: slack && createSlack(slack, http.send),
      sendEvent: generic && createGeneric(generic, http.send),
      deadline: createDeadline(TIMEOUT_MS),
      now: () => new Date(),
      newId: randomUUID,
      say,
    });
  } finally {
    http.close();
  }
}

/** Flag, then what the CI says. */
function toPush(request: AnnounceRequest, env: Host["env"]): Push {
  const origin = originOf(env);
  const starter = starterOf(env);
  const { source = origin.source } = request;
  return {
    images: request.images,
    source: source && withoutCredentials(source),
    revision: request.revision ?? origin.revision,
    ref: request.ref ?? origin.ref,
    starter: { actor: request.actor ?? starter.actor, url: request.url ?? starter.url },
  };
}

function findWays({ channel }: AnnounceRequest, env: Host["env"]) {
  const chosen = channel === undefined ? {} : { HELM_NOTIFY_SLACK_CHANNEL: channel };
  const slack = findSlack({ ...env, ...chosen });
  if (slack?.kind === "webhook" && channel !== undefined) {
    throw new NotifyError("BAD_FLAG", "a webhook tells one channel, whatever --channel says", {
      hint: "Set HELM_NOTIFY_SLACK_BOT_TOKEN, or leave --channel out.",
    });
  }
  const generic = findGeneric(env);
  // A token without a channel is not what anybody wants.
  const isHalf = slack === undefined && Boolean(env["HELM_NOTIFY_SLACK_BOT_TOKEN"]);
  if (!isHalf && (slack ?? generic)) return { slack, generic };
  throw noSlackError(isHalf ? "nothing says which channel to tell" : "nothing says whom to tell");
}
