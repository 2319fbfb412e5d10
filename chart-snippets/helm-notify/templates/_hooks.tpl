{{- /*
The events that are announced, parted by spaces.
Usage: {{ splitList " " (include "helm-notify.events" .) }}
*/ -}}
{{- define "helm-notify.events" -}}
pre-install pre-upgrade pre-rollback post-install post-upgrade post-rollback
{{- end -}}

{{- /*
The metadata of what the Jobs stand on: created before the Job of every event, deleted after it. So it is there in the
second run as in the first, nothing is left after an uninstall, and a rollback uses the target revision's own copies.
Takes: the root context.
Usage: metadata: {{- include "helm-notify.phase-metadata" . | nindent 2 }}
*/ -}}
{{- define "helm-notify.phase-metadata" -}}
name: {{ include "helm-notify.hook-name" (dict "context" .) }}
labels: {{- include "helm-notify.labels" . | nindent 2 }}
annotations:
  helm.sh/hook: {{ include "helm-notify.events" . | replace " " "," }}
  helm.sh/hook-weight: "-10"
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}

{{- /*
What a run deploys. Where the Job may not ask Kubernetes what is live, also the record that is live now.
Takes: the root context.
Usage: {{ include "helm-notify.run-config-map" . }}
*/ -}}
{{- define "helm-notify.run-config-map" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
apiVersion: v1
kind: ConfigMap
metadata: {{- include "helm-notify.phase-metadata" . | nindent 2 }}
data:
  record.json: | {{- include "helm-notify.record" . | nindent 4 }}
{{- if not $settings.rbac.create }}
{{- with lookup "v1" "ConfigMap" .Release.Namespace (include "helm-notify.record-name" .) }}
{{- with dig "data" "record.json" "" . }}
  previous.json: {{ . | quote }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
