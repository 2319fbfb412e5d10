// A Git host on loopback, reached under its public name.
import type { SendHttp } from "../../../src/flow/ports.ts";
import { createHttp } from "../../../src/io/http.ts";
import { type AnswerRequest, type SeenRequest, startServer } from "../tls-server.ts";
import type { History } from "./history.ts";

interface HostCall {
  readonly method: string;
  readonly url: URL;
  readonly headers: SeenRequest["headers"];
  readonly body: string;
}

export interface HostAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface HostModel {
  /** Where its API is: what is sent anywhere else is a fault of the sender. */
  readonly origin: string;
  /** The header of somebody who may read the repository. */
  readonly authorization: (token: string) => string;
  readonly badToken: HostAnswer;
  /** To a token that may not read the repository, which must not show that it exists. */
  readonly hidden: HostAnswer;
  readonly rateLimit: HostAnswer;
  readonly answer: (call: HostCall, history: History) => HostAnswer;
}

export const TOKEN = "good-token";
export const STRANGERS_TOKEN = "token-of-a-stranger";

export interface GitHostDouble {
  readonly url: string;
  readonly send: SendHttp;
  readonly seen: readonly SeenRequest[];
  readonly stop: () => Promise<void>;
}

/** `fault` answers in the place of the host, where it answers. */
export async function startGitHost(
  model: HostModel,
  history: History,
  fault: (request: SeenRequest) => ReturnType<AnswerRequest> | undefined = () => undefined,
): Promise<GitHostDouble> {
  const server = await startServer(
    (request) => {
      const answer = fault(request);
      return answer ?? toAnswer(answerTo(request));
    },
    { plain: true },
  );
  const answerTo = ({ method, url, headers, body }: SeenRequest): HostAnswer => {
    if (headers.authorization === model.authorization(STRANGERS_TOKEN)) return model.hidden;
    if (headers.authorization !== model.authorization(TOKEN)) return model.badToken;
    return model.answer({ method, url: new URL(url, model.origin), headers, body }, history);
  };
  const http = createHttp();
  return {
    url: server.url,
    seen: server.seen,
    send: (request) => {
      const { origin, href } = new URL(request.url);
      if (origin !== model.origin) throw new Error(`a request went to ${origin}`);
      return http.send({ ...request, url: href.replace(origin, server.url) });
    },
    stop: async () => {
      http.close();
      await server.stop();
    },
  };
}

export function toAnswer({ status, headers = {}, body }: HostAnswer) {
  return {
    status,
    headers: { "content-type": "application/json; charset=utf-8", ...headers },
    body: JSON.stringify(body),
  };
}

/** Both commits of a range by their whole names; `undefined` where one is not known. */
export function resolveRange(
  history: History,
  include: string | null,
  exclude: string | null,
): { include: string; exclude: string } | undefined {
  const known = [include, exclude].map((name) => history.resolve(name ?? ""));
  const [newer, older] = known;
  return newer && older ? { include: newer, exclude: older } : undefined;
}
