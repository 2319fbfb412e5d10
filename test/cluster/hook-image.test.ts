// The hook's image in pods as strict as Kubernetes makes them: `restricted` Pod Security, 64 MiB, no name server.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, inject, it } from "vitest";
import { helmPath } from "../../scripts/toolbox.ts";
import { selfSigned } from "../support/kube/certificate.ts";
import { run } from "../support/process.ts";
import { copyLibraryChart } from "../support/shop-chart.ts";
import { type SlackDouble, startSlack } from "../support/slack/double.ts";
import { type Namespace, openNamespace } from "./namespace.ts";

const { kubeconfig, slackHost } = inject("cluster");
const folder = mkdtempSync(join(tmpdir(), "helm-notify-image-"));
const tls = selfSigned(["slack.test"], [slackHost]);
let namespace: Namespace;
let slack: SlackDouble;
let proxy: Proxy;

beforeAll(async () => {
  namespace = await openNamespace(kubeconfig);
  await namespace.kubectl([
    "create",
    "configmap",
    "authority",
    `--from-literal=ca.pem=${tls.cert}`,
  ]);
  slack = await startSlack({ host: slackHost, tls });
  proxy = await startProxy(slackHost, Number(new URL(slack.url).port));
  const credentials = [`botToken=${slack.botToken}`, "channel=C0DEPLOYS"];
  const literals = credentials.map((credential) => `--from-literal=${credential}`);
  await namespace.kubectl(["create", "secret", "generic", "slack", ...literals]);
  writeChart();
});
afterAll(async () => {
  await namespace.close();
  await slack.stop();
  proxy.server.close();
  rmSync(folder, { recursive: true });
});

const OWN_AUTHORITY = { name: "SSL_CERT_FILE", value: "/etc/authority/ca.pem" };

it("trusts an authority of one's own", async () => {
  await install("own-authority", slack.apiUrl, [OWN_AUTHORITY]);
  await expectTold("own-authority");
});

it("goes through a proxy to a name that only the proxy can look up", async () => {
  const env = [OWN_AUTHORITY, { name: "HTTPS_PROXY", value: proxy.url }];
  await install("behind-a-proxy", "https://slack.test/api/", env);
  await expectTold("behind-a-proxy");
  expect(proxy.targets).toContain("slack.test:443");
});

it("goes past the proxy where NO_PROXY says so", async () => {
  const env = [
    OWN_AUTHORITY,
    { name: "HTTPS_PROXY", value: "http://127.0.0.1:9" },
    { name: "NO_PROXY", value: slackHost },
  ];
  await install("past-the-proxy", slack.apiUrl, env);
  await expectTold("past-the-proxy");
});

it("without that authority it does not trust, and the ledger says why nobody was told", async () => {
  await install("no-authority", slack.apiUrl, [], { deadlineSeconds: 2 });
  await expect.poll(() => readLedger("no-authority")).toMatch(/trouble.*no trusted TLS connection/);
  expect(slack.messages.map(({ text }) => text)).not.toContainEqual(
    expect.stringContaining("no-authority"),
  );
});

/** The pod tells when it can. */
async function expectTold(release: string): Promise<void> {
  await expect
    .poll(() => slack.messages.map(({ text }) => text))
    .toContainEqual(expect.stringContaining(`${release} to test`));
}

async function readLedger(release: string): Promise<string> {
  const name = `helm-notify-ledger.${release}`;
  const argv = ["get", "configmap", name, "--ignore-not-found", "-o", "jsonpath={.data}"];
  return (await namespace.kubectl(argv)).stdout;
}

/** Helm does not wait for the pod. */
async function install(
  release: string,
  apiUrl: string,
  extraEnv: readonly object[],
  settings: object = {},
): Promise<void> {
  const values = {
    "helm-notify": {
      slack: { secretRef: "slack", apiUrl },
      extraEnv,
      extraVolumes: [{ name: "authority", configMap: { name: "authority" } }],
      extraVolumeMounts: [{ name: "authority", mountPath: "/etc/authority" }],
      ...settings,
    },
  };
  const argv = ["install", release, folder, "--namespace", namespace.name, "--values", "-"];
  const env = { ...process.env, KUBECONFIG: kubeconfig, HELM_CACHE_HOME: folder };
  const { code, stderr } = await run([helmPath(4), ...argv], {
    env,
    stdin: JSON.stringify(values),
  });
  // One in eighty times Helm 4 says on stderr that its watch of a hook ended, and nothing is wrong.
  expect(code, stderr).toBe(0);
}

/** The library chart and a service that exists in words only. */
function writeChart(): void {
  const write = (path: string, content: object | string) =>
    writeFileSync(
      join(folder, path),
      typeof content === "string" ? content : JSON.stringify(content),
    );
  copyLibraryChart(join(folder, "charts/helm-notify"));
  mkdirSync(join(folder, "templates"));
  write("templates/all.yaml", '{{ include "helm-notify.all" . }}');
  write("Chart.yaml", { apiVersion: "v2", name: "strict", version: "1.0.0" });
  write("values.yaml", {
    api: { image: { repository: "registry.example.com/api", tag: "1.0.0" } },
    "helm-notify": { environment: "test", services: { api: { tag: "api.image.tag" } } },
  });
}

interface Proxy {
  readonly server: Server;
  readonly url: string;
  readonly targets: string[];
}

/** It knows CONNECT only, and leads every tunnel to one port. */
async function startProxy(host: string, port: number): Promise<Proxy> {
  const targets: string[] = [];
  const server = createServer().on("connect", (request, client) => {
    targets.push(request.url ?? "");
    const upstream = connect(port, host, () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const address = server.address();
  const own = typeof address === "object" ? address?.port : undefined;
  return { server, url: `http://${host}:${own}`, targets };
}
