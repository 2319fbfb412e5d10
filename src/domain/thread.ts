// Where the story of an image goes on in Slack, as one word: it travels through a CI, and beside a tag.

interface Thread {
  readonly channel: string;
  readonly ts: string;
}

/** `C0123456789/1763719200.000100`: the ID of a channel, and a message's `ts` in it. */
export const THREAD = /^([CDG][A-Z0-9]{8,})\/(\d{1,12}\.\d{1,9})$/;

/** As `THREAD` has it. */
export function formatThread({ channel, ts }: Thread): string {
  return `${channel}/${ts}`;
}

/** The inverse; `undefined` for anything else, such as the nothing that a webhook knows. */
export function parseThread(text: string): Thread | undefined {
  const [, channel, ts] = THREAD.exec(text) ?? [];
  return channel === undefined || ts === undefined ? undefined : { channel, ts };
}
