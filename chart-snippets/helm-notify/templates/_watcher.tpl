{{- /*
The watcher of one event's run: a pod that tells people of it and then has this ReplicaSet deleted. A ReplicaSet, since Helm
would wait for a Job or a Pod, and hang on an image that cannot be pulled. On post-delete it has no pod: it replaces the one
that a run may have left.
Takes: dict "context" (root context) "event".
Usage: {{ include "helm-notify.watcher" (dict "context" $ "event" "pre-upgrade") }}
*/ -}}
{{- define "helm-notify.watcher" -}}
{{- $settings := index .context.Values (include "helm-notify.key" .context) -}}
{{- $sweeps := eq .event "post-delete" -}}
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: {{ include "helm-notify.watcher-name" .context }}
  labels: {{- include "helm-notify.watcher-labels" .context | nindent 4 }}
  annotations: {{- include "helm-notify.hook-annotations" (dict "events" .event "weight" (ternary 0 -1000 $sweeps)) | nindent 4 }}
    kubernetes.io/description: Keeps the pod of helm-notify while it tells of the last run. Nothing waits for it; it may be deleted.
spec:
  replicas: {{ ternary 0 1 $sweeps }}
  selector:
    matchLabels: {{- include "helm-notify.watcher-selector" .context | nindent 6 }}
  template:
    metadata:
      labels: {{- include "helm-notify.watcher-labels" .context | nindent 8 }}
      {{- with $settings.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with $settings.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec: {{- include "helm-notify.pod-spec" . | nindent 6 }}
{{- end -}}

{{- /*
The labels the watcher finds its pod by.
Takes: the root context.
Usage: matchLabels: {{- include "helm-notify.watcher-selector" . | nindent 6 }}
*/ -}}
{{- define "helm-notify.watcher-selector" -}}
app.kubernetes.io/name: helm-notify
app.kubernetes.io/instance: {{ .Release.Name | quote }}
app.kubernetes.io/component: watcher
{{- end -}}

{{- /*
The labels of the watcher and its pod.
Takes: the root context.
Usage: labels: {{- include "helm-notify.watcher-labels" . | nindent 4 }}
*/ -}}
{{- define "helm-notify.watcher-labels" -}}
{{ include "helm-notify.labels" . }}
app.kubernetes.io/component: watcher
{{- end -}}

{{- /*
The pod of one event's watcher: no token but the one the program reads itself, no privileges.
Takes: dict "context" (root context) "event".
Usage: spec: {{- include "helm-notify.pod-spec" . | nindent 6 }}
*/ -}}
{{- define "helm-notify.pod-spec" -}}
{{- $settings := index .context.Values (include "helm-notify.key" .context) -}}
restartPolicy: Always
# It leaves at once when told to; what is open is closed by the next run.
terminationGracePeriodSeconds: 5
automountServiceAccountToken: false
enableServiceLinks: false
serviceAccountName: {{ include "helm-notify.account-name" .context | quote }}
{{- with $settings.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  seccompProfile: { type: RuntimeDefault }
containers:
  - name: helm-notify
    image: {{ include "helm-notify.hook-image" $settings.image | quote }}
    imagePullPolicy: {{ $settings.image.pullPolicy | default "IfNotPresent" }}
    securityContext:
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
    env: {{- include "helm-notify.env" . | nindent 6 }}
    {{- with $settings.resources }}
    resources: {{- toYaml . | nindent 6 }}
    {{- end }}
    volumeMounts:
      - { name: kube, mountPath: /etc/helm-notify/kube, readOnly: true }
      {{- with $settings.extraVolumeMounts }}{{ toYaml . | nindent 6 }}{{ end }}
volumes:
  - name: kube
    projected:
      sources:
        # The kubelet renews it before its time is up; the program reads it anew.
        - serviceAccountToken: { path: token, expirationSeconds: 600 }
        - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
        - downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }] }
  {{- with $settings.extraVolumes }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end -}}

{{- /*
What the program is told. Credentials come straight from the Secret, each key optional: the program says what is missing.
Takes: dict "context" (root context) "event".
Usage: env: {{- include "helm-notify.env" . | nindent 6 }}
*/ -}}
{{- define "helm-notify.env" -}}
{{- $settings := index .context.Values (include "helm-notify.key" .context) -}}
- { name: HELM_NOTIFY_EVENT, value: {{ .event }} }
- { name: HELM_NOTIFY_RELEASE, value: {{ .context.Release.Name | quote }} }
- { name: HELM_NOTIFY_NAMESPACE, value: {{ .context.Release.Namespace | quote }} }
- { name: HELM_NOTIFY_KUBE_DIR, value: /etc/helm-notify/kube }
- { name: HELM_NOTIFY_WATCH_SECONDS, value: {{ int $settings.watchSeconds | quote }} }
- { name: HELM_NOTIFY_DEADLINE_SECONDS, value: {{ int $settings.deadlineSeconds | quote }} }
- { name: SLACK_API_URL, value: {{ $settings.slack.apiUrl | quote }} }
{{- with $settings.slack.username }}
- { name: SLACK_USERNAME, value: {{ . | quote }} }
{{- end }}
{{- $fromSecret := dict
  "SLACK_WEBHOOK_URL" "webhookUrl"
  "SLACK_BOT_TOKEN" "botToken"
  "GENERIC_URL" "genericUrl"
  "GENERIC_SECRET" "genericSecret"
  "GIT_TOKEN" "gitToken" }}
{{- with $settings.slack.channel }}
- { name: SLACK_CHANNEL, value: {{ . | quote }} }
{{- else }}
{{- $_ := set $fromSecret "SLACK_CHANNEL" "channel" }}
{{- end }}
{{- range $variable, $key := $fromSecret }}
- name: {{ $variable }}
  valueFrom:
    secretKeyRef: { name: {{ $settings.slack.secretRef | quote }}, key: {{ $key }}, optional: true }
{{- end }}
{{- with $settings.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /*
An image reference of its parts; a digest decides what runs.
Takes: a map with repository, tag, digest.
Usage: {{ include "helm-notify.hook-image" $settings.image }}
*/ -}}
{{- define "helm-notify.hook-image" -}}
{{ .repository }}{{ with .tag }}:{{ . }}{{ end }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}
