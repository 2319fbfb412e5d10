// One plain HTTPS request to an embedded API, for what helm and kubectl do not show.
import { request } from "node:https";
import type { EmbeddedKube } from "./embedded-kube.ts";
import { textAt } from "./json.ts";

export interface Ask {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One request, as the administrator where no token is given. */
export function ask(server: EmbeddedKube, path: string, options: Ask = {}): Promise<Answer> {
  const { method = "GET", token = server.adminToken, body, headers } = options;
  return new Promise((resolve, reject) => {
    const sent = request(
      `${server.url}${path}`,
      {
        method,
        ca: server.ca,
        headers: {
          authorization: `Bearer ${token}`,
          "content-type": "application/json",
          ...headers,
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** What a refusal says. */
export function messageOf({ text }: Answer): string {
  return textAt(JSON.parse(text), "message");
}
