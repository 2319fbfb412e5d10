// What was asked for, in Helm's own words.

/** The Helm commands that deploy, or show what a deploy would do (helm-diff). Everything else passes through. */
export type HelmVerb = "upgrade" | "install" | "diff upgrade";

/** The Helm commands that run as typed, and are told of. */
export type ToldVerb = "rollback" | "uninstall";

/** What a command's flags say of its run. */
export interface RunFlags {
  readonly isDryRun: boolean;
  /** Helm waits for the rollout. */
  readonly isWaited: boolean;
  /** Helm undoes a failure (`--rollback-on-failure`, `--atomic`). */
  readonly isAtomic: boolean;
  readonly isWithoutHooks: boolean;
}

/** Flags that give values, in the order typed; `-f a,b` is split already. */
export interface ValueSources {
  readonly files: readonly string[];
  readonly set: readonly string[];
  readonly setString: readonly string[];
  readonly setJson: readonly string[];
  readonly setFile: readonly string[];
  readonly setLiteral: readonly string[];
}

/** How Helm itself treats the values of the last release. */
export type KeepValues = "none" | "reset" | "reuse" | "reset-then-reuse";

export interface DeployRequest {
  readonly verb: HelmVerb;
  /** Absent where Helm makes the name up (`install --generate-name`). */
  readonly release: string | undefined;
  readonly chart: string;
  /** Whether Helm makes the release where there is none: `install`, `upgrade --install`. */
  readonly mayInstall: boolean;
  readonly sources: ValueSources;
  readonly keep: KeepValues;
  /** `--version`, `--repo`, credentials: what finds a chart that is not on the disk, as argv. */
  readonly chartFlags: readonly string[];
}
