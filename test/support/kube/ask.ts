// One plain HTTPS request to an embedded API, for what helm and kubectl do not show.
import { Agent, fetch } from "undici";
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
export async function ask(server: EmbeddedKube, path: string, options: Ask = {}): Promise<Answer> {
  const { method = "GET", token = server.adminToken, body, headers } = options;
  const dispatcher = new Agent({ connect: { ca: server.ca } });
  try {
    const response = await fetch(`${server.url}${path}`, {
      dispatcher,
      method,
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  } finally {
    await dispatcher.close();
  }
}

/** What a refusal says. */
export function messageOf({ text }: Answer): string {
  return textAt(JSON.parse(text), "message");
}
