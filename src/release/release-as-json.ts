// A release as JSON by one `helm get all --template`: Helm has no such output. Its templates have neither sprig nor toJson;
// what they can is recursion, %T and %q. Tried on Helm 3.17 and 4.2: both print the same.
export const RELEASE_AS_JSON = `
{{- define "j" -}}{{- $t := printf "%T" . -}}
{{- if or (eq $t "map[string]interface {}") (eq $t "map[string]any") (eq $t "common.Values") (eq $t "chartutil.Values") -}}
{ {{- $c := "" -}}{{- range $k, $v := . -}}{{ $c }}{{ printf "%q" $k }}:{{ template "j" $v }}{{- $c = "," -}}{{- end -}} }
{{- else if or (eq $t "[]interface {}") (eq $t "[]any") -}}
[{{- $c := "" -}}{{- range . -}}{{ $c }}{{ template "j" . }}{{- $c = "," -}}{{- end -}}]
{{- else if eq $t "string" -}}{{ printf "%q" . }}
{{- else if eq $t "<nil>" -}}null
{{- else -}}{{ printf "%v" . }}{{- end -}}{{- end -}}
{{- with .Release -}}
{"name":{{printf "%q" .Name}},"namespace":{{printf "%q" .Namespace}},"version":{{.Version}},
"info":{"status":{{printf "%q" .Info.Status}},"description":{{printf "%q" .Info.Description}}},
"chart":{"metadata":{"name":{{printf "%q" .Chart.Metadata.Name}},"version":{{printf "%q" .Chart.Metadata.Version}},
"appVersion":{{printf "%q" .Chart.Metadata.AppVersion}}},"values":{{template "j" .Chart.Values}}},
"config":{{template "j" .Config}},"manifest":{{printf "%q" .Manifest}}}
{{- end -}}`;

/** Go quotes strings with escapes JSON does not know. https://pkg.go.dev/strconv#Quote */
export function repairGoEscapes(text: string): string {
  return text.replace(
    /\\(?:x([0-9a-f]{2})|U([0-9a-f]{8})|([av])|.)/gs,
    (whole, byte?: string, rune?: string, control?: string) => {
      if (byte !== undefined) return `\\u00${byte}`;
      if (rune !== undefined)
        return JSON.stringify(String.fromCodePoint(parseInt(rune, 16))).slice(1, -1);
      if (control !== undefined) return control === "a" ? "\\u0007" : "\\u000b";
      return whole;
    },
  );
}
