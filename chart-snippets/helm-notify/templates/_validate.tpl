{{- /*
Ends the render with every problem of the settings, so that neither nonsense nor nothing is deployed and announced.
Takes: the root context.
Usage: {{ include "helm-notify.validate" . }}
*/ -}}
{{- define "helm-notify.validate" -}}
{{- $problems := concat
  (include "helm-notify.setting-problems" . | fromJsonArray)
  (include "helm-notify.message-problems" . | fromJsonArray)
  (include "helm-notify.service-problems" . | fromJsonArray)
  (include "helm-notify.owner-problems" . | fromJsonArray) -}}
{{- if eq (len $problems) 1 -}}
{{- fail (print "helm-notify: " (first $problems)) -}}
{{- else if $problems -}}
{{- fail (print "helm-notify: these values cannot be announced:\n  - " (join "\n  - " $problems)) -}}
{{- end -}}
{{- end -}}

{{- /*
What is wrong with the settings themselves, as a JSON list of sentences. Types are the schema's task.
Takes: the root context.
Usage: {{ include "helm-notify.setting-problems" . | fromJsonArray }}
*/ -}}
{{- define "helm-notify.setting-problems" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
{{- $problems := list -}}
{{- if not (trim ($settings.environment | default "")) -}}
{{- $place := include "helm-notify.setting" (dict "context" . "path" "environment") -}}
{{- $problems = append $problems (printf "environment is empty: set %s to where this deploys to, for example production" $place) -}}
{{- end -}}
{{- if not (trim ($settings.slack.secretRef | default "")) -}}
{{- $place := include "helm-notify.setting" (dict "context" . "path" "slack.secretRef") -}}
{{- $problems = append $problems (printf "slack.secretRef is empty: set %s to the name of a Secret that holds webhookUrl, or botToken and channel" $place) -}}
{{- end -}}
{{- if not (values $settings.services | compact) -}}
{{- $place := include "helm-notify.setting" (dict "context" . "path" "services") -}}
{{- $problems = append $problems (printf "no services: say under %s where each image tag stands, for example api: {tag: api.image.tag}" $place) -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /*
What is wrong with the user's wording, as far as braces tell, as a JSON list of sentences. The rest is `helm notify preview`'s.
Takes: the root context.
Usage: {{ include "helm-notify.message-problems" . | fromJsonArray }}
*/ -}}
{{- define "helm-notify.message-problems" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
{{- $problems := list -}}
{{- range $name, $template := $settings.messages -}}
{{- $place := include "helm-notify.setting" (dict "context" $ "path" (printf "messages.%s" $name)) -}}
{{- with include "helm-notify.template-problem" ($template | default "") -}}
{{- $problems = append $problems (printf "%s %s" $place .) -}}
{{- end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /*
What is wrong with the braces and blocks of a Handlebars template; nothing if nothing is.
Takes: the template.
Usage: {{ include "helm-notify.template-problem" "{{#if revision}}…{{/if}}" }}
*/ -}}
{{- define "helm-notify.template-problem" -}}
{{- $text := regexReplaceAll `(?s)\{\{~?!--.*?--~?\}\}` . "" -}}
{{- $rest := regexReplaceAll `(?s)\{\{.*?\}\}` $text "" -}}
{{- $blocks := dict -}}
{{- range $sign := list "[#^]" "/" -}}
{{- $start := printf `\{\{~?%s[>*]?\s*` $sign -}}
{{- $names := list -}}
{{- range regexFindAll (print $start `[\w./@-]+`) $text -1 -}}
{{- $names = append $names (regexReplaceAll $start . "") -}}
{{- end -}}
{{- $_ := set $blocks $sign $names -}}
{{- end -}}
{{- $opened := get $blocks "[#^]" -}}
{{- $closed := get $blocks "/" -}}
{{- if ne (len (splitList "{{" $text)) (len (splitList "}}" $text)) -}}
has {{ len (splitList "{{" $text) | add -1 }} of {{ "{{" }} and {{ len (splitList "}}" $text) | add -1 }} of {{ "}}" }}: close what is open
{{- else if or (contains "{{" $rest) (contains "}}" $rest) -}}
has {{ "}}" }} before {{ "{{" }}: pair them
{{- else if ne (sortAlpha $opened | join " ") (sortAlpha $closed | join " ") -}}
opens the blocks [{{ join ", " $opened }}] and closes [{{ join ", " $closed }}]: end each {{ "{{#block}} with {{/block}}" }}
{{- end -}}
{{- end -}}

{{- /*
What is wrong with the services, as a JSON list of sentences.
Takes: the root context.
Usage: {{ include "helm-notify.service-problems" . | fromJsonArray }}
*/ -}}
{{- define "helm-notify.service-problems" -}}
{{- $settings := index .Values (include "helm-notify.key" .) -}}
{{- $problems := list -}}
{{- range $name, $service := include "helm-notify.services" . | fromJson -}}
{{- $mapping := get $settings.services $name -}}
{{- $arguments := dict "context" $ "name" $name "mapping" $mapping "service" $service -}}
{{- with include "helm-notify.tag-problem" $arguments }}{{ $problems = append $problems . }}{{ end -}}
{{- range $key := list "image" "revision" "digest" "thread" -}}
{{- with include "helm-notify.path-problem" (set $arguments "key" $key) }}{{ $problems = append $problems . }}{{ end -}}
{{- end -}}
{{- with include "helm-notify.thread-problem" $arguments }}{{ $problems = append $problems . }}{{ end -}}
{{- end -}}
{{- toJson $problems -}}
{{- end -}}

{{- /*
What is wrong with a service's tag; nothing if nothing is.
Takes: dict "context" (root context) "name" "mapping" (its entry under `services`) "service" (of `helm-notify.services`).
Usage: {{ include "helm-notify.tag-problem" $arguments }}
*/ -}}
{{- define "helm-notify.tag-problem" -}}
{{- $at := include "helm-notify.value-at" (dict "values" .context.Values "path" .mapping.tag) | fromJson -}}
{{- $place := include "helm-notify.place" (dict "context" .context "path" .mapping.tag) -}}
{{- $setting := include "helm-notify.setting" (dict "context" .context "path" (printf "services.%s.tag" .name)) -}}
{{- if and (not $at.found) (ne $at.missing .mapping.tag) -}}
{{- $missing := include "helm-notify.place" (dict "context" .context "path" $at.missing) -}}
service {{ .name }}: {{ $setting }} says {{ .mapping.tag }}, but the values hold no {{ $missing }}: correct the path
{{- else if has $at.kind (list "map" "list") -}}
service {{ .name }} has no tag: {{ $place }} is a {{ $at.kind }}: let {{ $setting }} name the key that holds the tag
{{- else if and (not .service.tag) $at.text -}}
service {{ .name }} has no tag: {{ $place }} is {{ quote $at.text }}, an image without a tag: write it as {{ $at.text }}:TAG
{{- else if not .service.tag -}}
{{- $fault := ternary (ternary "null" "empty" (eq $at.kind "null")) "not set" $at.found -}}
{{- if .mapping.fallback }}{{ $fault = printf "%s, and so is appVersion in Chart.yaml" $fault }}{{ end -}}
service {{ .name }} has no tag: {{ $place }} is {{ $fault }}: set it (--set {{ $place }}=TAG), or deploy with `helm notify upgrade`, which keeps the live tag
{{- else if not (or (regexMatch `^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$` .service.tag) (hasPrefix .service.tag (.service.digest | default ""))) -}}
{{- /* https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */ -}}
service {{ .name }}: {{ $place }} gives the tag {{ quote .service.tag }}, which no registry accepts: use letters, digits, ".", "_" and "-", 128 at most
{{- end -}}
{{- end -}}

{{- /*
A path of a service that leads nowhere; nothing if it leads somewhere. The last key of `revision`, `digest` and `thread` may be
absent: they are often given with a deploy only.
Takes: like `helm-notify.tag-problem`, and "key" (image, revision, digest or thread).
Usage: {{ include "helm-notify.path-problem" (set $arguments "key" "revision") }}
*/ -}}
{{- define "helm-notify.path-problem" -}}
{{- with get .mapping .key -}}
{{- $at := include "helm-notify.value-at" (dict "values" $.context.Values "path" .) | fromJson -}}
{{- $setting := include "helm-notify.setting" (dict "context" $.context "path" (printf "services.%s.%s" $.name $.key)) -}}
{{- if and (not $at.found) (or (ne $at.missing .) (eq $.key "image")) -}}
{{- $missing := include "helm-notify.place" (dict "context" $.context "path" $at.missing) -}}
service {{ $.name }}: {{ $setting }} says {{ . }}, but the values hold no {{ $missing }}: correct the path
{{- else if has $at.kind (list "map" "list") -}}
service {{ $.name }}: {{ $setting }} says {{ . }}, which is a {{ $at.kind }}: name the key that holds the text
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
What stands at a service's own `thread` and is none; nothing if nothing is wrong. Beside a tag, where no service names it, it
may mean something else.
Takes: like `helm-notify.tag-problem`.
Usage: {{ include "helm-notify.thread-problem" $arguments }}
*/ -}}
{{- define "helm-notify.thread-problem" -}}
{{- with .mapping.thread -}}
{{- $text := include "helm-notify.text-at" (dict "values" $.context.Values "path" .) -}}
{{- if and $text (not (include "helm-notify.is-thread" $text)) -}}
{{- $place := include "helm-notify.place" (dict "context" $.context "path" .) -}}
service {{ $.name }}: {{ $place }} is {{ quote $text }}, which is no thread: write what `helm notify announce` prints, CHANNEL/TS, or leave it empty
{{- end -}}
{{- end -}}
{{- end -}}

{{- /*
A release has one record and speaks once: in an umbrella chart a second owner is a problem, as a JSON list of sentences.
`.Release` is the one thing all charts of a render share.
Takes: the root context.
Usage: {{ include "helm-notify.owner-problems" . | fromJsonArray }}
*/ -}}
{{- define "helm-notify.owner-problems" -}}
{{- $owner := dir .Template.BasePath -}}
{{- $other := get .Release "helm-notify.owner" -}}
{{- $_ := set .Release "helm-notify.owner" $owner -}}
{{- if $other -}}
{{- $owners := list $owner $other | sortAlpha | join " and " -}}
{{- list (printf "two charts announce this release, %s: set helm-notify.enabled to false in one of them" $owners) | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}
