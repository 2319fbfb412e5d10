// `live`: its words and options, and what they ask for.
import { type Command, Option } from "commander";
import type { LiveOptions } from "../flow/live.ts";

interface Words {
  readonly env?: string[];
  readonly output: LiveOptions["output"];
  readonly detailedExitcode: boolean;
  readonly slack: boolean;
}

const HELP = `
Reads helm-notify.yaml of the deployment repository you stand in. Per environment it compares what the
values file declares, what the last deploy recorded in the cluster, and what the pods run.

  1.4.0 (9f8e7d6), 3d      tag, Git revision, and since when; ≥ where only that is known
  5 behind, 2 ahead        commits against the environment it is promoted from (with HELM_NOTIFY_GIT_TOKEN),
                           else behind, ahead or differs, by the tags
  !                        drift, explained below the table

An environment that cannot be read is named, the others are shown, and it ends with 1. With
--detailed-exitcode it does so if a values file, ledger or pods cannot be read too, and ends with 2 where
there is drift.

--slack posts the table too, with HELM_NOTIFY_SLACK_BOT_TOKEN and HELM_NOTIFY_SLACK_CHANNEL, or with
HELM_NOTIFY_SLACK_WEBHOOK_URL.

Examples:
  $ helm notify live
  $ helm notify live --env production --detailed-exitcode
  $ helm notify live -o json | jq '.environments[].services[] | select(.drift != [])'`;

export function addLiveCommand(
  program: Command,
  live: (options: LiveOptions) => Promise<void>,
): void {
  program
    .command("live")
    .description("show what runs where: services, environments, drift")
    .option("-e, --env <name...>", "environments in helm-notify.yaml; else all of them")
    .addOption(
      new Option("-o, --output <format>", "how to print it")
        .choices(["table", "json", "csv"])
        .default("table"),
    )
    .option("--detailed-exitcode", "end with 2 where there is drift", false)
    .option("--slack", "post it to Slack too", false)
    .addHelpText("after", HELP)
    .action(async ({ env = [], output, detailedExitcode, slack }: Words) =>
      live({ environments: env, output, isDetailed: detailedExitcode, isPosted: slack }),
    );
}
