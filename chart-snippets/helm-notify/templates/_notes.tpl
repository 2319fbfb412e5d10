{{- /*
For NOTES.txt: every service with its tag and revision, as a table. Nothing when disabled.
Takes: the root context.
Usage: {{ include "helm-notify.notes" . }}
*/ -}}
{{- define "helm-notify.notes" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
{{- if $settings.enabled -}}
{{- $rows := list (list "SERVICE" "TAG" "REVISION") -}}
{{- range $name, $service := include "helm-notify.services" . | fromJson -}}
{{- $rows = append $rows (list $name $service.tag ($service.revision | default "-")) -}}
{{- end -}}
{{- $nameWidth := 0 -}}
{{- $tagWidth := 0 -}}
{{- range $rows -}}
{{- $nameWidth = max $nameWidth (len (index . 0)) -}}
{{- $tagWidth = max $tagWidth (len (index . 1)) -}}
{{- end -}}
{{ .Release.Name }} in {{ $settings.environment }}:
{{ range $rows }}
  {{ printf "%-*s  %-*s  %s" (int $nameWidth) (index . 0) (int $tagWidth) (index . 1) (index . 2) }}
{{- end }}
{{- end -}}
{{- end -}}
