// Answers and failures of the Kubernetes API in words that tell what to do.
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import { parseJson } from "../domain/json.ts";
import type { HttpResponse } from "../flow/ports.ts";
import type { Connection } from "./connection.ts";

/** The server's own message says who may not do what, so it is kept. */
export function statusError(
  { status, body }: HttpResponse,
  { server, origin }: Connection,
): NotifyError {
  const { host } = new URL(server);
  const said = statusMessage(body);
  const detail = said === undefined ? "" : `: ${said}`;
  switch (status) {
    case 401:
      return new NotifyError(
        "KUBE_UNAUTHORIZED",
        `the Kubernetes API at ${host} does not accept the credentials`,
        {
          hint: `Log in again, or renew the credentials of ${origin}.`,
        },
      );
    case 403:
      return new NotifyError(
        "KUBE_FORBIDDEN",
        said ?? `the Kubernetes API at ${host} refused (403)`,
        {
          hint: "Ask for this right in the namespace, or check namespace and context.",
        },
      );
    case 404:
      return new NotifyError("KUBE_NOT_FOUND", said ?? `${host} answered 404`, {
        hint: "Check the server address, the namespace and the name.",
      });
    case 409:
      return new NotifyError("KUBE_CONFLICT", said ?? `${host} answered 409`, {
        hint: "Read the object again and repeat.",
      });
    case 410:
      return new NotifyError("KUBE_EXPIRED", said ?? `${host} answered 410`, {
        hint: "The cluster keeps its past for some minutes only.",
      });
    default:
      return new NotifyError(
        "KUBE_FAILED",
        `the Kubernetes API at ${host} answered ${status}${detail}`,
        {
          hint: "Try again; if it stays, ask those who run the cluster.",
        },
      );
  }
}

/** A failure of the network, told as one of the cluster. */
export function unreachableError(error: unknown, { server, origin }: Connection): unknown {
  if (!(error instanceof NotifyError) || error.code === "HTTP_TOO_LARGE") return error;
  const code = error.code === "HTTP_TIMEOUT" ? "KUBE_TIMEOUT" : "KUBE_UNREACHABLE";
  const { host } = new URL(server);
  const problem = error.message.includes(host) ? error.message : `${host}: ${error.message}`;
  return new NotifyError(code, `the Kubernetes API does not answer (${origin}): ${problem}`, {
    hint: hintFor(error, origin),
    cause: error,
  });
}

function hintFor(error: NotifyError, origin: string): string {
  if (error.code === "HTTP_TLS") {
    return `Check certificate-authority-data and the client certificate of ${origin}.`;
  }
  return error.code === "HTTP_PROXY"
    ? "Check proxy-url in the kubeconfig, HTTPS_PROXY and NO_PROXY."
    : "Check the context, the network and the VPN; helm would not get through either.";
}

const answer = z.object({ message: z.string() });

function statusMessage(body: Buffer): string | undefined {
  // Maybe a proxy's error page.
  return answer.safeParse(parseJson(body.toString())).data?.message || undefined;
}
