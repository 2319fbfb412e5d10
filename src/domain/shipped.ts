// What lies between two Git revisions of a service, as its Git host tells it.

export interface Commit {
  readonly revision: string;
  /** First line of its message. */
  readonly subject: string;
  readonly author: string;
  readonly url?: string | undefined;
}

export interface Shipped {
  /** `behind`: the new revision is an ancestor of the old one. `diverged`: it lacks commits that are live. */
  readonly direction: "ahead" | "behind" | "diverged" | "identical";
  /** In the new revision and not in the old one, newest first, 20 at most. */
  readonly commits: readonly Commit[];
  /** How many those are in all. */
  readonly aheadBy: number;
  /** In the old revision and not in the new one. */
  readonly behindBy: number;
}
