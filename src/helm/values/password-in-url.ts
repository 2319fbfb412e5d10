/** `https://user:secret@host` → `https://***@host`: for messages. */
export function withoutPasswords(text: string): string {
  return text.replaceAll(/:\/\/[^/\s@]+@/g, "://***@");
}
