// What a new cluster already holds: namespaces, a node, the user-facing roles.
import type { ResourceTable } from "./resources.ts";
import type { Store } from "./store.ts";

const READ = ["get", "list", "watch"];
const WRITE = [...READ, "create", "update", "patch", "delete", "deletecollection"];
const APPLICATION_GROUPS = [
  "apps",
  "batch",
  "autoscaling",
  "policy",
  "networking.k8s.io",
  "coordination.k8s.io",
];
const CORE_WITHOUT_SECRETS = [
  "configmaps",
  "endpoints",
  "events",
  "limitranges",
  "persistentvolumeclaims",
  "pods",
  "pods/log",
  "pods/status",
  "resourcequotas",
  "serviceaccounts",
  "services",
];

// https://kubernetes.io/docs/reference/access-authn-authz/rbac/#user-facing-roles, coarser: only `view` hides Secrets.
const CLUSTER_ROLES = {
  "cluster-admin": [{ apiGroups: ["*"], resources: ["*"], verbs: ["*"] }],
  admin: [
    { apiGroups: [""], resources: [...CORE_WITHOUT_SECRETS, "secrets"], verbs: WRITE },
    { apiGroups: APPLICATION_GROUPS, resources: ["*"], verbs: WRITE },
    {
      apiGroups: ["rbac.authorization.k8s.io"],
      resources: ["roles", "rolebindings"],
      verbs: WRITE,
    },
  ],
  edit: [
    { apiGroups: [""], resources: [...CORE_WITHOUT_SECRETS, "secrets"], verbs: WRITE },
    { apiGroups: APPLICATION_GROUPS, resources: ["*"], verbs: WRITE },
  ],
  view: [
    { apiGroups: [""], resources: CORE_WITHOUT_SECRETS, verbs: READ },
    { apiGroups: APPLICATION_GROUPS, resources: ["*"], verbs: READ },
  ],
};

export function bootstrap(store: Store, resources: ResourceTable): void {
  for (const name of ["default", "kube-system", "kube-public", "kube-node-lease"])
    store.create(resources.named("namespaces"), "", { metadata: { name } });
  store.create(resources.named("nodes"), "", { metadata: { name: "embedded" } });
  for (const [name, rules] of Object.entries(CLUSTER_ROLES))
    store.create(resources.named("clusterroles"), "", { metadata: { name }, rules });
  store.create(resources.named("clusterrolebindings"), "", {
    metadata: { name: "cluster-admin" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ kind: "Group", name: "system:masters" }],
  });
}
