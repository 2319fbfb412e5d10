// What a flow needs of the outside world: types only.
import type { Secret } from "../domain/secret.ts";

export interface HttpRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  readonly headers?: Readonly<Record<string, string | Secret>>;
  readonly body?: string;
  /** Ends the request, whatever it waits for. */
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** Rejects with a `NotifyError` of code `HTTP_…` where no answer came; any status is an answer. */
export type SendHttp = (request: HttpRequest) => Promise<HttpResponse>;
