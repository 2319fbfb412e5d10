import type { Cluster } from "../cluster.ts";

/** Runs `task` after the write that caused it was answered, as a controller would; never once the cluster stops. */
export function defer({ stopped }: Cluster, task: () => void): void {
  setImmediate(() => {
    if (!stopped.aborted) task();
  });
}

/** The same after a time; it keeps no process alive. */
export function deferBySeconds({ stopped }: Cluster, seconds: number, task: () => void): void {
  setTimeout(() => {
    if (!stopped.aborted) task();
  }, seconds * 1000).unref();
}
