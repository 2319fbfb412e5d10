// Keys, and the command lines of etcd, the API server, the controller manager and the scheduler.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { selfSigned } from "../support/kube/certificate.ts";
import type { Daemon } from "./daemon.ts";
import { API_ADDRESS, NODE, type Place, SERVICE_RANGE } from "./place.ts";

const ETCD = "http://127.0.0.1:2379";
/** Inside. */
const KEYS = "/var/etc/keys";
const LOCAL_KUBECONFIG = "/var/etc/local.kubeconfig";
export const NODE_KUBECONFIG = "/var/etc/node.kubeconfig";

export function writeKeys(place: Place): void {
  const keys = join(place.folder, "etc/keys");
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  const { key, cert } = selfSigned(
    ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "localhost"],
    ["127.0.0.1", place.nodeAddress, API_ADDRESS],
  );
  write(join(keys, "api.key"), key);
  write(join(keys, "api.crt"), cert);
  const accounts = generateKeyPairSync("rsa", { modulusLength: 2048 });
  write(
    join(keys, "accounts.key"),
    accounts.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  );
  write(
    join(keys, "accounts.pub"),
    accounts.publicKey.export({ type: "spki", format: "pem" }).toString(),
  );
  const [admin, node] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
  write(
    join(keys, "tokens.csv"),
    `${admin},admin,admin,system:masters\n${node},system:node:${NODE},${NODE},system:nodes\n`,
  );
  const outside = (path: string) => join(place.folder, path.replace("/var/", ""));
  write(outside(LOCAL_KUBECONFIG), kubeconfig("https://127.0.0.1", cert, admin));
  write(outside(NODE_KUBECONFIG), kubeconfig("https://127.0.0.1", cert, node));
  write(place.kubeconfig, kubeconfig(`https://${place.nodeAddress}`, cert, admin));
}

function write(path: string, content: string): void {
  writeFileSync(path, content, { mode: 0o600 });
}

function kubeconfig(server: string, cert: string, token: string): string {
  const name = "helm-notify-cluster";
  const authority = Buffer.from(cert).toString("base64");
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": name,
    clusters: [
      { name, cluster: { server: `${server}:443`, "certificate-authority-data": authority } },
    ],
    users: [{ name, user: { token } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
}

export function controlPlane(place: Place): readonly Daemon[] {
  return [etcd(), apiServer(place), controllerManager(), scheduler()];
}

function etcd(): Daemon {
  const argv = [
    "--data-dir=/var/lib/etcd",
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    "--listen-peer-urls=http://127.0.0.1:2380",
    "--unsafe-no-fsync",
    "--log-level=warn",
  ];
  return { name: "etcd", argv };
}

function apiServer({ nodeAddress }: Place): Daemon {
  const argv = [
    `--etcd-servers=${ETCD}`,
    "--bind-address=0.0.0.0",
    "--secure-port=443",
    // Else it looks for a default route.
    `--advertise-address=${nodeAddress}`,
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    `--token-auth-file=${KEYS}/tokens.csv`,
    `--tls-cert-file=${KEYS}/api.crt`,
    `--tls-private-key-file=${KEYS}/api.key`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${KEYS}/accounts.pub`,
    `--service-account-signing-key-file=${KEYS}/accounts.key`,
    "--kubelet-preferred-address-types=InternalIP",
    "--profiling=false",
  ];
  return { name: "kube-apiserver", argv };
}

function controllerManager(): Daemon {
  const argv = [
    `--kubeconfig=${LOCAL_KUBECONFIG}`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
    `--service-account-private-key-file=${KEYS}/accounts.key`,
    `--root-ca-file=${KEYS}/api.crt`,
    `--service-cluster-ip-range=${SERVICE_RANGE}`,
  ];
  return { name: "kube-controller-manager", argv };
}

function scheduler(): Daemon {
  const argv = [
    `--kubeconfig=${LOCAL_KUBECONFIG}`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
  ];
  return { name: "kube-scheduler", argv };
}
