// A Kubernetes API in this process, on a port of its own: start it, point helm and kubectl at it, stop it.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrap } from "./bootstrap.ts";
import { selfSigned } from "./certificate.ts";
import type { Cluster, Program } from "./cluster.ts";
import { startCustomResourceDefinitionController } from "./controllers/custom-resource-definition.ts";
import { startDeploymentController } from "./controllers/deployment.ts";
import { startJobController } from "./controllers/job.ts";
import { startNamespaceController } from "./controllers/namespace.ts";
import { startPodController } from "./controllers/pod.ts";
import { startReadyAtOnceController } from "./controllers/ready-at-once.ts";
import { startReplicaSetController } from "./controllers/replica-set.ts";
import { startStatefulSetController } from "./controllers/stateful-set.ts";
import { Faults, type FaultRule } from "./faults.ts";
import { createHandler, type LoggedRequest } from "./http-server.ts";
import { Identity } from "./identity.ts";
import type { KubeObject } from "./json.ts";
import { PodLogs } from "./pod-logs.ts";
import { Authorizer } from "./rbac.ts";
import { ResourceTable } from "./resources.ts";
import { Store } from "./store.ts";
import { listen } from "../tls-server.ts";

export interface EmbeddedKubeOptions {
  /** Programs that pods run, by the last part of the image's repository. */
  readonly images?: Readonly<Record<string, Program>>;
  /** Images that are never pulled: their pods wait with ImagePullBackOff. */
  readonly notReady?: RegExp;
  readonly faults?: readonly FaultRule[];
}

export interface EmbeddedKube {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** PEM. */
  readonly ca: string;
  readonly adminToken: string;
  /** Everything asked so far, the oldest first. */
  readonly requests: readonly LoggedRequest[];
  /** As JSON, which is YAML; of the administrator where no token is given. */
  kubeconfig(token?: string): string;
  writeKubeconfig(path: string, token?: string): void;
  mintToken(namespace: string, serviceAccount: string): string;
  /** Returns the user's token. */
  addUser(name: string, groups?: readonly string[]): string;
  /** Returns the end of the fault. */
  addFault(rule: FaultRule): () => void;
  /** `resource` is a plural name: `configmaps`, `deployments.apps`. */
  get(resource: string, namespace: string, name: string): KubeObject | undefined;
  list(resource: string, namespace?: string): KubeObject[];
  create(object: KubeObject): KubeObject;
  update(object: KubeObject): KubeObject;
  delete(resource: string, namespace: string, name: string): void;
  /** Forgets the past: a list as of an earlier version is refused from now on. */
  compact(): void;
  /** Ends every connection and every process of a pod. */
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const LOG_LIMIT = 10_000;
const SERVER_NAMES = [
  "localhost",
  "kubernetes",
  "kubernetes.default",
  "kubernetes.default.svc",
  "kubernetes.default.svc.cluster.local",
];

export async function startKube(options: EmbeddedKubeOptions = {}): Promise<EmbeddedKube> {
  const stopping = new AbortController();
  const { key, cert } = selfSigned(SERVER_NAMES, [HOST]);
  const directory = mkdtempSync(join(tmpdir(), "embedded-kube-"));
  const cluster = createCluster(options, cert, directory, stopping.signal);
  const { store, resources, identity, faults } = cluster;
  const stopPods = startControllers(cluster);
  bootstrap(store, resources);

  const requests: LoggedRequest[] = [];
  const log = (request: LoggedRequest) => {
    requests.push(request);
    if (requests.length > LOG_LIMIT) requests.shift();
  };
  const server = createServer({ key, cert }, createHandler(cluster, log));
  const port = await listen(server);
  cluster.address.port = port;
  const url = `https://${HOST}:${port}`;
  const adminToken = identity.addUser("admin", ["system:masters"]);
  const kubeconfig = (token = adminToken) => toKubeconfig(url, cert, token);
  const resourceOf = ({ apiVersion, kind }: KubeObject) => {
    const resource = resources.findKind(apiVersion, kind);
    if (resource === undefined) throw new Error(`the embedded API serves no ${apiVersion} ${kind}`);
    return resource;
  };

  return {
    url,
    host: HOST,
    port,
    ca: cert,
    adminToken,
    requests,
    kubeconfig,
    writeKubeconfig(path, token) {
      writeFileSync(path, kubeconfig(token), { mode: 0o600 });
    },
    mintToken: (namespace, serviceAccount) => identity.mint({ namespace, serviceAccount }),
    addUser: (name, groups) => identity.addUser(name, groups),
    addFault: (rule) => faults.add(rule),
    get: (resource, namespace, name) => store.get(resources.named(resource), namespace, name),
    list: (resource, namespace = "") => store.list(resources.named(resource), namespace),
    create: (object) => store.create(resourceOf(object), object.metadata.namespace ?? "", object),
    update(object) {
      const { namespace = "", name } = object.metadata;
      const resource = resourceOf(object);
      return store.replace(resource, store.require(resource, namespace, name), object);
    },
    delete(resource, namespace, name) {
      store.delete(resources.named(resource), namespace, name);
    },
    compact: () => store.compact(),
    async stop() {
      stopping.abort();
      await stopPods();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function createCluster(
  { images = {}, notReady, faults: rules = [] }: EmbeddedKubeOptions,
  ca: string,
  directory: string,
  stopped: AbortSignal,
): Cluster {
  const resources = new ResourceTable();
  const store = new Store(resources);
  const identity = new Identity(store, resources);
  const authorizer = new Authorizer(store, resources);
  const faults = new Faults();
  rules.forEach((rule) => faults.add(rule));
  const podLogs = new PodLogs();
  const address = { host: HOST, port: 0 };
  return {
    resources,
    store,
    identity,
    authorizer,
    faults,
    podLogs,
    images,
    notReady,
    address,
    ca,
    directory,
    stopped,
  };
}

/** Returns the end of the pods; the others hold nothing. */
function startControllers(cluster: Cluster): () => Promise<void> {
  startNamespaceController(cluster);
  startCustomResourceDefinitionController(cluster);
  startReplicaSetController(cluster);
  startDeploymentController(cluster);
  startStatefulSetController(cluster);
  startReadyAtOnceController(cluster);
  startJobController(cluster);
  return startPodController(cluster);
}

function toKubeconfig(server: string, ca: string, token: string): string {
  const name = "embedded";
  const certificate = Buffer.from(ca).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [{ name, cluster: { server, "certificate-authority-data": certificate } }],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}
