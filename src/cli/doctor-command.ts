// `doctor`: its words and options, and what they ask for.
import { type Command, Option } from "commander";
import { NotifyError } from "../domain/errors.ts";
import type { DoctorRequest } from "../flow/doctor.ts";

interface Words {
  readonly env?: string[];
  readonly release?: string;
  readonly namespace?: string;
  readonly kubeContext?: string;
  readonly output: DoctorRequest["output"];
}

const HELP = `
Looks at Helm, the cluster and your rights there, the live release and its record, the Slack Secret and
whether Slack takes it, the pod that tells and the last run. Nothing is changed and nothing is posted.

In a deployment repository it does so for the environments of helm-notify.yaml, and checks that file:
its values files and the tags' places in them, its promotions, and that the registries have the images.
With --release, --namespace or --kube-context it looks there instead.

With a chart, its values say what the next deploy brings; else the live release's do.

Ends with 1 if there is a problem; a warning is none.

Examples:
  $ helm notify doctor --release shop -n shop
  $ helm notify doctor ./chart --env staging
  $ helm notify doctor -o json | jq '.findings[] | select(.level == "problem")'`;

export function addDoctorCommand(
  program: Command,
  doctor: (request: DoctorRequest) => Promise<void>,
): void {
  program
    .command("doctor")
    .description("check a set-up: cluster, rights, Slack, release, helm-notify.yaml")
    .argument("[chart]", "as helm upgrade takes it")
    .option("-e, --env <name...>", "environments in helm-notify.yaml; else all of them")
    .option("--release <name>", "name of the release")
    .option("-n, --namespace <name>", "namespace of the release")
    .option("--kube-context <name>", "context in the kubeconfig")
    .addOption(
      new Option("-o, --output <format>", "how to print it")
        .choices(["text", "json"])
        .default("text"),
    )
    .addHelpText("after", HELP)
    .action(async (chart: string | undefined, words: Words) =>
      doctor({ chart, place: toPlace(words), output: words.output }),
    );
}

function toPlace({ env = [], release, namespace, kubeContext }: Words): DoctorRequest["place"] {
  if ([release, namespace, kubeContext].every((word) => word === undefined)) {
    return { kind: "environments", names: env };
  }
  if (env.length === 0) return { kind: "release", release, namespace, kubeContext };
  throw new NotifyError("BAD_ARGUMENTS", "--env says release, namespace and context already", {
    hint: "Leave out --env, or --release, --namespace and --kube-context.",
  });
}
