{{- /*
Everything an application chart needs: checks, the record, the watcher. Nothing at all when disabled.
Takes: the root context.
Usage: {{ include "helm-notify.all" . }}
*/ -}}
{{- define "helm-notify.all" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
{{- if and (kindIs "map" $settings) (not (hasKey $settings "enabled")) -}}
{{- fail (printf "helm-notify: its defaults are not in the values of %s: make helm-notify a dependency of this chart itself, not only of a library chart it uses" .Chart.Name) -}}
{{- end -}}
{{- if $settings.enabled -}}
{{- include "helm-notify.validate" . -}}
{{- include "helm-notify.record-config-map" . }}
{{- if include "helm-notify.account-name" . }}
{{- if $settings.rbac.create }}
---
{{ include "helm-notify.rbac" . }}
{{- end }}
---
{{ include "helm-notify.hooks" . }}
{{- end }}
{{- end -}}
{{- end -}}
