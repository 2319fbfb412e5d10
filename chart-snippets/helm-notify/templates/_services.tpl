{{- /*
Every service as the values say it: a JSON map of name to {tag, image?, digest?, revision?, thread?, source?}, the record's shape.
It never fails: where no tag can be found, `tag` is empty, and `_validate.tpl` says why. One that is switched off is left out.
Takes: the root context.
Usage: {{ range $name, $service := include "helm-notify.services" . | fromJson }}
*/ -}}
{{- define "helm-notify.services" -}}
{{- $services := dict -}}
{{- range $name, $mapping := get (index .Values (include "helm-notify.key" .)) "services" -}}
{{- /* null: a values file took this service out */ -}}
{{- if $mapping -}}
{{- if not (include "helm-notify.is-off" (dict "values" $.Values "path" $mapping.tag)) -}}
{{- $_ := set $services $name (include "helm-notify.service" (dict "context" $ "mapping" $mapping) | fromJson) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $services -}}
{{- end -}}

{{- /*
One service of `helm-notify.services`.
Takes: dict "context" (root context) "mapping" (its entry under `services`).
Usage: {{ include "helm-notify.service" (dict "context" $ "mapping" $mapping) | fromJson }}
*/ -}}
{{- define "helm-notify.service" -}}
{{- $values := .context.Values -}}
{{- $mapping := .mapping -}}
{{- $text := include "helm-notify.text-at" (dict "values" $values "path" $mapping.tag) -}}
{{- $reference := include "helm-notify.reference" (dict "text" $text "path" $mapping.tag) | fromJson -}}
{{- $texts := dict -}}
{{- range $key := list "digest" "revision" "thread" -}}
{{- $path := get $mapping $key | default (include "helm-notify.sibling" (dict "path" $mapping.tag "key" $key)) -}}
{{- $_ := set $texts $key (include "helm-notify.text-at" (dict "values" $values "path" $path)) -}}
{{- end -}}
{{- /* What merely stands there and is no thread is none. */ -}}
{{- if not (include "helm-notify.is-thread" $texts.thread) }}{{ $_ := set $texts "thread" "" }}{{ end -}}
{{- $digest := $texts.digest | default $reference.digest -}}
{{- $tag := $reference.tag -}}
{{- if and (not $text) (eq ($mapping.fallback | default "") "appVersion") -}}
{{- $tag = include "helm-notify.app-version" (dict "context" .context "path" $mapping.tag) -}}
{{- end -}}
{{- /* An image that is named by its digest alone has no other name to announce. */ -}}
{{- $service := dict "tag" ($tag | default ($digest | trunc 19)) -}}
{{- $image := include "helm-notify.image" (dict "values" $values "mapping" $mapping "image" $reference.image) -}}
{{- range $key, $value := dict "image" $image "digest" $digest "revision" $texts.revision "thread" $texts.thread "source" $mapping.source -}}
{{- with $value }}{{ $_ := set $service $key . }}{{ end -}}
{{- end -}}
{{- toJson $service -}}
{{- end -}}

{{- /*
Whether a text is what `helm notify announce` prints, CHANNEL/TS; nothing if it is not.
Takes: the text.
Usage: {{ if include "helm-notify.is-thread" "C0123456789/1763719200.000100" }}
*/ -}}
{{- define "helm-notify.is-thread" -}}
{{- if regexMatch `^[CDG][A-Z0-9]{8,}/[0-9]{1,12}\.[0-9]{1,9}$` . }}true{{ end -}}
{{- end -}}

{{- /*
An image reference taken apart: JSON {image, tag, digest}, each empty where it is not said. Text without a name in front
(1.4.0, 1.4.0@sha256:…) is a tag, unless its key says that it is an image.
Takes: dict "text" "path" (where it stands).
Usage: {{ include "helm-notify.reference" (dict "text" "shop/api:1.4.0" "path" "api.image") | fromJson }}
*/ -}}
{{- define "helm-notify.reference" -}}
{{- $name := regexReplaceAll `@.*$` .text "" -}}
{{- $digest := trimPrefix $name .text | trimPrefix "@" -}}
{{- if not (or (regexMatch `[:/]` $name) (regexMatch `(?i)(image|repository)$` .path)) -}}
{{- $name = print ":" $name -}}
{{- end -}}
{{- $tag := regexFind `:[^:/]*$` $name -}}
{{- dict "image" (trimSuffix $tag $name) "tag" (trimPrefix ":" $tag) "digest" $digest | toJson -}}
{{- end -}}

{{- /*
The repository of a service's image, with the registry beside it in front; nothing where the values do not say it.
Takes: dict "values" "mapping" "image" (the name in a whole reference, if the tag is one).
Usage: {{ include "helm-notify.image" (dict "values" $.Values "mapping" $mapping "image" $reference.image) }}
*/ -}}
{{- define "helm-notify.image" -}}
{{- $values := .values -}}
{{- $image := .image -}}
{{- $path := .mapping.tag -}}
{{- $candidates := list (include "helm-notify.sibling" (dict "path" $path "key" "repository")) (include "helm-notify.sibling" (dict "path" $path "key" "image")) -}}
{{- if .mapping.image -}}
{{- $image = "" -}}
{{- $candidates = list .mapping.image -}}
{{- end -}}
{{- range $candidates -}}
{{- if not $image -}}
{{- $path = . -}}
{{- $text := include "helm-notify.text-at" (dict "values" $values "path" .) -}}
{{- $image = get (include "helm-notify.reference" (dict "text" $text "path" "image") | fromJson) "image" -}}
{{- end -}}
{{- end -}}
{{- $registry := include "helm-notify.sibling" (dict "path" $path "key" "registry") -}}
{{- $registry = include "helm-notify.text-at" (dict "values" $values "path" $registry) | trimSuffix "/" -}}
{{- if $image }}{{ list $registry $image | compact | join "/" }}{{ end -}}
{{- end -}}

{{- /*
The appVersion an empty tag means: that of the chart whose values hold the path, which may be a subchart.
Takes: dict "context" (root context) "path".
Usage: {{ include "helm-notify.app-version" (dict "context" $ "path" "image.tag") }}
*/ -}}
{{- define "helm-notify.app-version" -}}
{{- $chart := .context -}}
{{- $isInside := true -}}
{{- range include "helm-notify.path-keys" .path | fromJsonArray -}}
{{- $isInside = and $isInside (kindIs "string" .) (hasKey $chart.Subcharts (toString .)) -}}
{{- if $isInside }}{{ $chart = get $chart.Subcharts . }}{{ end -}}
{{- end -}}
{{- $chart.Chart.AppVersion -}}
{{- end -}}
