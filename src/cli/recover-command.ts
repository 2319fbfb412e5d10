// `recover`: its words and options, and what they ask for.
import { type Command, Option } from "commander";
import { HELM_TIMEOUT_MS } from "../domain/recovery.ts";
import { NotifyError } from "../domain/errors.ts";
import type { RecoverRequest } from "../flow/recover.ts";
import { parseDuration } from "./settings.ts";

/** What the command line asks for, and where. */
export interface RecoverOptions extends RecoverRequest {
  readonly namespace: string | undefined;
  readonly kubeContext: string | undefined;
  /** For the rollback. */
  readonly isWithoutHooks: boolean;
}

interface Words {
  readonly namespace?: string;
  readonly kubeContext?: string;
  readonly rollback: boolean;
  readonly hooks: boolean;
  readonly yes: boolean;
  readonly force: boolean;
  readonly wait?: number;
  readonly timeout: number;
  readonly dryRun: boolean;
  readonly output: RecoverRequest["output"];
}

const HELP = `
For "another operation (install/upgrade/rollback) is in progress": a Helm that was killed leaves its revision
pending, and no other may deploy. Says who began it and when, and whether that process may still be alive:
by the ledger, to which helm-notify writes as long as it lives, by hooks that still run, and by its age.

Then, asked on a terminal or with --yes, marks the revision as failed, as Helm would have. Nothing is deleted
and nothing uninstalled; the next upgrade starts from the last deployed revision. Slack is told.

Where its process may be alive nothing is done, unless --force says so. A Helm that outlived the helm-notify
which started it cannot be told from a dead one; it writes down its own end when it gets there.

Ends with 0 if nothing is pending (any more), 2 if something is and nothing was done about it, 3 if nothing
was done because its process may be alive, 1 for all else that went wrong.

Examples:
  $ helm notify recover shop -n shop
  $ helm notify recover shop --yes --wait 10m
  $ helm notify recover shop --rollback --no-hooks
  $ helm notify recover shop --dry-run -o json | jq -r .pending.process.state`;

export function addRecoverCommand(
  program: Command,
  recover: (options: RecoverOptions) => Promise<void>,
): void {
  program
    .command("recover")
    .description("end what a killed Helm left pending")
    .argument("<release>", "name of the release")
    .option("-n, --namespace <name>", "namespace of the release")
    .option("--kube-context <name>", "context in the kubeconfig")
    .option("--rollback", "then go back to the last deployed revision, by helm rollback", false)
    .option("--no-hooks", "without hooks, where one of them is the culprit")
    .addOption(duration("--wait <time>", "wait so long for it to end by itself"))
    .addOption(
      duration("--timeout <time>", "what its Helm was given as --timeout").default(
        HELM_TIMEOUT_MS,
        "5m",
      ),
    )
    .option("-y, --yes", "do not ask", false)
    .option("--force", "also where its process may be alive", false)
    .option("--dry-run", "say what is there and what would be done, do nothing", false)
    .addOption(
      new Option("-o, --output <format>", "how to print it")
        .choices(["text", "json"])
        .default("text"),
    )
    .addHelpText("after", HELP)
    .action(async (release: string, words: Words) => recover(toRecoverOptions(release, words)));
}

function toRecoverOptions(release: string, words: Words): RecoverOptions {
  const { namespace, kubeContext, output, wait = 0, timeout } = words;
  if (!words.hooks && !words.rollback) {
    throw new NotifyError(
      "BAD_ARGUMENTS",
      "--no-hooks is for --rollback: nothing else runs hooks",
      {
        hint: "Add --rollback, or leave it out.",
      },
    );
  }
  return {
    release,
    namespace,
    kubeContext,
    isRolledBack: words.rollback,
    isWithoutHooks: !words.hooks,
    isAgreed: words.yes,
    isForced: words.force,
    isDryRun: words.dryRun,
    waitMs: wait,
    timeoutMs: timeout,
    output,
  };
}

function duration(flags: string, description: string): Option {
  const [name = ""] = flags.split(" ");
  return new Option(flags, description).argParser((text: string) => parseDuration(text, name));
}
