/** What the Slack double accepted, as it came. */
export interface SlackReceived {
  readonly at: string;
  readonly method: "webhook" | "chat.postMessage" | "chat.update";
  /** The channel as it was named by the sender; a webhook's own. */
  readonly channel: string;
  /** The channel as people know it. */
  readonly channelName: string;
  readonly ts: string;
  /** The message this is a reply to. */
  readonly threadTs?: string;
  readonly text: string;
  readonly blocks: readonly unknown[];
  readonly payload: Readonly<Record<string, unknown>>;
}
