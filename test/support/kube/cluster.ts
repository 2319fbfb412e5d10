// The parts of one embedded cluster, as the HTTP half and the controllers share them.
import type { Faults } from "./faults.ts";
import type { Identity } from "./identity.ts";
import type { PodLogs } from "./pod-logs.ts";
import type { Authorizer } from "./rbac.ts";
import type { ResourceTable } from "./resources.ts";
import type { Store } from "./store.ts";

/** An image as a local command line; the container's arguments are appended. */
export type Program = readonly string[];

export interface Cluster {
  readonly resources: ResourceTable;
  readonly store: Store;
  readonly identity: Identity;
  readonly authorizer: Authorizer;
  readonly faults: Faults;
  readonly podLogs: PodLogs;
  /** Programs by the last part of the image's repository: `helm-notify-hook`. */
  readonly images: Readonly<Record<string, Program>>;
  /** Images that are never pulled. */
  readonly notReady: RegExp | undefined;
  readonly address: { readonly host: string; port: number };
  readonly ca: string;
  /** Where the volumes of running pods lie. */
  readonly directory: string;
  /** Aborted when the cluster stops: nothing may start after that. */
  readonly stopped: AbortSignal;
}
