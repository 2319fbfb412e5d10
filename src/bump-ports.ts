// The edges that a bump is made with.
import type { BumpOptions } from "./cli/bump-command.ts";
import { NotifyError } from "./domain/errors.ts";
import { Secret } from "./domain/secret.ts";
import { bump, type BumpEnd, type BumpPorts, type BumpRequest } from "./flow/bump.ts";
import { withCheckout } from "./git/checkout.ts";
import { readEditableValues, readStrictValues, setScalars } from "./helm/values/scalar-edit.ts";
import type { Host } from "./host.ts";
import { createDeadline } from "./io/deadline.ts";

/** The folder the user stands in. */
const HERE = ".";

/** What others decide: which tags (`bump --latest`, `promote`), and whether the registry has them. */
export interface BumpChoices {
  readonly choose?: BumpRequest["choose"];
  readonly hasTag?: (image: string, reference: string, signal: AbortSignal) => Promise<boolean>;
}

/** Does what the command line asks for. Rejects with a `NotifyError`; then nothing was changed. */
export async function runBump(
  options: BumpOptions,
  host: Pick<Host, "env" | "say" | "pid" | "isRunning" | "beforeEnd">,
  { choose, hasTag }: BumpChoices = {},
): Promise<BumpEnd> {
  const { env } = host;
  const deadline = createDeadline(options.deadlineMs);
  const sshKey = options.sshKey ?? (env["HELM_NOTIFY_SSH_KEY"] || undefined);
  const token = env["HELM_NOTIFY_GIT_PASSWORD"] || undefined;
  const request = {
    repo: options.repo,
    branch: options.branch,
    mayPush: options.isPushed,
    author: options.author,
    access: {
      sshKey: sshKey === undefined ? undefined : new Secret(sshKey),
      knownHosts: options.knownHosts ?? (env["HELM_NOTIFY_KNOWN_HOSTS"] || undefined),
      token: token === undefined ? undefined : new Secret(token),
      user: env["HELM_NOTIFY_GIT_USER"] || undefined,
    },
  };
  const fillTemplate = await templateOf(options.message);
  return withCheckout(
    request,
    { ...host, folder: HERE, deadline, random: Math.random },
    (checkout) =>
      bump(
        { ...options, choose: choose ?? (async () => requireBumps(options)) },
        {
          checkout,
          readConfig: readStrictValues,
          readValues: readEditableValues,
          edit: setScalars,
          hasTag:
            options.verifiesImages && hasTag
              ? (image, reference) => hasTag(image, reference, deadline.signal)
              : undefined,
          fillTemplate,
        },
      ),
  );
}

function requireBumps({ bumps }: BumpOptions): BumpOptions["bumps"] {
  if (bumps.length > 0) return bumps;
  throw new NotifyError("BAD_BUMP", "no service is to be bumped", {
    hint: "Name them: --service api --tag 1.4.0, or api=1.4.0 web=2.0.1.",
  });
}

/** Its compiler is loaded for those who need it. */
async function templateOf(message: string | undefined): Promise<BumpPorts["fillTemplate"]> {
  if (message === undefined) return undefined;
  const { fillCommitTemplate } = await import("./render/commit-template.ts");
  return (view) => fillCommitTemplate(message, view);
}
