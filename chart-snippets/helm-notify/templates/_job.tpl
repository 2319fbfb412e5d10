{{- /*
The Job of one event. The program learns its event from the environment: it is in the cluster before it knows anything else.
Takes: dict "context" (root context) "event".
Usage: {{ include "helm-notify.job" (dict "context" $ "event" "pre-upgrade") }}
*/ -}}
{{- define "helm-notify.job" -}}
{{- $settings := index .context.Values (include "helm-notify.key" .context) -}}
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ include "helm-notify.hook-name" (dict "context" .context "suffix" (print "-" .event)) }}
  labels: {{- include "helm-notify.labels" .context | nindent 4 }}
  annotations:
    helm.sh/hook: {{ .event }}
    helm.sh/hook-weight: "0"
    helm.sh/hook-delete-policy: before-hook-creation
    helm.sh/hook-output-log-policy: hook-failed
spec:
  backoffLimit: 0
  # The program ends by itself; a pod that cannot start must not hold up the deploy for Helm's whole timeout.
  activeDeadlineSeconds: {{ add $settings.deadlineSeconds 60 }}
  ttlSecondsAfterFinished: 3600
  template:
    metadata:
      labels: {{- include "helm-notify.labels" .context | nindent 8 }}
      {{- with $settings.podLabels }}{{ toYaml . | nindent 8 }}{{ end }}
      {{- with $settings.podAnnotations }}
      annotations: {{- toYaml . | nindent 8 }}
      {{- end }}
    spec: {{- include "helm-notify.pod-spec" . | nindent 6 }}
{{- end -}}

{{- /*
The pod of one event's Job: no token but the one the program reads itself, no privileges.
Takes: dict "context" (root context) "event".
Usage: spec: {{- include "helm-notify.pod-spec" . | nindent 6 }}
*/ -}}
{{- define "helm-notify.pod-spec" -}}
{{- $settings := index .context.Values (include "helm-notify.key" .context) -}}
{{- $name := include "helm-notify.hook-name" (dict "context" .context) -}}
restartPolicy: Never
automountServiceAccountToken: false
enableServiceLinks: false
{{- if $settings.rbac.create }}
serviceAccountName: {{ $name }}
{{- end }}
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
      - { name: run, mountPath: /etc/helm-notify/run, readOnly: true }
      {{- if $settings.rbac.create }}
      - { name: kube, mountPath: /etc/helm-notify/kube, readOnly: true }
      {{- end }}
      {{- with $settings.extraVolumeMounts }}{{ toYaml . | nindent 6 }}{{ end }}
volumes:
  - name: run
    configMap: { name: {{ $name }} }
  {{- if $settings.rbac.create }}
  - name: kube
    projected:
      sources:
        - serviceAccountToken: { path: token, expirationSeconds: 600 }
        - configMap: { name: kube-root-ca.crt, items: [{ key: ca.crt, path: ca.crt }] }
        - downwardAPI: { items: [{ path: namespace, fieldRef: { fieldPath: metadata.namespace } }] }
  {{- end }}
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
- { name: HELM_NOTIFY_RUN_DIR, value: /etc/helm-notify/run }
{{- if $settings.rbac.create }}
- { name: HELM_NOTIFY_KUBE_DIR, value: /etc/helm-notify/kube }
{{- end }}
- { name: HELM_NOTIFY_DEADLINE_SECONDS, value: {{ int $settings.deadlineSeconds | quote }} }
- { name: HELM_NOTIFY_FAILURE_POLICY, value: {{ $settings.failurePolicy }} }
- { name: SLACK_API_URL, value: {{ $settings.slack.apiUrl | quote }} }
{{- with $settings.slack.username }}
- { name: SLACK_USERNAME, value: {{ . | quote }} }
{{- end }}
{{- $fromSecret := dict "SLACK_WEBHOOK_URL" "webhookUrl" "SLACK_BOT_TOKEN" "botToken" }}
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
