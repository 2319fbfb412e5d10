// What goes wrong beside Helm is a warning: a bug of ours must not stop a deploy, nor look like a failed one.
import { NotifyError, withHint } from "../domain/errors.ts";

/** What is promised; `otherwise`, and a warning, where that comes to nothing. */
export async function orWarn<T>(
  promise: Promise<T>,
  otherwise: T,
  warn: (line: string) => void,
): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    warn(toWarning(error));
    return otherwise;
  }
}

/** In one line, unless it is a bug. */
export function toWarning(error: unknown): string {
  if (!(error instanceof NotifyError)) {
    return `a bug in helm-notify: ${error instanceof Error ? error.stack : String(error)}`;
  }
  return withHint(error);
}
