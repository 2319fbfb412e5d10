// `log`: its words and options, and what they ask for.
import { type Command, Option } from "commander";
import { NotifyError } from "../domain/errors.ts";
import type { LogOptions } from "../flow/log.ts";

export interface LogRequest extends LogOptions {
  readonly place:
    | {
        readonly kind: "release";
        readonly release: string;
        readonly namespace: string | undefined;
        readonly kubeContext: string | undefined;
      }
    /** As helm-notify.yaml has it; `release` where it is another one in the same place. */
    | {
        readonly kind: "environment";
        readonly environment: string;
        readonly release: string | undefined;
      };
}

interface Words {
  readonly env?: string;
  readonly namespace?: string;
  readonly kubeContext?: string;
  readonly output: LogOptions["output"];
  readonly limit?: number;
}

const HELP = `
The ledger in the release's namespace keeps the last 50 runs of plugin and hooks: who started each, what
changed, how it ended and how long it took. A run is kept where somebody is told of it: by the chart's pod,
or by the plugin with a way to Slack.

  jane (claimed)                                 as the CI said it, or the machine's user: nothing proves it
  system:serviceaccount:ci:deployer (verified)   as the cluster knows the credentials that the plugin had;
                                                 plain helm does not say whose it had

A ledger is as good as the right to write to it: whoever may patch its ConfigMap can write what they like.

Examples:
  $ helm notify log shop -n shop
  $ helm notify log --env production --limit 5
  $ helm notify log shop -o csv > shop.csv`;

export function addLogCommand(program: Command, log: (request: LogRequest) => Promise<void>): void {
  program
    .command("log")
    .description("show who deployed what and when, and how it ended")
    .argument("[release]", "name of the release; else the environment's")
    .option("-e, --env <name>", "environment in helm-notify.yaml")
    .option("-n, --namespace <name>", "namespace of the release")
    .option("--kube-context <name>", "context in the kubeconfig")
    .addOption(
      new Option("-o, --output <format>", "how to print it")
        .choices(["table", "json", "csv"])
        .default("table"),
    )
    .option("--limit <count>", "how many runs, the newest first", parseLimit)
    .addHelpText("after", HELP)
    .action(async (release: string | undefined, words: Words) =>
      log({ place: toPlace(release, words), output: words.output, limit: words.limit }),
    );
}

function toPlace(
  release: string | undefined,
  { env, namespace, kubeContext }: Words,
): LogRequest["place"] {
  if (env !== undefined) {
    if (namespace === undefined && kubeContext === undefined) {
      return { kind: "environment", environment: env, release };
    }
    throw new NotifyError("BAD_ARGUMENTS", "--env says the namespace and the context already", {
      hint: "Leave out --env, or --namespace and --kube-context.",
    });
  }
  if (release !== undefined) return { kind: "release", release, namespace, kubeContext };
  throw new NotifyError("BAD_ARGUMENTS", "a release or an environment is needed", {
    hint: "Use it like this: helm notify log RELEASE, or helm notify log --env NAME.",
  });
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit > 0) return limit;
  throw new NotifyError("BAD_FLAG", `--limit is "${text}"`, { hint: "Use a number above 0." });
}
