// Tokens for Git hosts: each goes to its own host and to no other.
import { NotifyError, withHint } from "./errors.ts";
import { Secret } from "./secret.ts";

export type GitTokens = ReadonlyMap<string, Secret>;

/** Reads `github.com=TOKEN, git.example.com:8443=TOKEN`, parted by commas or line breaks. Refuses a token without its host. */
export function parseGitTokens(text: string): GitTokens {
  const entries = text
    .split(/[,\s]+/)
    .filter((entry) => entry !== "")
    .map((entry): [string, Secret] => {
      const at = entry.indexOf("=");
      const host = entry.slice(0, Math.max(at, 0)).toLowerCase();
      const token = entry.slice(at + 1);
      if (!/^[a-z0-9.-]+(?::\d+)?$/.test(host) || token === "") {
        throw new NotifyError("BAD_GIT_TOKEN", "a token for a Git host comes without its host", {
          hint: "Write gitToken as HOST=TOKEN, for example github.com=…, several parted by commas.",
        });
      }
      return [host, new Secret(token)];
    });
  return new Map(entries);
}

/** Whether a token may go there: not over a wire that others may read. */
export function isPrivate({ protocol, hostname }: URL): boolean {
  const isLoopback = /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(hostname);
  return protocol === "https:" || (protocol === "http:" && isLoopback);
}

/** The same, with a warning in the place of an error: without tokens only the commits are not listed. */
export function readGitTokens(text: string, warn: (line: string) => void): GitTokens {
  try {
    return parseGitTokens(text);
  } catch (error) {
    if (!(error instanceof NotifyError)) throw error;
    warn(withHint(error));
    return new Map();
  }
}
