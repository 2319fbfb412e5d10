// What `doctor` finds.
import { NotifyError } from "./errors.ts";

export interface Finding {
  /** `problem`: something will not work; `warning`: it may be meant so. */
  readonly level: "ok" | "warning" | "problem";
  /** Where: `helm`, `helm-notify.yaml`, an environment's name. */
  readonly place: string;
  readonly message: string;
  /** One imperative sentence. */
  readonly remedy?: string | undefined;
}

/** The findings of one place. */
export function findingsAt(place: string) {
  return {
    ok: (message: string): Finding => ({ level: "ok", place, message }),
    warning: (message: string, remedy: string): Finding => ({
      level: "warning",
      place,
      message,
      remedy,
    }),
    problem: (message: string, remedy: string): Finding => ({
      level: "problem",
      place,
      message,
      remedy,
    }),
    /** What could not be looked at, or was refused. Throws on what the user cannot mend. */
    failure: (error: unknown, level: "warning" | "problem" = "problem"): Finding => {
      if (!(error instanceof NotifyError)) throw error;
      return { level, place, message: error.message, remedy: error.hint };
    },
  };
}

export type FindingsAt = ReturnType<typeof findingsAt>;
