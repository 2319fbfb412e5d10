// Which resources the API serves. Custom resource definitions add theirs while it runs.
export interface Resource {
  /** `""` is the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly isNamespaced: boolean;
  readonly shortNames: readonly string[];
  readonly subresources: readonly string[];
}

// One line each: plural, kind, short names or "-", subresources. A "*" marks what has no namespace.
const TABLE: Record<string, string> = {
  v1: `
    namespaces                Namespace*              ns      status finalize
    nodes                     Node*                   no      status
    persistentvolumes         PersistentVolume*       pv      status
    configmaps                ConfigMap               cm
    endpoints                 Endpoints               ep
    events                    Event                   ev
    limitranges               LimitRange              limits
    persistentvolumeclaims    PersistentVolumeClaim   pvc     status
    pods                      Pod                     po      status log
    resourcequotas            ResourceQuota           quota   status
    secrets                   Secret                  -
    serviceaccounts           ServiceAccount          sa      token
    services                  Service                 svc     status`,
  "apps/v1": `
    daemonsets                DaemonSet               ds      status
    deployments               Deployment              deploy  status scale
    replicasets               ReplicaSet              rs      status scale
    statefulsets              StatefulSet             sts     status scale`,
  "batch/v1": `
    cronjobs                  CronJob                 cj      status
    jobs                      Job                     -       status`,
  "autoscaling/v2": `
    horizontalpodautoscalers  HorizontalPodAutoscaler hpa     status`,
  "policy/v1": `
    poddisruptionbudgets      PodDisruptionBudget     pdb     status`,
  "networking.k8s.io/v1": `
    ingressclasses            IngressClass*           -
    ingresses                 Ingress                 ing     status
    networkpolicies           NetworkPolicy           netpol`,
  "rbac.authorization.k8s.io/v1": `
    clusterrolebindings       ClusterRoleBinding*     -
    clusterroles              ClusterRole*            -
    rolebindings              RoleBinding             -
    roles                     Role                    -`,
  "coordination.k8s.io/v1": `
    leases                    Lease                   -`,
  "events.k8s.io/v1": `
    events                    Event                   ev`,
  "storage.k8s.io/v1": `
    storageclasses            StorageClass*           sc`,
  "scheduling.k8s.io/v1": `
    priorityclasses           PriorityClass*          pc`,
  "admissionregistration.k8s.io/v1": `
    mutatingwebhookconfigurations    MutatingWebhookConfiguration*    -
    validatingwebhookconfigurations  ValidatingWebhookConfiguration*  -`,
  "apiextensions.k8s.io/v1": `
    customresourcedefinitions CustomResourceDefinition* crd,crds status`,
  "authentication.k8s.io/v1": `
    selfsubjectreviews        SelfSubjectReview*      -
    tokenreviews              TokenReview*            -`,
  "authorization.k8s.io/v1": `
    selfsubjectaccessreviews  SelfSubjectAccessReview* -
    subjectaccessreviews      SubjectAccessReview*    -`,
};

export class ResourceTable {
  readonly #resources: Resource[] = Object.entries(TABLE).flatMap(([apiVersion, lines]) =>
    lines
      .trim()
      .split("\n")
      .map((line) => parseLine(apiVersion, line)),
  );

  get all(): readonly Resource[] {
    return this.#resources;
  }

  find(group: string, version: string, plural: string): Resource | undefined {
    return this.#resources.find(
      (resource) =>
        resource.group === group && resource.version === version && resource.plural === plural,
    );
  }

  findKind(apiVersion: string, kind: string): Resource | undefined {
    return this.#resources.find(
      (resource) => apiVersionOf(resource) === apiVersion && resource.kind === kind,
    );
  }

  /** `"configmaps"`, `"deployments.apps"`; the group may be left out where one resource has that name. */
  named(name: string): Resource {
    const found =
      this.#resources.find((resource) => qualifiedName(resource) === name) ??
      this.#resources.find((resource) => resource.plural === name);
    if (found === undefined) throw new Error(`the embedded API serves no ${name}`);
    return found;
  }

  add(resource: Resource): void {
    this.remove(resource);
    this.#resources.push(resource);
  }

  remove({ group, version, plural }: Resource): void {
    const index = this.#resources.findIndex(
      (known) => known.group === group && known.version === version && known.plural === plural,
    );
    if (index >= 0) this.#resources.splice(index, 1);
  }
}

/** `kubectl get all` means these. */
export function categoriesOf({ group, plural }: Resource): string[] {
  const isInAll =
    ["apps", "autoscaling", "batch"].includes(group) ||
    (group === "" && ["pods", "services"].includes(plural));
  return isInAll ? ["all"] : [];
}

export function apiVersionOf({ group, version }: Resource): string {
  return group === "" ? version : `${group}/${version}`;
}

export function qualifiedName({ group, plural }: Resource): string {
  return group === "" ? plural : `${plural}.${group}`;
}

/** Reviews are asked, never stored. */
export function isReview({ group }: Resource): boolean {
  return group === "authentication.k8s.io" || group === "authorization.k8s.io";
}

function parseLine(apiVersion: string, line: string): Resource {
  const [plural = "", kind = "", shortNames = "-", ...subresources] = line.trim().split(/\s+/);
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  return {
    group: group ?? "",
    version: version ?? "",
    plural,
    kind: kind.replace("*", ""),
    isNamespaced: !kind.endsWith("*"),
    shortNames: shortNames === "-" ? [] : shortNames.split(","),
    subresources,
  };
}
