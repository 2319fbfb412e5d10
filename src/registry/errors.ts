// Answers and failures of a registry in words that tell what to do.
import { NotifyError } from "../domain/errors.ts";
import type { HttpResponse } from "../flow/ports.ts";

/** `what` was asked for: `acme/api:1.4.0`. */
export function statusError({ status }: HttpResponse, registry: string, what: string): NotifyError {
  if (status === 404) {
    return new NotifyError("REGISTRY_NOT_FOUND", `${registry} has no ${what}`, {
      hint: "Check the name and the tag, and that the image was pushed.",
    });
  }
  if (status === 429 || status >= 500) {
    return new NotifyError("REGISTRY_BUSY", `${registry} answered ${status}`, {
      hint: "Try again later; logged in, one may ask more often.",
    });
  }
  return notARegistry(registry, `status ${status}`);
}

export function notARegistry(registry: string, found: string): NotifyError {
  return new NotifyError(
    "REGISTRY_NOT_ONE",
    `${registry} does not answer like a registry (${found})`,
    { hint: "Check the image's host name and port." },
  );
}

/** A failure of the network, told as one of the registry. */
export function unreachableError(error: unknown, registry: string): unknown {
  if (!(error instanceof NotifyError) || !error.code.startsWith("HTTP_")) return error;
  if (error.code === "HTTP_TOO_LARGE") return error;
  return new NotifyError(
    "REGISTRY_UNREACHABLE",
    `the registry ${registry} does not answer: ${error.message}`,
    error.hint === undefined ? {} : { hint: error.hint },
  );
}
