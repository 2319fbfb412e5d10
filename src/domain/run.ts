// One run of Helm on a release, and how it ended.
import * as z from "zod/mini";

const ACTIONS = ["install", "upgrade", "rollback", "uninstall"] as const;

export const action = z.enum(ACTIONS);
export type Action = z.infer<typeof action>;
/** The end of a run that a message is about. */
export type Phase = "start" | "end";

/** What Helm tells a chart's hooks: only of a run that begins or went well. */
export const HOOK_EVENTS = ["pre-install", "pre-upgrade", "pre-rollback"] as const;
export type HookEvent = (typeof HOOK_EVENTS)[number];

/** How a run ended. Kept in the ledger, so a kind may be added and never changed. */
export const outcome = z.discriminatedUnion("kind", [
  /** Helm ended well and was not told to wait: nothing is known of the rollout. */
  z.object({ kind: z.literal("applied") }),
  /** Helm ended well and waited for the rollout. */
  z.object({ kind: z.literal("rolled-out") }),
  /** Failed, and nothing of it was applied. */
  z.object({ kind: z.literal("not-applied") }),
  /** Failed, and what was applied until then is still there. */
  z.object({ kind: z.literal("failed") }),
  /** Failed, and gone back from, by Helm or by somebody else; without a revision where Helm uninstalled a first install. */
  z.object({ kind: z.literal("rolled-back"), toRevision: z.optional(z.number()) }),
  /** Ended from outside: by a signal, or the release is left pending. */
  z.object({ kind: z.literal("interrupted") }),
  /** Nobody saw the end. */
  z.object({ kind: z.literal("unknown") }),
]);
export type Outcome = z.infer<typeof outcome>;

/** Whether what the run set out to do is done. */
export function isGood({ kind }: Outcome): boolean {
  return kind === "applied" || kind === "rolled-out";
}

/** Takes a hook's event apart. */
export function actionOf(event: HookEvent): Action {
  switch (event) {
    case "pre-install":
      return "install";
    case "pre-upgrade":
      return "upgrade";
    case "pre-rollback":
      return "rollback";
  }
}
