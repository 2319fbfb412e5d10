// Declares our own commands: names, options, help. An action is one call.
import { Command, Option } from "commander";

import { addAnnounceCommand, type AnnounceRequest } from "./announce-command.ts";
import { addBumpCommand, type BumpOptions } from "./bump-command.ts";
import { addDoctorCommand } from "./doctor-command.ts";
import { addLiveCommand } from "./live-command.ts";
import { addLockCommands, type LockWords, type UnlockWords } from "./lock-command.ts";
import { addLogCommand, type LogRequest } from "./log-command.ts";
import { addPromoteCommand, type PromoteOptions } from "./promote-command.ts";
import { addRecoverCommand, type RecoverOptions } from "./recover-command.ts";
import { addTagsCommand } from "./tags-command.ts";
import type { DoctorRequest } from "../flow/doctor.ts";
import type { LiveOptions } from "../flow/live.ts";
import type { TagsRequest } from "../flow/tags.ts";

export interface Actions {
  readonly plan: (helmArgv: readonly string[], help: () => void) => Promise<void>;
  readonly values: (helmArgv: readonly string[], help: () => void) => Promise<void>;
  readonly preview: (helmArgv: readonly string[], help: () => void) => Promise<void>;
  readonly init: (chart: string, options: { dryRun: boolean }) => Promise<void>;
  readonly announce: (request: AnnounceRequest) => Promise<void>;
  readonly bump: (options: BumpOptions) => Promise<void>;
  readonly promote: (options: PromoteOptions) => Promise<void>;
  readonly tags: (request: TagsRequest) => Promise<void>;
  readonly live: (options: LiveOptions) => Promise<void>;
  readonly log: (request: LogRequest) => Promise<void>;
  readonly recover: (options: RecoverOptions) => Promise<void>;
  readonly lock: (words: LockWords) => Promise<void>;
  readonly unlock: (words: UnlockWords) => Promise<void>;
  readonly doctor: (request: DoctorRequest) => Promise<void>;
}

export interface Output {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
}

/** A command whose words are those of `helm upgrade`: they are read by Helm's rules, not by commander's. */
function helmLike(program: Command, name: string, usage: string): Command {
  return program
    .command(name)
    .usage(usage)
    .argument("[args...]", "")
    .allowUnknownOption()
    .passThroughOptions()
    .helpOption("-h, --help", "display help for command");
}

export function createProgram(actions: Actions, output: Output, version: string): Command {
  const program = new Command("helm notify")
    .description(
      "Carries image tags and Git revisions forward on an upgrade, and tells Slack what really changed.\n" +
        "Every Helm command passes through unchanged; ours take Helm's own flags.",
    )
    .usage("[command] [flags]")
    .version(version, "--version", "print the version")
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput(output)
    .helpCommand(false)
    .addHelpText(
      "after",
      `
Helm's own commands:
  upgrade RELEASE CHART    helm upgrade, with the live tags and revisions carried forward, and told
  install RELEASE CHART    helm install, with the table of what is deployed, and told
  rollback, uninstall      as Helm has them, and told
  diff upgrade …           helm-diff, with what the upgrade would carry
  anything else            goes to Helm as it is

Options on these, plan, values and preview:
  --notify-config FILE     services of charts that do not name them (HELM_NOTIFY_CONFIG)
  --notify-environment E   where this deploys to, if the values do not say it (HELM_NOTIFY_ENVIRONMENT)
  --notify-recover         upgrade: first recovers a release that a dead process left pending (HELM_NOTIFY_RECOVER)
  --notify-test            upgrade, install: a failing helm test fails the deploy, and undoes it with
                           --rollback-on-failure or --atomic (HELM_NOTIFY_TEST)
  --notify-timeout TIME    longest wait for the Kubernetes API, default 15s (HELM_NOTIFY_TIMEOUT)
  --notify-wait-turn TIME  upgrade, install, rollback, uninstall: refuses after waiting so long for others of us that are at
                           the release, 0 at once; else after 5m, and rollback and uninstall go on after 10s
                           (HELM_NOTIFY_WAIT_TURN)
  --notify-override-lock REASON
                           the same, although somebody has locked the release (HELM_NOTIFY_OVERRIDE_LOCK)

Environment:
  HELM_NOTIFY_HELM         path of the real helm; else HELM_BIN, else helm on the PATH
  HELM_NOTIFY_ACTOR, HELM_NOTIFY_URL
                           who deploys, and the page of the CI run; else as the CI says it

To tell people without the Secret named in the values:
  HELM_NOTIFY_SLACK_BOT_TOKEN with HELM_NOTIFY_SLACK_CHANNEL, or HELM_NOTIFY_SLACK_WEBHOOK_URL
  HELM_NOTIFY_SLACK_API_URL
                           of GovSlack, or of a proxy: https://slack-gov.com/api/
  HELM_NOTIFY_GENERIC_URL with HELM_NOTIFY_GENERIC_SECRET
                           CloudEvents, signed, for anything else than Slack
  HELM_NOTIFY_GIT_TOKEN    HOST=TOKEN, several parted by commas: lists the commits that ship

Examples:
  $ helm notify upgrade shop ./chart -f staging.yaml --set api.image.tag=1.4.0
  $ helm notify plan shop ./chart -f staging.yaml --set api.image.tag=1.4.0 -o json
  $ helm notify init ./chart`,
    );

  helmLike(program, "plan", "RELEASE CHART [flags of helm upgrade]")
    .description("show what an upgrade would carry and change; nothing is run")
    .addHelpText(
      "after",
      `
Takes every flag of helm upgrade, and:
  -o, --output table|json  how to print it
  --detailed-exitcode      end with 2 when the upgrade would change a tag, revision or digest

Examples:
  $ helm notify plan shop ./chart -f staging.yaml --set api.image.tag=1.4.0
  $ helm notify plan shop ./chart -o json | jq '.services[] | select(.changed)'`,
    )
    .action(async (argv: string[], _options: object, command: Command) => {
      await actions.plan(argv, () => command.help());
    });

  helmLike(program, "values", "RELEASE [CHART] [flags of helm upgrade]")
    .description("print the values an upgrade would inject, as YAML")
    .addHelpText(
      "after",
      `
With a chart and the flags of the upgrade to come: exactly what it would inject.
With the release alone: all that could be carried.

  -o, --output yaml|json   how to print it

Examples:
  $ helm notify values shop --namespace shop
  # a file live.yaml.gotmpl, the first entry of a release's values: in a helmfile
  {{ exec "helm-notify" (list "values" .Release.Name "--namespace" .Release.Namespace) }}`,
    )
    .action(async (argv: string[], _options: object, command: Command) => {
      await actions.values(argv, () => command.help());
    });

  helmLike(program, "preview", "[RELEASE] CHART [flags of helm upgrade]")
    .description("show the messages of a chart and its values; none is sent")
    .addHelpText(
      "after",
      `
Every message from the beginning of an install to a failed upgrade, in the chart's own wording, each with a link to
Slack's Block Kit Builder. Asks no cluster.

  -o, --output text|json   how to print them; json has the blocks

Examples:
  $ helm notify preview ./chart -f staging.yaml
  $ helm notify preview shop ./chart -f staging.yaml -o json | jq '.[0].blocks'`,
    )
    .action(async (argv: string[], _options: object, command: Command) => {
      await actions.preview(argv, () => command.help());
    });

  program
    .command("init")
    .description("add the snippets to a chart: the library chart, its include, a values block")
    .argument("<chart>", "folder of the chart")
    .addOption(new Option("--dry-run", "print what would be done, write nothing").default(false))
    .addHelpText("after", "\nExample:\n  $ helm notify init ./chart")
    .action(async (chart: string, options: { dryRun: boolean }) => {
      await actions.init(chart, options);
    });
  addAnnounceCommand(program, actions.announce);
  addBumpCommand(program, actions.bump);
  addPromoteCommand(program, actions.promote);
  addTagsCommand(program, actions.tags);
  addLiveCommand(program, actions.live);
  addLogCommand(program, actions.log);
  addRecoverCommand(program, actions.recover);
  addLockCommands(program, actions.lock, actions.unlock);
  addDoctorCommand(program, actions.doctor);
  return program;
}
