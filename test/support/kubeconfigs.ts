// One kubeconfig of several clusters, each in a context of its name.
import { readFileSync } from "node:fs";

/** `files` are kubeconfigs of one context, in JSON. */
export function mergeKubeconfigs(files: Readonly<Record<string, string>>): string {
  const entries = (key: "clusters" | "users") =>
    Object.entries(files).map(([name, file]) => {
      const [first] = JSON.parse(readFileSync(file, "utf8"))[key];
      return { ...first, name };
    });
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: entries("clusters"),
    users: entries("users"),
    contexts: Object.keys(files).map((name) => ({ name, context: { cluster: name, user: name } })),
  });
}
