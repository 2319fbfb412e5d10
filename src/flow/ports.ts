// What a flow needs of the outside world: types only.
import type { Telling } from "../domain/ledger.ts";
import type { Message } from "../domain/message.ts";
import type { LiveRelease, RevisionStatus } from "../domain/release.ts";
import type { Secret } from "../domain/secret.ts";
import type { Shipped } from "../domain/shipped.ts";

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

/** How helm ended: its own exit status, or the signal that killed it. `isSignalled`: we had handed a signal on to it. */
export type HelmExit = (
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: NodeJS.Signals }
) & { readonly isSignalled?: boolean };

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
export interface MessagePlace {
  readonly channel: string;
  readonly ts: string;
}

export interface SlackPost {
  readonly text: string;
  readonly blocks: readonly object[];
}

export type Delivery =
  /** `place` is known only of messages posted with a bot token. */
  | { readonly kind: "delivered"; readonly place?: MessagePlace }
  /** It was said no: trying again is of no use until someone does as `hint` says. `code` is the other side's own word. */
  | {
      readonly kind: "refused";
      readonly reason: string;
      readonly hint: string;
      readonly code?: string;
    }
  /** Nobody could be reached, or not in time. */
  | { readonly kind: "gave-up"; readonly reason: string };

/** None of these rejects over anything that Slack or the network does; each is back by the deadline. */
export interface Slack {
  /** Whether messages can be edited and replied to: with a bot token, not with a webhook. */
  readonly knowsThreads: boolean;
  readonly post: (post: SlackPost, deadline: Deadline) => Promise<Delivery>;
  /** Puts `post` in the place of a message of ours. */
  readonly edit: (place: MessagePlace, post: SlackPost, deadline: Deadline) => Promise<Delivery>;
  /** `isBroadcast`: into the channel as well as the thread. */
  readonly reply: (
    place: MessagePlace,
    post: SlackPost,
    options: { readonly isBroadcast: boolean },
    deadline: Deadline,
  ) => Promise<Delivery>;
}

/** Sends one CloudEvent. Rejects as little as `Slack`. */
export type SendEvent = (event: { readonly id: string }, deadline: Deadline) => Promise<Delivery>;

/** One way to tell people of a run. */
export interface Teller {
  /** Its key in the ledger. */
  readonly name: "slack" | "generic";
  /** Tells what `message` says; `before` is what this way has told of the same run. */
  readonly tell: (message: Message, before: Telling, deadline: Deadline) => Promise<Delivery>;
  /** Tells the end of a run where an image was announced; absent where there are no threads. */
  readonly tellThread?: (
    thread: MessagePlace,
    message: Message,
    deadline: Deadline,
  ) => Promise<Delivery>;
}

/** The commits between two revisions of the repository at `source`; `undefined` where its host cannot be asked. Never rejects. */
export type ReadShipped = (
  source: string,
  from: string,
  to: string,
  signal: AbortSignal,
) => Promise<Shipped | undefined>;

/** Labels of an image's configuration by its name, tag and digest; `undefined` where the registry cannot be read. Never rejects. */
export type ReadImageLabels = (
  image: {
    readonly repository: string;
    readonly tag: string;
    readonly digest?: string | undefined;
  },
  signal: AbortSignal,
) => Promise<Readonly<Record<string, string>> | undefined>;

export interface StoredConfigMap {
  readonly data: Readonly<Record<string, string>>;
  readonly resourceVersion: string;
  readonly uid: string;
  /** By the cluster's clock, in whole seconds. */
  readonly createdAt: string;
  /** When it was last written, by the same clock; absent where the server does not keep that. */
  readonly writtenAt?: string | undefined;
  /** The event of Helm that it was made for, where it is a hook. */
  readonly hook?: string | undefined;
}

/** `undefined` where there is none; rejects with a `NotifyError` of code `KUBE_…`. */
export type ReadConfigMap = (
  name: string,
  signal: AbortSignal,
) => Promise<StoredConfigMap | undefined>;

/** As it was at that version of the cluster; refuses with `KUBE_EXPIRED` where the cluster has forgotten it. */
export type ReadConfigMapAt = (
  name: string,
  resourceVersion: string,
  signal: AbortSignal,
) => Promise<StoredConfigMap | undefined>;

/** Refuses with `KUBE_CONFLICT` where the ConfigMap is no longer at `resourceVersion`. */
export type WriteConfigMap = (
  name: string,
  data: Readonly<Record<string, string>>,
  resourceVersion: string | undefined,
  signal: AbortSignal,
) => Promise<void>;

/** One revision of a release as Helm keeps it. */
export interface StoredRevision {
  readonly release: LiveRelease;
  /** Helm's own words on how it ended. */
  readonly description: string | undefined;
  /** When Helm began it, by the clock of its machine; absent where it was asked of Helm. */
  readonly startedAt?: Date | undefined;
  /** The whole, as decoded; never trusted further than it is checked. */
  readonly content: unknown;
}

/** The revisions of one release. Each rejects with a `NotifyError`. */
export interface Revisions {
  /** Newest first; empty where there is no release. */
  readonly list: (signal: AbortSignal) => Promise<readonly RevisionStatus[]>;
  readonly read: (revision: number, signal: AbortSignal) => Promise<StoredRevision>;
}

/** `undefined` where there is none; rejects with a `NotifyError` of code `KUBE_…`. */
export type ReadReplicaSetUid = (name: string, signal: AbortSignal) => Promise<string | undefined>;

/** Deletes that very one: another of its name stays. */
export type DeleteReplicaSet = (name: string, uid: string, signal: AbortSignal) => Promise<void>;

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

/** A working copy of a deployment repository. Each rejects with a `NotifyError`, and then nothing was changed. */
export interface Checkout {
  /** `undefined` on a detached HEAD. */
  readonly branch: string | undefined;
  /** The text of a file by its path in the repository; `undefined` where there is none. */
  readonly readFile: (path: string) => Promise<string | undefined>;
  /** The texts a file had whenever a line with one of `words` came or went, oldest first. */
  readonly readHistory: (path: string, words: readonly string[]) => AsyncIterable<string>;
  /** What `text` would change, as a unified diff. */
  readonly diff: (path: string, text: string) => Promise<string>;
  /** Runs `use` while no other bump writes into the same files. */
  readonly exclusively: <T>(use: () => Promise<T>) => Promise<T>;
  /** Refuses a file that does not say what is committed. */
  readonly checkClean: (path: string) => Promise<void>;
  /** Commits that one file and no other; the commit's name. */
  readonly commit: (path: string, text: string, message: string) => Promise<string>;
  /** `overtaken`: somebody else was first, or the connection broke; `renew` and do it again. */
  readonly push: () => Promise<"pushed" | "overtaken">;
  /** Waits a moment, longer each time, and goes to the newest commit of the branch. */
  readonly renew: () => Promise<void>;
}
