// `promote`: its words and options, and what they ask for.
import { type Command, Option } from "commander";
import type { PromoteRequest } from "../flow/promote.ts";
import { addGitOptions, type BumpOptions, type GitWords, toGitOptions } from "./bump-command.ts";

export interface PromoteOptions {
  readonly request: PromoteRequest;
  readonly bump: BumpOptions;
}

interface Words extends GitWords {
  readonly from?: string;
  readonly to: string;
  readonly service?: string[];
  readonly source: PromoteRequest["source"];
  readonly yes: boolean;
}

const HELP = `
Takes tags, Git revisions, digests and threads from what the last deploy recorded in the cluster of one
environment, or with --source file from its values file, and writes them into the values file of another, as
bump does.
Shows what comes, with its commits where HELM_NOTIFY_GIT_TOKEN allows, and asks; --yes answers.

Examples:
  $ helm notify promote --to production --push
  $ helm notify promote --from staging --to production --service api web --yes --push
  $ helm notify promote --from staging --to production --source file --dry-run`;

export function addPromoteCommand(
  program: Command,
  promote: (options: PromoteOptions) => Promise<void>,
): void {
  const command = program
    .command("promote")
    .description("write what one environment runs into the values file of another")
    .option("--from <name>", "environment to take it from; else its promoteFrom")
    .requiredOption("--to <name>", "environment to write it to")
    .option("--service <name...>", "only these services")
    .addOption(
      new Option("--source <source>", "what the cluster recorded, or what the values file says")
        .choices(["record", "file"])
        .default("record"),
    )
    .option("-y, --yes", "do not ask", false);
  addGitOptions(command)
    .addHelpText("after", HELP)
    .action(async (words: Words) => promote(toPromoteOptions(words)));
}

function toPromoteOptions(words: Words): PromoteOptions {
  const bump = {
    environment: words.to,
    bumps: [],
    isLatest: false,
    latest: [],
    ...toGitOptions(words),
  };
  return {
    request: {
      from: words.from,
      services: words.service ?? [],
      source: words.source,
      isAgreed: words.yes || bump.isDryRun,
      mayDowngrade: bump.mayDowngrade,
    },
    bump,
  };
}
