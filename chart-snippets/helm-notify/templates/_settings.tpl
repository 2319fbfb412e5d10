{{- /*
The key of our settings in the values: `helm-notify`, or the alias of the dependency.
Takes: the root context.
Usage: {{ $settings := index .Values (include "helm-notify.key" .) }}
*/ -}}
{{- define "helm-notify.key" -}}
{{- $key := "helm-notify" -}}
{{- range $name, $chart := .Subcharts -}}
{{- if index $chart.Chart.Annotations "helm-notify/library" -}}
{{- $key = $name -}}
{{- end -}}
{{- end -}}
{{- $key -}}
{{- end -}}

{{- /*
Where a path into this chart's values stands for the person who runs Helm: in an umbrella chart, below the subchart's name.
Takes: dict "context" (root context) "path".
Usage: {{ include "helm-notify.place" (dict "context" $ "path" "api.image.tag") }}
*/ -}}
{{- define "helm-notify.place" -}}
{{- $charts := splitList "/charts/" (trimSuffix "/templates" .context.Template.BasePath) -}}
{{- append (rest $charts) .path | join "." -}}
{{- end -}}

{{- /*
Where one of our settings stands, like `helm-notify.place`.
Takes: dict "context" (root context) "path" (below our own key).
Usage: {{ include "helm-notify.setting" (dict "context" $ "path" "environment") }}
*/ -}}
{{- define "helm-notify.setting" -}}
{{- $path := printf "%s.%s" (include "helm-notify.key" .context) .path -}}
{{- include "helm-notify.place" (dict "context" .context "path" $path) -}}
{{- end -}}
