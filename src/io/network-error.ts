// What went wrong on the way to a host. The message of the network error may hold URLs or tokens: only its code is kept.
import { NotifyError } from "../domain/errors.ts";

// https://nodejs.org/api/tls.html#x509-certificate-error-codes, and what OpenSSL's own failures are called in Node.
const TLS_CODES =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|CRL_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|INVALID_|PATH_LENGTH)/;

export function networkError(error: unknown, host: string): NotifyError {
  const code = errorCode(error);
  if (code.startsWith("ERR_PROXY")) {
    return new NotifyError("HTTP_PROXY", `the proxy gave no way to ${host} (${code})`, {
      hint: "Check the proxy settings: HTTPS_PROXY, NO_PROXY, or proxy-url in the kubeconfig.",
    });
  }
  if (TLS_CODES.test(code)) {
    return new NotifyError("HTTP_TLS", `no trusted TLS connection to ${host} (${code})`, {
      hint: "Check the certificate authority, the client certificate and the host name.",
    });
  }
  return new NotifyError("HTTP_UNREACHABLE", `could not reach ${host} (${code})`, {
    hint: "Check the address, the network and the proxy settings.",
  });
}

/** The code of a failure of the system, such as ENOENT: all of it that is safe to print. */
export function errorCode(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "no error code";
}
