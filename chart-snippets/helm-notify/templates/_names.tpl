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
A name for a hook's object, unique to the release. It fits the 63 characters of the label that Kubernetes makes of a
Job's name: a release name too long for that is cut and told apart by a hash.
Takes: dict "context" (root context) "suffix" (optional).
Usage: {{ include "helm-notify.hook-name" (dict "context" $ "suffix" "-pre-upgrade") }}
*/ -}}
{{- define "helm-notify.hook-name" -}}
{{- $release := .context.Release.Name -}}
{{- $tail := printf "-helm-notify%s" (.suffix | default "") -}}
{{- if gt (add (len $release) (len $tail)) 63 -}}
{{- $tail = printf "-%s%s" (sha256sum $release | trunc 8) $tail -}}
{{- $release = trunc (int (sub 63 (len $tail))) $release | trimAll "-." -}}
{{- end -}}
{{- $release }}{{ $tail -}}
{{- end -}}

{{- /*
The labels of every object of ours.
Takes: the root context.
Usage: labels: {{- include "helm-notify.labels" . | nindent 4 }}
*/ -}}
{{- define "helm-notify.labels" -}}
app.kubernetes.io/name: helm-notify
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
