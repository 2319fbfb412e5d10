// What stands in Slack's channels now, as a person sees it: edits made, replies in their threads.
import type { SlackReceived } from "./received.ts";

export interface SlackMessage {
  readonly channel: string;
  readonly ts: string;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly isEdited: boolean;
  /** A reply that stands in the channel too. */
  readonly isBroadcast: boolean;
  readonly replies: readonly SlackMessage[];
}

/** Oldest first. A deleted message leaves no more than a word, and that only where somebody had replied to it. */
export function toChannel(
  received: readonly SlackReceived[],
  deleted: ReadonlySet<string>,
): readonly SlackMessage[] {
  const posts = received.filter(({ method }) => method !== "chat.update");
  const current = (post: SlackReceived): SlackMessage => {
    const edit = received.findLast(({ method, ts }) => method === "chat.update" && ts === post.ts);
    const content = deleted.has(post.ts)
      ? { text: "This message was deleted.", blocks: [] }
      : (edit ?? post);
    return {
      channel: post.channelName,
      ts: post.ts,
      text: content.text,
      blocks: content.blocks,
      isEdited: edit !== undefined,
      isBroadcast: post.payload["reply_broadcast"] === true,
      replies: posts.filter(({ threadTs }) => threadTs === post.ts).map(current),
    };
  };
  return posts
    .filter(({ threadTs }) => threadTs === undefined)
    .map(current)
    .filter(({ ts, replies }) => !deleted.has(ts) || replies.length > 0);
}
