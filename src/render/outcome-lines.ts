// How a run failed, for a terminal.
import type { Cause, PodTrouble } from "../domain/cause.ts";
import type { Action, Outcome } from "../domain/run.ts";

/** Lines for the person who ran the command: what state the release is in, and why. Nothing of a run that went well. */
export function toOutcomeLines(action: Action, outcome: Outcome, cause: Cause): readonly string[] {
  const headline = toHeadline(action, outcome);
  if (headline === undefined) return [];
  const { hook, pods, morePods, events, missing } = cause;
  return [
    headline,
    ...(hook ? [`  ${hook.kind} ${hook.name}${hook.reason ? `: ${hook.reason}` : ""}`] : []),
    ...(hook?.log ?? []).map((line) => `    ${line}`),
    ...pods.flatMap(podLines),
    ...(morePods > 0 ? [`  +${morePods} more pods`] : []),
    ...events.map(({ about, reason, message }) => `  ${about}: ${reason}: ${message}`),
    ...missing.map((what) => `  could not be read: ${what}`),
  ];
}

function toHeadline(action: Action, outcome: Outcome): string | undefined {
  const isUninstall = action === "uninstall";
  switch (outcome.kind) {
    case "applied":
    case "rolled-out":
      return undefined;
    case "not-applied":
      return `the ${action} failed before anything was ${isUninstall ? "removed" : "applied"}`;
    case "failed":
      return `the ${action} failed; what was ${isUninstall ? "not removed" : "applied"} until then is still there`;
    case "rolled-back":
      return outcome.toRevision === undefined
        ? `the ${action} failed, and Helm undid it`
        : `the ${action} failed, and was rolled back to revision ${outcome.toRevision}`;
    case "interrupted":
      return `the ${action} was interrupted`;
    case "unknown":
      return `how the ${action} ended is not known`;
  }
}

function podLines({ pod, container, reason, message, image, log = [] }: PodTrouble): string[] {
  const place = container === undefined ? `pod ${pod}` : `pod ${pod}, container ${container}`;
  const details = [image, message].filter((text) => text !== undefined).join(": ");
  return [
    `  ${place}: ${reason}${details === "" ? "" : ` (${details})`}`,
    ...log.map((line) => `    ${line}`),
  ];
}
