// A TLS (or plain) server on loopback that keeps what it saw of each request and client.
import {
  createServer as createPlainServer,
  type IncomingHttpHeaders,
  type RequestListener,
} from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { TLSSocket } from "node:tls";
import { selfSigned } from "./kube/certificate.ts";

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** A header sent more than once keeps its values apart. */
  readonly headersDistinct: NodeJS.Dict<string[]>;
  readonly body: string;
  /** The name the client asked for by SNI. */
  readonly serverName: string | undefined;
  /** Names in the client's certificate. */
  readonly clientName: string | undefined;
}

interface ServerAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** `hang` keeps the request open; `close` drops the connection. */
export type AnswerRequest = (request: SeenRequest) => ServerAnswer | "hang" | "close";

export interface RecordingServer {
  readonly port: number;
  readonly url: string;
  readonly ca: string;
  readonly seen: SeenRequest[];
  readonly connections: () => number;
  readonly dropConnections: () => void;
  readonly stop: () => Promise<void>;
}

export async function startServer(
  answer: AnswerRequest,
  options: { readonly plain?: boolean } = {},
): Promise<RecordingServer> {
  const seen: SeenRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { socket } = request;
      const isTls = socket instanceof TLSSocket;
      const entry = {
        method: request.method ?? "",
        url: request.url ?? "",
        headers: request.headers,
        headersDistinct: request.headersDistinct,
        body: Buffer.concat(chunks).toString(),
        serverName: isTls && socket.servername ? socket.servername : undefined,
        clientName: isTls ? socket.getPeerCertificate().subjectaltname : undefined,
      };
      seen.push(entry);
      const given = answer(entry);
      if (given === "close") socket.destroy();
      if (typeof given === "string") return;
      response.writeHead(given.status ?? 200, given.headers ?? {});
      response.end(given.body ?? "{}");
    });
  };
  const { key, cert } = selfSigned(["localhost", "kubernetes", "kubernetes.test"], ["127.0.0.1"]);
  const server = options.plain
    ? createPlainServer(listener)
    : createServer({ key, cert, requestCert: true, rejectUnauthorized: false }, listener);
  let connections = 0;
  server.on(options.plain ? "connection" : "secureConnection", () => connections++);
  const port = await listen(server);
  return {
    port,
    url: `${options.plain ? "http" : "https"}://127.0.0.1:${port}`,
    ca: cert,
    seen,
    connections: () => connections,
    dropConnections: () => server.closeAllConnections(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Starts on a free port of loopback. */
export async function listen(server: {
  listen: (port: number, host: string, done: () => void) => unknown;
  address: () => AddressInfo | string | null;
}): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}
