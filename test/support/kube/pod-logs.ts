// What containers wrote, kept while their pod exists and followed by `kubectl logs -f`.
import type { ServerResponse } from "node:http";

interface ContainerLog {
  text: string;
  /** Of the container before it was restarted. */
  previous: string;
  isEnded: boolean;
  readonly followers: Set<ServerResponse>;
}

export class PodLogs {
  readonly #logs = new Map<string, ContainerLog>();

  append(podUid: string, container: string, text: string): void {
    const log = this.#open(podUid, container);
    log.text += text;
    for (const follower of log.followers) follower.write(text);
  }

  end(podUid: string, container: string): void {
    const log = this.#open(podUid, container);
    log.isEnded = true;
    for (const follower of log.followers) follower.end();
  }

  restart(podUid: string, container: string): void {
    const log = this.#open(podUid, container);
    Object.assign(log, { text: "", previous: log.text, isEnded: false });
  }

  drop(podUid: string): void {
    for (const [key, log] of this.#logs) {
      if (!key.startsWith(`${podUid}/`)) continue;
      for (const follower of log.followers) follower.end();
      this.#logs.delete(key);
    }
  }

  send(podUid: string, container: string, query: URLSearchParams, response: ServerResponse): void {
    const log = this.#open(podUid, container);
    const tail = query.get("tailLines");
    const isPrevious = query.get("previous") === "true";
    const text = isPrevious ? log.previous : log.text;
    response.writeHead(200, { "content-type": "text/plain" });
    response.write(tail === null ? text : lastLines(text, Number(tail)));
    if (isPrevious || log.isEnded || query.get("follow") !== "true") {
      response.end();
      return;
    }
    log.followers.add(response);
    response.on("close", () => log.followers.delete(response));
  }

  #open(podUid: string, container: string): ContainerLog {
    const key = `${podUid}/${container}`;
    const known = this.#logs.get(key);
    if (known !== undefined) return known;
    const log: ContainerLog = {
      text: "",
      previous: "",
      isEnded: false,
      followers: new Set(),
    };
    this.#logs.set(key, log);
    return log;
  }
}

function lastLines(text: string, count: number): string {
  return text
    .split("\n")
    .slice(-1 - count)
    .join("\n");
}
