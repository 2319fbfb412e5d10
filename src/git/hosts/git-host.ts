// What every kind of Git host is asked, and how.
import type * as z from "zod/mini";
import { NotifyError } from "../../domain/errors.ts";
import { parseJson } from "../../domain/json.ts";
import type { Commit, Shipped } from "../../domain/shipped.ts";
import type { HttpResponse } from "../../flow/ports.ts";

/** The reader adds the address: it knows a commit's page. */
export type HostCommit = Omit<Commit, "url">;

/** What follows from the counts is left to the reader. */
export type Comparison = Omit<Shipped, "direction" | "commits"> & {
  /** Newest first; maybe more than are shown. */
  readonly commits: readonly HostCommit[];
};

export interface HostRequest {
  readonly url: string;
  /** Sent as JSON by POST. */
  readonly body?: string;
}

/** Sends it with the host's token; rejects unless the answer is HTTP 200. */
export type AskHost = (request: HostRequest) => Promise<HttpResponse>;

export interface GitHost {
  /** What the header `authorization` says. */
  readonly authorization: (token: string) => string;
  readonly compare: (from: string, to: string, ask: AskHost) => Promise<Comparison>;
}

export function decodeAnswer<T>(schema: z.ZodMiniType<T>, { body }: HttpResponse): T {
  const answer = schema.safeParse(parseJson(body.toString()));
  if (answer.success) return answer.data;
  throw foreign("what answered is not its API");
}

export function foreign(message: string): NotifyError {
  return new NotifyError("GIT_HOST_FOREIGN", message, {
    hint: "Check that the service's source is the address of its Git host.",
  });
}

export function firstLine(message: string): string {
  return message.trim().split(/\r?\n/, 1)[0] ?? "";
}
