{{- /*
The watcher's account: it reads our ConfigMaps, writes the ledger and takes away its own ReplicaSet, all by name. It may not
read Secrets. Ordinary resources of the release: they stay, since the watcher outlives the hooks.
`create` with a name is what server-side apply is authorised by (https://kubernetes.io/docs/reference/using-api/server-side-apply/);
an ordinary POST has no name yet and stays forbidden. So it is with `list`: only one that selects the name is allowed, which
shows the record as it was (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#referring-to-resources).
Takes: the root context.
Usage: {{ include "helm-notify.rbac" . }}
*/ -}}
{{- define "helm-notify.rbac" -}}
{{- $name := include "helm-notify.watcher-name" . -}}
{{- $account := include "helm-notify.account-name" . -}}
{{- $record := include "helm-notify.record-name" . -}}
{{- $ledger := include "helm-notify.ledger-name" . -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $account | quote }}
  labels: {{- include "helm-notify.labels" . | nindent 4 }}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  labels: {{- include "helm-notify.labels" . | nindent 4 }}
rules:
  - apiGroups: [""]
    resources: [configmaps]
    resourceNames: [{{ $record }}, {{ $ledger }}, {{ include "helm-notify.run-name" . }}, {{ include "helm-notify.end-name" . }}, {{ include "helm-notify.turn-name" . }}]
    verbs: [get]
  - apiGroups: [""]
    resources: [configmaps]
    resourceNames: [{{ $record }}]
    verbs: [list]
  - apiGroups: [""]
    resources: [configmaps]
    resourceNames: [{{ $ledger }}]
    verbs: [create, patch]
  - apiGroups: [apps]
    resources: [replicasets]
    resourceNames: [{{ $name }}]
    verbs: [get, delete]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  labels: {{- include "helm-notify.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $account | quote }}
    namespace: {{ .Release.Namespace | quote }}
{{- end -}}
