{{- /*
Everything an application chart needs: checks, the record, the hooks. Nothing at all when disabled.
Takes: the root context.
Usage: {{ include "helm-notify.all" . }}
*/ -}}
{{- define "helm-notify.all" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
{{- if $settings.enabled -}}
{{- include "helm-notify.validate" . -}}
{{- include "helm-notify.record-config-map" . }}
{{- if $settings.rbac.create }}
---
{{ include "helm-notify.rbac" . }}
{{- end }}
---
{{ include "helm-notify.run-config-map" . }}
{{- range $event := splitList " " (include "helm-notify.events" .) }}
---
{{ include "helm-notify.job" (dict "context" $ "event" $event) }}
{{- end }}
{{- end -}}
{{- end -}}
