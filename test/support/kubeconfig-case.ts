// Kubeconfigs on disk: what a test writes, and the usual parts of one.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { selfSigned } from "./kube/certificate.ts";
import { base64 } from "./kubectl-view.ts";

export const { cert: CA } = selfSigned(["ca"], []);
export const CA_DATA = base64(CA);

export interface KubeconfigCase {
  /** Paths under the case's own folder; relative ones in KUBECONFIG are made absolute. */
  readonly files: Readonly<Record<string, string | object>>;
  readonly kubeconfig?: readonly string[];
  readonly context?: string;
}

/** Writes the files of a case under `home`. */
export function writeCase(home: string, { files }: KubeconfigCase): void {
  for (const [path, content] of Object.entries(files)) {
    const file = join(home, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
  }
}

export function single(user: object, of: object = cluster(), namespace?: string): KubeconfigCase {
  return { files: { config: config(user, of, namespace) }, kubeconfig: ["config"] };
}

export function config(user: object, of: object = cluster(), namespace?: string) {
  return {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "main",
    contexts: [context("main", "u", namespace)],
    clusters: [{ name: "c", cluster: of }],
    users: [{ name: "u", user }],
  };
}

export function context(name: string, user: string, namespace?: string) {
  return { name, context: { cluster: "c", user, ...(namespace ? { namespace } : {}) } };
}

export function cluster() {
  return { server: "https://api:6443", "certificate-authority-data": CA_DATA };
}

/** Ends inside the user: lines may be added. */
export function yamlConfig(token: string): string {
  return `current-context: main
contexts: [{name: main, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "https://api:6443"}}]
users:
- name: u
  user:
    token: ${token}
`;
}
