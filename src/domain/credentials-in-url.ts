/** `https://user:secret@host` → `https://***@host`: for messages. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(/:\/\/[^/\s@]+@/g, "://***@");
}

/** Clone addresses of some CIs hold a token. */
export function withoutCredentials(source: string): string {
  return source.replaceAll(/(https?:\/\/)[^/?#\s]*@/gi, "$1");
}
