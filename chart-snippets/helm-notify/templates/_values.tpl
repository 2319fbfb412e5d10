{{- /*
A path, spelled as in --set, taken apart: a JSON list of keys (strings) and list items (numbers).
Takes: the path.
Usage: {{ include "helm-notify.path-keys" "workers[0].image.tag" | fromJsonArray }}
*/ -}}
{{- define "helm-notify.path-keys" -}}
{{- $keys := list -}}
{{- range splitList "." (. | replace "\\." "\x00") -}}
{{- $items := regexFind `(\[[0-9]+\])*$` . -}}
{{- $keys = append $keys (trimSuffix $items . | replace "\x00" ".") -}}
{{- range regexFindAll `[0-9]+` $items -1 -}}
{{- $keys = append $keys (int .) -}}
{{- end -}}
{{- end -}}
{{- toJson $keys -}}
{{- end -}}

{{- /*
What stands at a path: JSON {found, kind, text}. `text` is empty for all but a scalar; numbers are written out
(20240101, not 2.0240101e+07). Not found: `missing` is the part of the path that is not there.
Takes: dict "values" "path".
Usage: {{ include "helm-notify.value-at" (dict "values" $.Values "path" "api.image.tag") | fromJson }}
*/ -}}
{{- define "helm-notify.value-at" -}}
{{- $value := .values -}}
{{- $found := true -}}
{{- $walked := "" -}}
{{- range include "helm-notify.path-keys" .path | fromJsonArray -}}
{{- if $found -}}
{{- if kindIs "string" . -}}
{{- $walked = printf "%s.%s" $walked (replace "." "\\." .) | trimPrefix "." -}}
{{- if and (kindIs "map" $value) (hasKey ($value | default dict) .) -}}
{{- $value = index $value . -}}
{{- else -}}
{{- $found = false -}}
{{- end -}}
{{- else -}}
{{- $walked = printf "%s[%d]" $walked (int .) -}}
{{- if and (kindIs "slice" $value) (lt (int .) (len ($value | default list))) -}}
{{- $value = index $value (int .) -}}
{{- else -}}
{{- $found = false -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if not $found -}}
{{- dict "found" false "missing" $walked | toJson -}}
{{- else if kindIs "invalid" $value -}}
{{- dict "found" true "kind" "null" "text" "" | toJson -}}
{{- else if kindIs "map" $value -}}
{{- dict "found" true "kind" "map" "text" "" | toJson -}}
{{- else if kindIs "slice" $value -}}
{{- dict "found" true "kind" "list" "text" "" | toJson -}}
{{- else if kindIs "string" $value -}}
{{- dict "found" true "kind" "scalar" "text" $value | toJson -}}
{{- else -}}
{{- dict "found" true "kind" "scalar" "text" (toJson $value) | toJson -}}
{{- end -}}
{{- end -}}

{{- /*
The text at a path; nothing where no scalar stands.
Takes: dict "values" "path".
Usage: {{ include "helm-notify.text-at" (dict "values" $.Values "path" "api.image.revision") }}
*/ -}}
{{- define "helm-notify.text-at" -}}
{{- get (include "helm-notify.value-at" . | fromJson) "text" -}}
{{- end -}}

{{- /*
The path of another key in the same map.
Takes: dict "path" "key".
Usage: {{ include "helm-notify.sibling" (dict "path" "api.image.tag" "key" "digest") }}
*/ -}}
{{- define "helm-notify.sibling" -}}
{{- printf "%s.%s" (regexReplaceAll `(^|\.)(\\.|[^.\\])+$` .path "") .key | trimPrefix "." -}}
{{- end -}}

{{- /*
Whether a map that a path leads through says `enabled: false`, as for a subchart that is switched off; globals are no
component. Nothing if none does.
Takes: dict "values" "path".
Usage: {{ if include "helm-notify.is-off" (dict "values" $.Values "path" "db.image.tag") }}
*/ -}}
{{- define "helm-notify.is-off" -}}
{{- $value := .values -}}
{{- $isOff := false -}}
{{- $isGlobal := false -}}
{{- range include "helm-notify.path-keys" .path | fromJsonArray -}}
{{- if and (kindIs "map" $value) (kindIs "string" .) -}}
{{- if and (not $isGlobal) (eq (toString (get $value "enabled")) "false") }}{{ $isOff = true }}{{ end -}}
{{- $value = get $value . -}}
{{- $isGlobal = eq . "global" -}}
{{- else -}}
{{- $value = "" -}}
{{- end -}}
{{- end -}}
{{- if $isOff }}true{{ end -}}
{{- end -}}
