{{- /*
The record's name. A contract: readers build it from the release's name alone.
Takes: the root context.
Usage: {{ include "helm-notify.record-name" . }}
*/ -}}
{{- define "helm-notify.record-name" -}}
{{ .Release.Name }}-helm-notify-record
{{- end -}}

{{- /*
The name of the ledger, which the programs write at run time. A contract like the record's name.
Takes: the root context.
Usage: {{ include "helm-notify.ledger-name" . }}
*/ -}}
{{- define "helm-notify.ledger-name" -}}
helm-notify-ledger.{{ .Release.Name }}
{{- end -}}

{{- /*
The name of the ConfigMap of turns and locks, which the plugin writes. A contract like the record's name.
Takes: the root context.
Usage: {{ include "helm-notify.turn-name" . }}
*/ -}}
{{- define "helm-notify.turn-name" -}}
helm-notify-turn.{{ .Release.Name }}
{{- end -}}

{{- /*
The name of the ConfigMap that begins a run. It, too, is a contract, and so are the next two: the program builds them.
Takes: the root context.
Usage: {{ include "helm-notify.run-name" . }}
*/ -}}
{{- define "helm-notify.run-name" -}}
{{ .Release.Name }}-helm-notify-run
{{- end -}}

{{- /*
The name of the ConfigMap that ends a run.
Takes: the root context.
Usage: {{ include "helm-notify.end-name" . }}
*/ -}}
{{- define "helm-notify.end-name" -}}
{{ .Release.Name }}-helm-notify-end
{{- end -}}

{{- /*
The name of the watcher and of what gives it its rights.
Takes: the root context.
Usage: {{ include "helm-notify.watcher-name" . }}
*/ -}}
{{- define "helm-notify.watcher-name" -}}
{{ .Release.Name }}-helm-notify
{{- end -}}

{{- /*
The name of the watcher's account; nothing where there is none, and then there is no watcher.
Takes: the root context.
Usage: {{ include "helm-notify.account-name" . }}
*/ -}}
{{- define "helm-notify.account-name" -}}
{{- $rbac := (index .Values (include "helm-notify.key" .)).rbac -}}
{{- $rbac.serviceAccountName | default (ternary (include "helm-notify.watcher-name" .) "" $rbac.create) -}}
{{- end -}}

{{- /*
The labels of every object of ours.
Takes: the root context.
Usage: labels: {{- include "helm-notify.labels" . | nindent 4 }}
*/ -}}
{{- define "helm-notify.labels" -}}
app.kubernetes.io/name: helm-notify
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
