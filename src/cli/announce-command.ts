// `announce`: its words and options, and what they ask for.
import { type Command, Option } from "commander";
import { NotifyError } from "../domain/errors.ts";
import type { ImageReference } from "../domain/image-reference.ts";
import { parsePushedImages } from "../domain/push.ts";
import type { AnnounceOptions } from "../flow/announce.ts";
import { filled } from "./filled-option.ts";

/** What the command line asks for; what it leaves open, the CI says. */
export interface AnnounceRequest extends AnnounceOptions {
  readonly images: readonly ImageReference[];
  readonly revision: string | undefined;
  readonly source: string | undefined;
  readonly ref: string | undefined;
  readonly channel: string | undefined;
  readonly url: string | undefined;
  readonly actor: string | undefined;
}

interface Words {
  readonly revision?: string;
  readonly source?: string;
  readonly ref?: string;
  readonly channel?: string;
  readonly url?: string;
  readonly actor?: string;
  readonly output: AnnounceOptions["output"];
  readonly strict: boolean;
}

const HELP = `
Repository, commit, branch or tag, run and actor are those of the CI: GitHub Actions (Gitea, Forgejo),
GitLab CI, Jenkins, CircleCI, Bitbucket, Azure Pipelines, Buildkite, Woodpecker, Drone. Options win.

On stdout: with a bot token the thread of the message, CHANNEL/TS. Given to bump --thread, every deploy of
the images replies there. With a webhook nothing, for it does not say. Several images are one message.

The images are pushed, so a Slack that refuses or cannot be reached is a warning, and the exit status
stays 0; 1 with --strict. A wrong command line, or nothing that says whom to tell, is 1 in any case.

Environment:
  HELM_NOTIFY_SLACK_BOT_TOKEN with HELM_NOTIFY_SLACK_CHANNEL, or HELM_NOTIFY_SLACK_WEBHOOK_URL
  HELM_NOTIFY_SLACK_API_URL
                           of GovSlack, or of a proxy: https://slack-gov.com/api/
  HELM_NOTIFY_GENERIC_URL with HELM_NOTIFY_GENERIC_SECRET
                           a CloudEvent, signed, for anything else than Slack
  HELM_NOTIFY_ACTOR, HELM_NOTIFY_URL
                           as --actor and --url

Examples:
  $ helm notify announce registry.example.com/acme/api:1.4.0
  $ helm notify announce acme/api:1.4.0 acme/web:1.4.0 --revision 9f8e7d6 --channel '#deploys'
  $ helm notify announce acme/api:1.4.0 --source gitlab+https://git.example.com/acme/api`;

export function addAnnounceCommand(
  program: Command,
  announce: (request: AnnounceRequest) => Promise<void>,
): void {
  program
    .command("announce")
    .description("tell Slack that a CI has pushed images")
    .argument("<images...>", "IMAGE:TAG, IMAGE:TAG@DIGEST or IMAGE@DIGEST")
    .addOption(filled("--revision <sha>", "the Git commit they were built from"))
    .addOption(filled("--source <url>", "its repository, or a URL template with {revision}"))
    .addOption(filled("--ref <name>", "its branch or tag"))
    .addOption(filled("--channel <channel>", "where to tell, with a bot token"))
    .addOption(filled("--url <url>", "page of the CI run"))
    .addOption(filled("--actor <name>", "who started it"))
    .addOption(
      new Option("-o, --output <format>", "how to print it")
        .choices(["text", "json"])
        .default("text"),
    )
    .option("--strict", "end with 1 if it could not be told", false)
    .addHelpText("after", HELP)
    .action(async (images: string[], words: Words) => announce(toAnnounceRequest(images, words)));
}

function toAnnounceRequest(images: readonly string[], words: Words): AnnounceRequest {
  const { revision, source, ref, channel, url, actor, output, strict: isStrict } = words;
  if (url !== undefined && !/^https?:\/\//.test(url)) {
    throw new NotifyError("BAD_FLAG", `--url is "${url}"`, { hint: "Begin it with https://." });
  }
  const given = { revision, source, ref, channel, url, actor };
  return { images: parsePushedImages(images), ...given, output, isStrict };
}
