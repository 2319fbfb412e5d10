/** What the user can fix. `message` says what is wrong, with the value and the place; `hint` is one imperative sentence. */
export class NotifyError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(code: string, message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "NotifyError";
    this.code = code;
    this.hint = options.hint;
  }
}

/** What is wrong and what to do about it, in one line. */
export function withHint({ message, hint }: NotifyError): string {
  return hint === undefined ? message : `${message}. ${hint}`;
}
