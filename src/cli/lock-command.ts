// `lock` and `unlock`: their words and options, and what they ask for.
import type { Command } from "commander";
import { NotifyError } from "../domain/errors.ts";
import { parseDuration } from "./settings.ts";

/** Where the release is, as Helm's own flags say it. */
export interface LockPlace {
  readonly release: string;
  readonly namespace: string | undefined;
  readonly kubeContext: string | undefined;
}

export interface LockWords extends LockPlace {
  readonly reason: string;
  readonly until: Date | undefined;
}

export interface UnlockWords extends LockPlace {
  readonly isForced: boolean;
}

type Place = Partial<Omit<LockPlace, "release">>;

const LOCK_HELP = `
While a release is locked, helm notify upgrade, install, rollback and uninstall of it end with 1 and change nothing, unless
they say --notify-override-lock REASON, which is announced. A run that has begun is not stopped, nor is plain helm, whose
message says that there was a lock. Whoever locked it deploys on from the same machine; what a CI deploys in their name is
stopped. helm notify log shows the lock.

Examples:
  $ helm notify lock shop -n shop --reason "database migration" --until 2h
  $ helm notify lock shop --reason "code freeze" --until 2027-01-04T08:00:00Z`;

const UNLOCK_HELP = `
A release that is not locked is fine, too.

Examples:
  $ helm notify unlock shop -n shop
  $ helm notify unlock shop --force`;

export function addLockCommands(
  program: Command,
  lock: (words: LockWords) => Promise<void>,
  unlock: (words: UnlockWords) => Promise<void>,
): void {
  addPlace(program.command("lock"))
    .description("keep a release from being deployed, and say why")
    .requiredOption("--reason <text>", "why; shown to whoever is stopped, and announced")
    .option("--until <time>", "when it ends by itself: 2h, or a time in ISO 8601")
    .addHelpText("after", LOCK_HELP)
    .action(async (release: string, words: Place & { reason: string; until?: string }) => {
      const until = words.until === undefined ? undefined : parseUntil(words.until, new Date());
      await lock({ ...placeOf(release, words), reason: requireReason(words.reason), until });
    });
  addPlace(program.command("unlock"))
    .description("let a locked release be deployed again")
    .option("--force", "also where somebody else locked it; that is announced", false)
    .addHelpText("after", UNLOCK_HELP)
    .action(async (release: string, words: Place & { force: boolean }) =>
      unlock({ ...placeOf(release, words), isForced: words.force }),
    );
}

function addPlace(command: Command): Command {
  return command
    .argument("<release>", "name of the release")
    .option("-n, --namespace <name>", "namespace of the release")
    .option("--kube-context <name>", "context in the kubeconfig");
}

function placeOf(release: string, { namespace, kubeContext }: Place): LockPlace {
  return { release, namespace, kubeContext };
}

function requireReason(reason: string): string {
  if (reason.trim() !== "") return reason.trim();
  throw new NotifyError("BAD_FLAG", "--reason is empty", {
    hint: "Say why: whoever is stopped by the lock will read it.",
  });
}

/** A duration from now, or a moment with its time zone. Refuses what is past. */
export function parseUntil(text: string, now: Date): Date {
  const isMoment = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/.test(text);
  const hint = "Write a duration such as 2h, or a time such as 2027-01-04T08:00:00Z.";
  if (!isMoment && /^\d{4}-/.test(text)) {
    throw new NotifyError("BAD_FLAG", `--until is "${text}", no whole time with its time zone`, {
      hint,
    });
  }
  const until = isMoment
    ? new Date(text)
    : new Date(now.getTime() + parseDuration(text, "--until"));
  if (until > now) return until;
  throw new NotifyError("BAD_FLAG", `--until is "${text}", which is no time to come`, { hint });
}
