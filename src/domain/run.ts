// One run of Helm on a release, as the hooks see it: an event names the action and which end of it this is.

const ACTIONS = ["install", "upgrade", "rollback"] as const;

export type Action = (typeof ACTIONS)[number];
export type Phase = "start" | "end";
export type HookEvent = `${"pre" | "post"}-${Action}`;

/** Helm's names, as in the annotation `helm.sh/hook`. */
export const HOOK_EVENTS: readonly HookEvent[] = ACTIONS.flatMap(
  (action) => [`pre-${action}`, `post-${action}`] as const,
);

/** Takes an event apart. */
export function momentOf(event: HookEvent): { readonly phase: Phase; readonly action: Action } {
  switch (event) {
    case "pre-install":
      return { phase: "start", action: "install" };
    case "post-install":
      return { phase: "end", action: "install" };
    case "pre-upgrade":
      return { phase: "start", action: "upgrade" };
    case "post-upgrade":
      return { phase: "end", action: "upgrade" };
    case "pre-rollback":
      return { phase: "start", action: "rollback" };
    case "post-rollback":
      return { phase: "end", action: "rollback" };
  }
}
