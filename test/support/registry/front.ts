// Stands in front of the real registry of Debian and answers as other makes and proxies do.
import { createServer } from "node:http";
import { listen } from "../tls-server.ts";

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[]>>;
  readonly body: string;
}

/** `pass` asks the real one. */
export type Intercept = (url: URL, pass: () => Promise<Answer>) => Promise<Answer>;

export interface Front {
  /** As it stands in front of an image's name. */
  readonly host: string;
  readonly stop: () => Promise<void>;
}

export async function startFront(behind: string, intercept: Intercept): Promise<Front> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", `http://${behind}`);
    const { authorization, accept = "*/*" } = request.headers;
    const pass = async (): Promise<Answer> => {
      const headers = { accept, ...(authorization === undefined ? {} : { authorization }) };
      const passed = await fetch(url, { headers });
      return {
        status: passed.status,
        headers: Object.fromEntries(passed.headers),
        body: await passed.text(),
      };
    };
    const reply = async () => {
      const { status, headers, body } = await intercept(url, pass);
      const own = Object.entries(headers).filter(([name]) => !/^(content-l|transfer-e)/.test(name));
      response.writeHead(status, Object.fromEntries(own)).end(body);
    };
    void reply();
  });
  const port = await listen(server);
  return {
    host: `127.0.0.1:${port}`,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * Pages of `size` tags in the order of `tags`, as the specification has them; the address of the next one names a host and a
 * folder that only the proxy knows. https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-tags
 */
export function paged(
  size: number,
  order: (tags: readonly string[]) => readonly string[],
): Intercept {
  return async (url, pass) => {
    const answer = await pass();
    if (!url.pathname.endsWith("/tags/list") || answer.status !== 200) return answer;
    const { name, tags } = JSON.parse(answer.body);
    const ordered = order(tags);
    const start = ordered.indexOf(url.searchParams.get("last") ?? "") + 1;
    const page = ordered.slice(start, start + size);
    const next = `http://inside.test/registry${url.pathname}?n=${size}&last=${page.at(-1)}`;
    const isLast = start + size >= ordered.length;
    return {
      status: 200,
      headers: isLast ? {} : { link: `<${next}>; rel="next"` },
      body: JSON.stringify({ name, tags: page }),
    };
  };
}
