// Someone who may not read the Secret with the way to Slack: the chart's pod tells their deploys, and Helm keeps its releases in
// ConfigMaps.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Deployer, succeed } from "./bed.ts";

/** The environment of someone who may do everything in the namespace but read Secrets. */
export async function withoutSecrets({ namespace, folder, kubectl }: Deployer) {
  const core = ["configmaps", "services", "serviceaccounts", "pods", "pods/log", "events"];
  const groups = ["apps", "batch", "rbac.authorization.k8s.io"];
  const role = {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "Role",
    metadata: { name: "deployer" },
    rules: [
      { apiGroups: [""], resources: core, verbs: ["*"] },
      { apiGroups: groups, resources: ["*"], verbs: ["*"] },
    ],
  };
  const file = join(folder, "deployer.json");
  writeFileSync(file, JSON.stringify(role));
  const account = `${namespace}:deployer`;
  await succeed(kubectl(["create", "serviceaccount", "deployer"]));
  await succeed(kubectl(["apply", "-f", file]));
  await succeed(
    kubectl(["create", "rolebinding", "d", "--role=deployer", `--serviceaccount=${account}`]),
  );
  return { HELM_DRIVER: "configmap", HELM_KUBEASUSER: `system:serviceaccount:${account}` };
}
