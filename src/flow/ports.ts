// What a flow needs of the outside world: types only.
import type { Secret } from "../domain/secret.ts";

export interface HttpRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: string;
  /** A list is sent as one header each. */
  readonly headers?: Readonly<Record<string, string | readonly string[] | Secret>>;
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

/** How helm ended: its own exit status, or the signal that killed it. */
export type HelmExit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: NodeJS.Signals };

export interface HelmOutput {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs helm for its answer; `input` is its stdin. */
export type RunHelmForOutput = (argv: readonly string[], input?: Buffer) => Promise<HelmOutput>;

/** A limit on all the waiting of a run. */
export interface Deadline {
  /** Aborted when time is up, or when the program is told to stop. */
  readonly signal: AbortSignal;
  remainingMs(): number;
  /** Waits, but not beyond the deadline. */
  sleep(ms: number): Promise<void>;
  /** The same deadline, or an earlier one. */
  sooner(ms: number): Deadline;
}

/** Where Slack keeps a message. */
interface MessagePlace {
  readonly channel: string;
  readonly ts: string;
}

export interface SlackPost {
  readonly text: string;
  readonly blocks: readonly object[];
  /** Makes it a reply in that message's thread, where the way of delivery knows threads. */
  readonly replyTo?: MessagePlace | undefined;
}

export type Delivery =
  /** `place` is known only of messages posted with a bot token. */
  | { readonly kind: "delivered"; readonly place?: MessagePlace }
  /** Slack said no: trying again is of no use until someone does as `hint` says. */
  | { readonly kind: "refused"; readonly reason: string; readonly hint: string }
  /** Slack could not be reached, or not in time. */
  | { readonly kind: "gave-up"; readonly reason: string };

/** Never rejects over anything that Slack or the network does, and is back by the deadline. */
export type Deliver = (post: SlackPost, deadline: Deadline) => Promise<Delivery>;

export interface StoredConfigMap {
  readonly data: Readonly<Record<string, string>>;
  readonly resourceVersion: string;
}

/** `undefined` where there is none; rejects with a `NotifyError` of code `KUBE_…`. */
export type ReadConfigMap = (
  name: string,
  signal: AbortSignal,
) => Promise<StoredConfigMap | undefined>;

/** Refuses with `KUBE_CONFLICT` where the ConfigMap is no longer at `resourceVersion`. */
export type WriteConfigMap = (
  name: string,
  data: Readonly<Record<string, string>>,
  resourceVersion: string | undefined,
  signal: AbortSignal,
) => Promise<void>;

/** The text files of a chart that matter to `init`, by their path in the chart, parts divided by `/`. */
export type ChartTree = ReadonlyMap<string, string>;

export interface ChartChanges {
  readonly writes: ChartTree;
  readonly removals: readonly string[];
}

/** Refuses with `NOT_A_CHART` where there is no Chart.yaml. */
export type ReadChartTree = (directory: string) => Promise<ChartTree>;

/** All or nothing, as far as a file system allows: new text is written beside the files before the first one is replaced. */
export type ChangeChart = (directory: string, changes: ChartChanges) => Promise<void>;
