{{- /*
The record: what this revision consists of, as JSON. The same text stands in the ordinary ConfigMap (what is applied, also
after a rollback) and in the hooks' (what a run deploys).
Takes: the root context.
Usage: {{ include "helm-notify.record" . }}
*/ -}}
{{- define "helm-notify.record" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
{{- dict "v" 1
  "environment" ($settings.environment | default "")
  "chart" (dict "name" .Chart.Name "version" .Chart.Version)
  "services" (include "helm-notify.services" . | fromJson) | toPrettyJson -}}
{{- end -}}

{{- /*
The record as an ordinary resource of the release.
Takes: the root context.
Usage: {{ include "helm-notify.record-config-map" . }}
*/ -}}
{{- define "helm-notify.record-config-map" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "helm-notify.record-name" . }}
  labels: {{- include "helm-notify.labels" . | nindent 4 }}
data:
  record.json: | {{- include "helm-notify.record" . | nindent 4 }}
{{- end -}}
