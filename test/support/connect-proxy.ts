// An HTTP proxy on loopback that knows CONNECT only and leads every tunnel to one port.
import { createServer } from "node:http";
import { connect, type Socket } from "node:net";
import { listen } from "./tls-server.ts";

export interface ConnectProxy {
  readonly port: number;
  readonly url: string;
  /** Asked-for targets, and the credentials given. */
  readonly tunnels: { target: string; authorization: string | undefined }[];
  readonly stop: () => Promise<void>;
}

export async function startConnectProxy(
  targetPort: number,
  options: { readonly refuse?: number } = {},
): Promise<ConnectProxy> {
  const tunnels: ConnectProxy["tunnels"] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on("connect", (request, client: Socket) => {
    tunnels.push({
      target: request.url ?? "",
      authorization: request.headers["proxy-authorization"],
    });
    if (options.refuse) {
      client.end(`HTTP/1.1 ${options.refuse} Refused\r\n\r\n`);
      return;
    }
    const upstream = connect(targetPort, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => socket.destroy());
    }
  });
  const port = await listen(server);
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    tunnels,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
