import { getCACertificates } from "node:tls";

/** Node's own authorities and the machine's, as Go trusts them: Node's own list lacks a company's. SSL_CERT_FILE counts. */
export function systemAuthorities(): string[] {
  return [...new Set([...getCACertificates("default"), ...getCACertificates("system")])];
}
