// `tags`: its words and options, and what they ask for.
import { type Command, Option } from "commander";
import { NotifyError } from "../domain/errors.ts";
import { parsePolicy } from "../domain/tag-policy.ts";
import type { TagsRequest } from "../flow/tags.ts";

interface Words {
  readonly policy?: readonly string[];
  readonly env?: string;
  readonly service?: readonly string[];
  readonly explain?: boolean;
  readonly output: TagsRequest["output"];
}

const HELP = `
With an image alone: all its tags. With --policy: the tag that it takes, and nothing else on stdout.
With --env: images and policies of helm-notify.yaml; a tag that was rolled back is held back until a
newer one is there, and none is older than the one in the values. What was rolled back is known by the
history of the file and, where helm-notify.yaml names a release, by its cluster.

Policies, of which several together are one:
  semver:RANGE             the highest version in a range of node-semver: ~1.4, "^1 || ^2", ">=1.4 <2"
  numerical[:desc]         the highest number (the lowest)
  alphabetical[:desc]      the last in the order of characters (the first)
  newest                   the image that was built last
  glob:PATTERN             only tags that match, * and ?; the newest, if nothing else is said
  regex:PATTERN            only tags that match, anywhere in the tag
  extract:TEMPLATE         compare a part of them: $1 or $name of the regex

Examples:
  $ helm notify tags registry.example.com/acme/api
  $ helm notify tags registry.example.com/acme/api --policy semver:~1.4 --explain
  $ helm notify tags acme/web --policy 'regex:^main-\\w+-(?<ts>\\d+)$' --policy 'extract:$ts' --policy numerical
  $ helm notify tags --env staging --service api -o json`;

export function addTagsCommand(
  program: Command,
  tags: (request: TagsRequest) => Promise<void>,
): void {
  program
    .command("tags")
    .description("list an image's tags in its registry, pick one by policy, say why")
    .argument("[image]", "name of the image with its registry, without tag")
    .addOption(several("--policy <POLICY>", "which tag to take, for example semver:~1.4"))
    .option("-e, --env <NAME>", "environment in helm-notify.yaml")
    .addOption(
      several("--service <NAME>", "of that environment; all that have a policy, if none is named"),
    )
    .option("--explain", "say of every tag why it was taken or passed over")
    .addOption(
      new Option("-o, --output <FORMAT>", "how to print it")
        .choices(["table", "json"])
        .default("table"),
    )
    .addHelpText("after", HELP)
    .action(async (image: string | undefined, words: Words) => tags(toTagsRequest(image, words)));
}

function toTagsRequest(image: string | undefined, words: Words): TagsRequest {
  const { explain: isExplained = false, output } = words;
  const wish = toWish(image, words);
  if (isExplained && wish.kind === "list") {
    throw badArguments("--explain needs a policy", "Add --policy, for example semver:~1.4.");
  }
  return { wish, output, isExplained };
}

function toWish(
  image: string | undefined,
  { env, service = [], policy = [] }: Words,
): TagsRequest["wish"] {
  if (env !== undefined && image === undefined) {
    if (policy.length > 0) throw badArguments("--policy goes with an image, not with --env", USAGE);
    return { kind: "latest", environment: env, services: service };
  }
  if (env !== undefined || image === undefined) {
    throw badArguments("either an image or an environment is needed", USAGE);
  }
  if (service.length > 0) throw badArguments("--service needs --env", USAGE);
  if (policy.length === 0) return { kind: "list", image };
  return { kind: "pick", image, policy: parsePolicy(policy) };
}

const USAGE = "Use it like this: helm notify tags IMAGE [--policy …], or tags --env NAME.";

function badArguments(message: string, hint: string): NotifyError {
  return new NotifyError("BAD_ARGUMENTS", message, { hint });
}

function several(flags: string, description: string): Option {
  return new Option(flags, description).argParser(
    (word: string, before: readonly string[] | undefined) => [...(before ?? []), word],
  );
}
