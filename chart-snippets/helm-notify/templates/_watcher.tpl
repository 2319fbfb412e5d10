{{- /*
The watcher of a run: a pod that tells people of it and then has this ReplicaSet deleted. A ReplicaSet, since Helm would wait
for a Job or a Pod, and hang on an image that cannot be pulled. Without a pod it replaces the one that a run may have left.
Takes: dict "context" (root context) "events" (parted by commas) "weight" "replicas".
Usage: {{ include "helm-notify.watcher" (dict "context" $ "events" "pre-upgrade" "weight" -1000 "replicas" 1) }}
*/ -}}
{{- define "helm-notify.watcher" -}}
{{- $settings := index .context.Values (include "helm-notify.key" .context) -}}
apiVersion: apps/v1
kind: ReplicaSet
metadata:
  name: {{ include "helm-notify.watcher-name" .context }}
  labels: {{- include "helm-notify.watcher-labels" .context | nindent 4 }}
  annotations: {{- include "helm-notify.hook-annotations" . | nindent 4 }}
    kubernetes.io/description: Keeps the pod of helm-notify while it tells of the last run. Nothing waits for it; it may be deleted.
spec:
  replicas: {{ .replicas }}
  selector:
    matchLabels: {{- include "helm-notify.watcher-selector" .context | nindent 6 }}
  template:
    metadata:
      labels: {{- include "helm-notify.watcher-labels" .context | nindent 8 }}
      {{- with $settings.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with $settings.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec: {{- include "helm-notify.pod-spec" .context | nindent 6 }}
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
The pod of a watcher: no token but the one the program reads itself, no privileges.
Takes: the root context.
Usage: spec: {{- include "helm-notify.pod-spec" . | nindent 6 }}
*/ -}}
{{- define "helm-notify.pod-spec" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
restartPolicy: Always
# It leaves at once when told to, but for what it is just saying; what is open is closed by the next run.
terminationGracePeriodSeconds: 12
automountServiceAccountToken: false
enableServiceLinks: false
serviceAccountName: {{ include "helm-notify.account-name" . | quote }}
{{- with $settings.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $settings.priorityClassName }}
priorityClassName: {{ . | quote }}
{{- end }}
# The user is the image's, 65532, or one that the cluster chooses, as OpenShift does.
securityContext:
  runAsNonRoot: true
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
  {{- with $settings.extraVolumes }}{{ toYaml . | nindent 2 }}{{ end }}
{{- end -}}

{{- /*
What the program is told. Credentials come straight from the Secret, each key optional: the program says what is missing.
Takes: the root context.
Usage: env: {{- include "helm-notify.env" . | nindent 6 }}
*/ -}}
{{- define "helm-notify.env" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
- { name: HELM_NOTIFY_RELEASE, value: {{ .Release.Name | quote }} }
- { name: HELM_NOTIFY_NAMESPACE, value: {{ .Release.Namespace | quote }} }
- { name: HELM_NOTIFY_POD, valueFrom: { fieldRef: { fieldPath: metadata.uid } } }
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
