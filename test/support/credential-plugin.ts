import { chmodSync, writeFileSync } from "node:fs";

/**
 * Writes a credential plugin. Its first argument says what it gives: `info`, a token that carries all it was told;
 * `certificate`; else a token of $PLUGIN_TOKEN and the arguments. $VERSION is the version it answers in.
 */
export function writeCredentialPlugin(path: string, cert: string, key: string): void {
  writeFileSync(
    `${path}.status`,
    JSON.stringify({ clientCertificateData: cert, clientKeyData: key }),
  );
  writeFileSync(
    path,
    `#!/bin/sh
case "$1" in
  info) status="{\\"token\\":\\"info.$(printf %s "$KUBERNETES_EXEC_INFO" | base64 -w0)\\"}" ;;
  certificate) status=$(cat ${path}.status) ;;
  *) status="{\\"token\\":\\"$PLUGIN_TOKEN-$*\\"}" ;;
esac
printf '%s\\n' "{\\"apiVersion\\":\\"client.authentication.k8s.io/\${VERSION:-v1}\\",\\"kind\\":\\"ExecCredential\\",\\"status\\":$status}"
`,
  );
  chmodSync(path, 0o755);
}
