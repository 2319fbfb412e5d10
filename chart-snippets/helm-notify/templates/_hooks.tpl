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
{{ include "helm-notify.run-config-map" . }}
{{- range $event := list "pre-install" "pre-upgrade" "pre-rollback" "post-delete" }}
---
{{ include "helm-notify.watcher" (dict "context" $ "event" $event) }}
{{- end }}
---
{{ include "helm-notify.end-config-map" . }}
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
The beginning of a run, before every other hook: what this revision consists of, and how the user words it. On a rollback
Helm creates the target revision's own copy. Its resourceVersion marks the moment before Helm applied anything.
Takes: the root context.
Usage: {{ include "helm-notify.run-config-map" . }}
*/ -}}
{{- define "helm-notify.run-config-map" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "helm-notify.run-name" . }}
  labels: {{- include "helm-notify.labels" . | nindent 4 }}
  annotations: {{- include "helm-notify.hook-annotations" (dict "events" "pre-install,pre-upgrade,pre-rollback" "weight" -1001) | nindent 4 }}
    kubernetes.io/description: The last run of Helm on this release, as it began, for helm-notify.
data:
  record.json: | {{- include "helm-notify.record" . | nindent 4 }}
  {{- with $settings.messages }}
  texts.json: | {{- toPrettyJson . | nindent 4 }}
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
