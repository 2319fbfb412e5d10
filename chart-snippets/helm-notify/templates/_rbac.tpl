{{- /*
The Job's account: it reads the record and the ledger and writes the ledger, by name. It may not read Secrets.
`create` with a name is what server-side apply is authorised by (https://kubernetes.io/docs/reference/using-api/server-side-apply/);
an ordinary POST has no name yet and stays forbidden.
Takes: the root context.
Usage: {{ include "helm-notify.rbac" . }}
*/ -}}
{{- define "helm-notify.rbac" -}}
{{- $name := include "helm-notify.hook-name" (dict "context" .) -}}
apiVersion: v1
kind: ServiceAccount
metadata: {{- include "helm-notify.phase-metadata" . | nindent 2 }}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {{- include "helm-notify.phase-metadata" . | nindent 2 }}
rules:
  - apiGroups: [""]
    resources: [configmaps]
    resourceNames: [{{ include "helm-notify.record-name" . }}, {{ include "helm-notify.ledger-name" . }}]
    verbs: [get]
  - apiGroups: [""]
    resources: [configmaps]
    resourceNames: [{{ include "helm-notify.ledger-name" . }}]
    verbs: [create, patch]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {{- include "helm-notify.phase-metadata" . | nindent 2 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ .Release.Namespace }}
{{- end -}}
