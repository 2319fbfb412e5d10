{{- /*
What marks a run, from its beginning to its end. None of it can stop Helm: it waits for hooks that are Jobs or Pods, and for
no other (https://helm.sh/docs/topics/charts_hooks/#hooks-and-the-release-lifecycle).

  pre-*        the run's ConfigMap, then the watcher that reads it: before anything is applied
  post-*       the end's ConfigMap: Helm is through
  post-delete  the same three again, to be deleted: nothing else takes hooks away with a release

Takes: the root context.
Usage: {{ include "helm-notify.hooks" . }}
*/ -}}
{{- define "helm-notify.hooks" -}}
{{- $beginnings := list "pre-install" "pre-upgrade" "pre-rollback" -}}
{{ include "helm-notify.watcher" (dict "context" $ "events" (join "," $beginnings) "weight" -1000 "replicas" 1) }}
---
{{ include "helm-notify.end-config-map" . }}
{{- $data := include "helm-notify.run-data" . }}
{{- range $event := $beginnings }}
---
{{ include "helm-notify.run-config-map" (dict "context" $ "event" $event "data" $data) }}
{{- end }}
---
{{ include "helm-notify.watcher" (dict "context" $ "events" "post-delete" "weight" 0 "replicas" 0) }}
{{- range $name := list (include "helm-notify.run-name" .) (include "helm-notify.end-name" .) }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $name }}
  labels: {{- include "helm-notify.labels" $ | nindent 4 }}
  annotations: {{- include "helm-notify.hook-annotations" (dict "events" "post-delete") | nindent 4 }}
    kubernetes.io/description: Takes away what helm-notify left of the last run.
{{- end }}
{{- end -}}

{{- /*
The annotations of a hook. Every run replaces what the one before it made; what the release's end makes goes at once.
Takes: dict "events" (parted by commas) "weight" (optional).
Usage: annotations: {{- include "helm-notify.hook-annotations" (dict "events" "post-install" "weight" 1000) | nindent 4 }}
*/ -}}
{{- define "helm-notify.hook-annotations" -}}
helm.sh/hook: {{ .events }}
helm.sh/hook-weight: {{ .weight | default 0 | quote }}
helm.sh/hook-delete-policy: before-hook-creation{{ if eq .events "post-delete" }},hook-succeeded{{ end }}
{{- end -}}

{{- /*
The beginning of a run, before every other hook. On a rollback Helm creates the target revision's own copy. Its hook
annotation says which event began the run; its resourceVersion marks the moment before Helm applied anything.
Takes: dict "context" (root context) "event" "data" (of `helm-notify.run-data`).
Usage: {{ include "helm-notify.run-config-map" (dict "context" $ "event" "pre-upgrade" "data" $data) }}
*/ -}}
{{- define "helm-notify.run-config-map" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "helm-notify.run-name" .context }}
  labels: {{- include "helm-notify.labels" .context | nindent 4 }}
  annotations: {{- include "helm-notify.hook-annotations" (dict "events" .event "weight" -1001) | nindent 4 }}
    kubernetes.io/description: The last run of Helm on this release, as it began, for helm-notify.
data: {{- .data | nindent 2 }}
{{- end -}}

{{- /*
What a run deploys, and how the user words it.
Takes: the root context.
Usage: data: {{- include "helm-notify.run-data" . | nindent 2 }}
*/ -}}
{{- define "helm-notify.run-data" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
record.json: | {{- include "helm-notify.record" . | nindent 2 }}
{{- with $settings.messages }}
texts.json: | {{- toPrettyJson . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /*
The good end of a run, after every other hook. A failed run has none.
Takes: the root context.
Usage: {{ include "helm-notify.end-config-map" . }}
*/ -}}
{{- define "helm-notify.end-config-map" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "helm-notify.end-name" . }}
  labels: {{- include "helm-notify.labels" . | nindent 4 }}
  annotations: {{- include "helm-notify.hook-annotations" (dict "events" "post-install,post-upgrade,post-rollback" "weight" 1000) | nindent 4 }}
    kubernetes.io/description: Tells the pod of helm-notify that Helm ended the last run well.
{{- end -}}
