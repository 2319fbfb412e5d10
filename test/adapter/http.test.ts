import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { Secret } from "../../src/domain/secret.ts";
import { createHttp, type HttpOptions } from "../../src/io/http.ts";
import { startConnectProxy } from "../support/connect-proxy.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { type AnswerRequest, listen, startServer } from "../support/tls-server.ts";

const cleanups: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function server(answer: AnswerRequest, options: { plain?: boolean } = {}) {
  const started = await startServer(answer, options);
  cleanups.push(started.stop);
  return started;
}

function client(options: HttpOptions) {
  const http = createHttp(options);
  cleanups.push(() => http.close());
  return http.send;
}

describe("an answer", () => {
  it("is handed over whatever its status, with lower-case header names", async () => {
    const { url, ca } = await server(() => ({
      status: 503,
      headers: { "X-Reason": "busy" },
      body: "later",
    }));

    const response = await client({ tls: { ca } })({ url });

    expect(response).toMatchObject({ status: 503, headers: { "x-reason": "busy" } });
    expect(response.body.toString()).toBe("later");
  });

  it("comes to a request whose secrets are revealed and whose lists are repeated", async () => {
    const { url, seen } = await server(() => ({}), { plain: true });

    await client({})({
      method: "POST",
      url,
      headers: { authorization: new Secret("Bearer t"), "x-many": ["a", "b"] },
      body: "grüße",
    });

    expect(seen[0]).toMatchObject({ method: "POST", body: "grüße" });
    expect(seen[0]?.headers).toMatchObject({ authorization: "Bearer t", "content-length": "7" });
    expect(seen[0]?.headersDistinct["x-many"]).toEqual(["a", "b"]);
  });

  it("larger than the bound is refused", async () => {
    const { url } = await server(() => ({ body: "x".repeat(1001) }), { plain: true });
    const send = client({ maxBodyBytes: 1000 });
    await expect(send({ url })).rejects.toMatchObject({ code: "HTTP_TOO_LARGE" });
  });
});

describe("a connection", () => {
  it("is shared by requests that follow each other", async () => {
    const { url, ca, connections } = await server(() => ({}));
    const send = client({ tls: { ca } });

    await send({ url });
    await send({ url });

    expect(connections()).toBe(1);
  });

  it("that the server dropped meanwhile is made anew", async () => {
    let isFirst = true;
    const { url, connections } = await server(
      () => {
        if (connections() > 1 || isFirst) {
          isFirst = false;
          return {};
        }
        return "close";
      },
      { plain: true },
    );
    const send = client({});

    await send({ url });
    const response = await send({ url });

    expect(response.status).toBe(200);
    expect(connections()).toBe(2);
  });

  it("dropped under a POST is reported: the server may have acted on it", async () => {
    let count = 0;
    const { url, seen } = await server(() => (count++ === 0 ? {} : "close"), { plain: true });
    const send = client({});

    await send({ url });

    await expect(send({ method: "POST", url, body: "x" })).rejects.toMatchObject({
      code: "HTTP_UNREACHABLE",
      message: expect.stringContaining("ECONNRESET"),
    });
    expect(seen).toHaveLength(2);
  });
});

describe("a failure", () => {
  it.each([
    [
      "a closed port",
      async () => ({ url: "http://127.0.0.1:1/?token=secret" }),
      "HTTP_UNREACHABLE",
      "ECONNREFUSED",
    ],
    [
      "a dropped connection",
      () => server(() => "close", { plain: true }),
      "HTTP_UNREACHABLE",
      "ECONNRESET",
    ],
    ["an unknown authority", () => server(() => ({})), "HTTP_TLS", "DEPTH_ZERO_SELF_SIGNED_CERT"],
    [
      "a server without TLS",
      async () => {
        const { port } = await server(() => ({}), { plain: true });
        return { url: `https://127.0.0.1:${port}` };
      },
      "HTTP_TLS",
      "EPROTO",
    ],
  ])("of %s keeps its code and no more", async (_, start, code, cause) => {
    const { url } = await start();
    const error: unknown = await client({})({ url }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(cause) });
    expect(String(error)).not.toContain("secret");
  });

  it("of a certificate for another name is one of TLS", async () => {
    const { url, ca } = await server(() => ({}));
    const send = client({ tls: { ca, serverName: "elsewhere.test" } });
    await expect(send({ url })).rejects.toMatchObject({
      code: "HTTP_TLS",
      message: expect.stringContaining("ERR_TLS_CERT_ALTNAME_INVALID"),
    });
  });

  it("of a certificate for another address is one of TLS", async () => {
    const { url, ca } = await server(() => ({}));
    const send = client({ tls: { ca, serverName: "127.0.0.2" } });
    await expect(send({ url })).rejects.toMatchObject({ code: "HTTP_TLS" });
  });

  it("of an unusable client key is one of TLS, and the key is not printed", async () => {
    const { url, ca } = await server(() => ({}));
    const { cert } = selfSigned(["jane"], []);
    const send = client({ tls: { ca, cert, key: new Secret("no PEM") } });
    const error: unknown = await send({ url }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "HTTP_TLS" });
    expect(String(error)).not.toContain("no PEM");
  });
});

describe("waiting ends", () => {
  it("where a host takes the connection and says nothing", async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket));
    const port = await listen(silent);
    cleanups.push(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const send = client({ connectTimeoutMs: 50 });
    await expect(send({ url: `https://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: "HTTP_TIMEOUT",
      message: `no connection to 127.0.0.1:${port} in time`,
    });
  });

  it("where a server gives no answer", async () => {
    const { url, ca } = await server(() => "hang");
    const send = client({ tls: { ca }, timeoutMs: 200 });
    await expect(send({ url })).rejects.toMatchObject({
      code: "HTTP_TIMEOUT",
      message: expect.stringContaining("no answer"),
    });
  });

  it("where a body does not end", async () => {
    const { url } = await server(() => ({ headers: { "content-length": "100" }, body: "begun" }), {
      plain: true,
    });
    await expect(client({ timeoutMs: 200 })({ url })).rejects.toMatchObject({
      code: "HTTP_TIMEOUT",
    });
  });

  it("with the caller's signal", async () => {
    const { url } = await server(() => "hang", { plain: true });
    const signal = AbortSignal.timeout(50);
    await expect(client({})({ url, signal })).rejects.toMatchObject({ code: "HTTP_TIMEOUT" });
  });
});

describe("a proxy", () => {
  it("of the environment is used, its password is not printed", async () => {
    const { port, ca } = await server(() => ({}));
    const proxy = await startConnectProxy(port, { refuse: 407 });
    cleanups.push(proxy.stop);
    const send = client({
      tls: { ca },
      proxyEnv: { HTTPS_PROXY: proxy.url.replace("//", "//me:secret@") },
    });

    const error: unknown = await send({ url: "https://kubernetes.test" }).catch(
      (thrown: unknown) => thrown,
    );

    expect(proxy.tunnels).toEqual([
      {
        target: "kubernetes.test:443",
        authorization: `Basic ${Buffer.from("me:secret").toString("base64")}`,
      },
    ]);
    expect(error).toMatchObject({ code: "HTTP_PROXY" });
    expect(String(error)).not.toContain("secret");
  });

  it("given explicitly holds whatever NO_PROXY says", async () => {
    const { port, ca } = await server(() => ({ body: "through" }));
    const proxy = await startConnectProxy(port);
    cleanups.push(proxy.stop);
    const send = client({
      tls: { ca },
      proxyUrl: new Secret(proxy.url),
      proxyEnv: { NO_PROXY: "*" },
    });

    const response = await send({ url: "https://kubernetes.test/" });

    expect(response.body.toString()).toBe("through");
    expect(proxy.tunnels).toHaveLength(1);
  });
});
