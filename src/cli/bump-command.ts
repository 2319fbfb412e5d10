// `bump`: its words and options, and what they ask for.
import { type Command, Option } from "commander";
import { parseServiceBump, type ServiceBump } from "../domain/bump.ts";
import { NotifyError } from "../domain/errors.ts";
import { filled } from "./filled-option.ts";
import { parseDuration } from "./settings.ts";

/** What the command line asks for. */
export interface BumpOptions {
  readonly environment: string;
  readonly bumps: readonly ServiceBump[];
  /** The tags are those that the services' policies take. */
  readonly isLatest: boolean;
  /** Of which services; of all that have a policy, if none is named. */
  readonly latest: readonly string[];
  readonly repo: string | undefined;
  readonly branch: string | undefined;
  readonly isPushed: boolean;
  readonly isDryRun: boolean;
  readonly mayCreate: boolean;
  readonly mayDowngrade: boolean;
  readonly verifiesImages: boolean;
  /** A Handlebars template. */
  readonly message: string | undefined;
  readonly author: string | undefined;
  readonly sshKey: string | undefined;
  readonly knownHosts: string | undefined;
  readonly deadlineMs: number;
}

interface Words extends GitWords {
  readonly env: string;
  readonly service?: string;
  readonly tag?: string;
  readonly revision?: string;
  readonly digest?: string;
  readonly sourceRef?: string;
  readonly thread?: string;
  readonly latest: boolean;
  readonly all: boolean;
}

/** Of every command that writes into a deployment repository. */
export interface GitWords {
  readonly repo?: string;
  readonly branch?: string;
  readonly push: boolean;
  readonly dryRun: boolean;
  readonly create: boolean;
  readonly allowDowngrade: boolean;
  readonly verifyImage: boolean;
  readonly message?: string;
  readonly author?: string;
  readonly sshKey?: string;
  readonly knownHosts?: string;
  readonly deadline: string;
}

const HELP = `
Reads helm-notify.yaml at the root of the deployment repository. Without --repo that is the one you
stand in: the file is edited and committed there; with --push the commit is made on the newest state of
the remote branch, and your branch follows. With --repo a private shallow clone is made and pushed.
A push that comes too late is done again on what others have pushed, until the deadline. A --branch that the
server does not have yet begins at its default branch.

A tag is refused that is older than the one in the file: by version or number, by the service's policy, or
because it stood there before. --allow-downgrade takes it. A tag or digest that the registry does not have
is refused too, unless --no-verify-image.

With --latest --all a service whose tags cannot be looked up, or of which the policy takes none, is left as it
is: the others are written, and the exit status is 1.

Environment:
  HELM_NOTIFY_SSH_KEY      a private key, also in base64, or its path, as --ssh-key
  HELM_NOTIFY_KNOWN_HOSTS  lines of known_hosts or their path, as --known-hosts
  HELM_NOTIFY_GIT_PASSWORD token or password for HTTPS; HELM_NOTIFY_GIT_USER the name with it, if it matters

--thread is written beside each tag of this command that changes, whether a thread stands there yet or not.
An empty one, as announce prints it with a webhook, counts as not given.

Examples:
  $ helm notify bump --env staging --service api --tag 1.4.0 --revision 9f8e7d6 --push
  $ helm notify bump --env staging api=1.4.0@9f8e7d6 web=2.0.1 --repo git@example.com:acme/deploy.git
  $ helm notify bump --env staging api=1.4.0 --thread "$(helm notify announce acme/api:1.4.0)" --push
  $ helm notify bump --env staging --latest --all --push
  $ helm notify bump --env staging api=1.4.0 --dry-run`;

export function addBumpCommand(
  program: Command,
  bump: (options: BumpOptions) => Promise<void>,
): void {
  const command = program
    .command("bump")
    .description("write tags and revisions into an environment's values file, commit, push")
    .argument("[services...]", "SERVICE=TAG, SERVICE=TAG@REVISION or SERVICE=TAG@REVISION@DIGEST")
    .requiredOption("-e, --env <name>", "environment in helm-notify.yaml")
    .addOption(once("--service <name>", "one service; several are written SERVICE=TAG"))
    .addOption(once("--tag <tag>", "its new tag"))
    .addOption(once("--revision <sha>", "the Git commit it was built from"))
    .addOption(once("--digest <digest>", "its digest, sha256:…"))
    .addOption(once("--source-ref <ref>", "the branch or tag it was built from"))
    .addOption(once("--thread <thread>", "thread that announce printed: deploys reply there"));
  addGitOptions(command)
    .option("--latest", "take the tags by the services' policies (helm notify tags)", false)
    .option("--all", "with --latest: of all services that have a policy", false)
    .addHelpText("after", HELP)
    .action(async (services: string[], words: Words) => bump(toBumpOptions(services, words)));
}

/** Where it is written, and how it is committed and pushed. */
export function addGitOptions(command: Command): Command {
  return command
    .addOption(filled("--repo <url>", "deployment repository to clone and push to"))
    .addOption(
      filled("--branch <name>", "branch to push to; else the current one, or the remote's default"),
    )
    .option("--push", "push the commit", false)
    .option("--dry-run", "print the diff, change nothing", false)
    .option("--create", "write places that are not in the file yet", false)
    .option("--allow-downgrade", "also go back to an older tag", false)
    .option("--no-verify-image", "do not ask the registry whether the tag is there")
    .addOption(filled("--message <template>", "Handlebars template of the commit message"))
    .addOption(filled("--author <author>", '"Name <name@example.com>"; else as git config says'))
    .addOption(filled("--ssh-key <key>", "private key for SSH, or its path"))
    .addOption(filled("--known-hosts <file>", "host keys of the Git server; else the user's"))
    .option("--deadline <time>", "longest time for all of it", "5m");
}

function toBumpOptions(services: readonly string[], words: Words): BumpOptions {
  const common = { environment: words.env, ...toGitOptions(words) };
  if (words.latest) {
    return { ...common, bumps: [], isLatest: true, latest: latestServices(services, words) };
  }
  if (words.all) {
    throw new NotifyError("BAD_BUMP", "--all needs --latest", {
      hint: "Write bump --latest --all, or name services with their tags.",
    });
  }
  // A webhook announces without a thread, and a CI hands on what it got.
  const thread = words.thread || undefined;
  const bumps = [...oneBump(words), ...services.map(parseServiceBump)].map((bump) => ({
    ...bump,
    thread,
  }));
  return { ...common, bumps, isLatest: false, latest: [] };
}

/** Named, or all: never all by forgetting to name them. */
function latestServices(services: readonly string[], words: Words): readonly string[] {
  const named = [...(words.service === undefined ? [] : [words.service]), ...services];
  const isSaid =
    words.tag !== undefined || Boolean(words.thread) || named.some((name) => name.includes("="));
  if (isSaid || named.length > 0 === words.all) {
    throw new NotifyError("BAD_BUMP", "--latest takes names of services, or --all", {
      hint: "Write bump --latest api web, or bump --latest --all.",
    });
  }
  return named;
}

export function toGitOptions(
  words: GitWords,
): Omit<BumpOptions, "environment" | "bumps" | "isLatest" | "latest"> {
  const { repo, dryRun, deadline } = words;
  return {
    repo,
    branch: words.branch,
    // A clone that is not pushed would be for nothing.
    isPushed: words.push || repo !== undefined,
    isDryRun: dryRun,
    mayCreate: words.create,
    mayDowngrade: words.allowDowngrade,
    verifiesImages: words.verifyImage,
    message: words.message,
    author: words.author,
    sshKey: words.sshKey,
    knownHosts: words.knownHosts,
    deadlineMs: parseDuration(deadline, "--deadline"),
  };
}

function oneBump({ service, tag, revision, digest, sourceRef }: Words): ServiceBump[] {
  if (service !== undefined && tag !== undefined) {
    return [{ service, tag, revision, digest, sourceRef }];
  }
  if ([service, tag, revision, digest, sourceRef].every((word) => word === undefined)) return [];
  throw new NotifyError("BAD_BUMP", "--service and --tag need each other", {
    hint: "Write --service api --tag 1.4.0, or for several api=1.4.0@REVISION web=2.0.1.",
  });
}

/** Commander would silently take the last one. */
function once(flags: string, description: string): Option {
  return new Option(flags, description).argParser((value: string, before: unknown) => {
    if (before === undefined) return value;
    throw new NotifyError("BAD_FLAG", `${flags.split(" ")[0]} is given twice`, {
      hint: "Write several services like api=1.4.0@REVISION web=2.0.1.",
    });
  });
}
