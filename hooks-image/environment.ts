// The Job's environment, as chart-snippets/helm-notify/templates/_job.tpl writes it.
import * as z from "zod/mini";
import { NotifyError } from "../src/domain/errors.ts";
import { HOOK_EVENTS, type HookEvent } from "../src/domain/run.ts";
import { Secret } from "../src/domain/secret.ts";
import type { SlackAccess } from "../src/transport/slack.ts";

export interface Settings {
  readonly event: HookEvent;
  readonly release: string;
  readonly namespace: string;
  readonly revision: number | undefined;
  /** Holds the record as this revision rendered it. */
  readonly runDir: string;
  /** Absent where the hook may not read the Kubernetes API. */
  readonly kube: KubeSettings | undefined;
  readonly deadlineMs: number;
  readonly slack: SlackAccess;
}

export interface KubeSettings {
  /** Holds the service account's token and the API server's authority. */
  readonly dir: string;
  readonly server: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const DEADLINE_SECONDS = 20;

const required = z.string("is not set");
const optional = z.optional(z.string());
const integer = (from: number, to: number) => {
  const message = `is not a whole number from ${from} to ${to}`;
  return z.pipe(
    z.pipe(z.string(), z.transform(Number)),
    z.number(message).check(z.int(message), z.gte(from, message), z.lte(to, message)),
  );
};
const webAddress = z.url({ protocol: /^https?$/, error: "is not an http or https address" });

const schema = z.object({
  HELM_NOTIFY_EVENT: z.enum(HOOK_EVENTS, `is not one of ${HOOK_EVENTS.join(", ")}`),
  HELM_NOTIFY_RELEASE: required,
  HELM_NOTIFY_NAMESPACE: required,
  HELM_NOTIFY_REVISION: z.optional(integer(1, Number.MAX_SAFE_INTEGER)),
  HELM_NOTIFY_RUN_DIR: required,
  HELM_NOTIFY_KUBE_DIR: optional,
  HELM_NOTIFY_DEADLINE_SECONDS: z.optional(integer(1, 3600)),
  HELM_NOTIFY_FAILURE_POLICY: z.optional(z.enum(["ignore", "fail"], "is not one of ignore, fail")),
  KUBERNETES_SERVICE_HOST: optional,
  KUBERNETES_SERVICE_PORT: optional,
  SLACK_API_URL: z.optional(webAddress),
  SLACK_CHANNEL: optional,
  SLACK_USERNAME: optional,
  SLACK_WEBHOOK_URL: z.optional(webAddress),
  // Goes into a header, which takes nothing else.
  SLACK_BOT_TOKEN: z.optional(
    z.string().check(z.regex(/^[\x21-\x7e]+$/, "holds what no token does, like a space")),
  ),
});

type Variables = z.infer<typeof schema>;

/** Refuses with all issues at once; no value is shown, since it may be a secret in the wrong place. */
export function readEnvironment(env: Environment): Settings {
  const result = schema.safeParse(withoutBlanks(env));
  const issues = result.success
    ? [...kubeIssues(result.data), ...slackIssues(result.data)]
    : result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  const slack = result.data && slackAccess(result.data);
  if (!result.success || slack === undefined || issues.length > 0) {
    throw new NotifyError(
      "BAD_ENVIRONMENT",
      `the job's settings are not valid: ${issues.join("; ")}`,
      {
        hint: "Check helm-notify.slack in the values and the keys of the Secret it names.",
      },
    );
  }
  const variables = result.data;
  return {
    event: variables.HELM_NOTIFY_EVENT,
    release: variables.HELM_NOTIFY_RELEASE,
    namespace: variables.HELM_NOTIFY_NAMESPACE,
    revision: variables.HELM_NOTIFY_REVISION,
    runDir: variables.HELM_NOTIFY_RUN_DIR,
    kube: kubeSettings(variables),
    deadlineMs: (variables.HELM_NOTIFY_DEADLINE_SECONDS ?? DEADLINE_SECONDS) * 1000,
    slack,
  };
}

/** Whether trouble of ours may fail the release. Read apart: it decides about a broken environment too. */
export function mayFail(env: Environment): boolean {
  return env["HELM_NOTIFY_FAILURE_POLICY"]?.trim() === "fail";
}

/** A chart writes empty values, and `echo token | base64` leaves a line break in a Secret. */
function withoutBlanks(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env)
      .map(([name, value]) => [name, value?.trim()])
      .filter(([, value]) => value !== ""),
  );
}

function kubeIssues(variables: Variables): readonly string[] {
  const isMissing =
    variables.HELM_NOTIFY_KUBE_DIR !== undefined && kubeSettings(variables) === undefined;
  return isMissing ? ["KUBERNETES_SERVICE_HOST is not set"] : [];
}

function kubeSettings(variables: Variables): KubeSettings | undefined {
  const { HELM_NOTIFY_KUBE_DIR: dir, KUBERNETES_SERVICE_HOST: host } = variables;
  if (dir === undefined || host === undefined) return undefined;
  const port = variables.KUBERNETES_SERVICE_PORT ?? "443";
  return { dir, server: `https://${host.includes(":") ? `[${host}]` : host}:${port}` };
}

function slackIssues(variables: Variables): readonly string[] {
  if (slackAccess(variables) !== undefined) return [];
  return variables.SLACK_BOT_TOKEN === undefined
    ? ["neither SLACK_WEBHOOK_URL nor SLACK_BOT_TOKEN is set"]
    : ["SLACK_CHANNEL is not set, which SLACK_BOT_TOKEN needs"];
}

/** The bot token where there is one: it knows threads. */
function slackAccess(variables: Variables): SlackAccess | undefined {
  const { SLACK_BOT_TOKEN: token, SLACK_CHANNEL: channel, SLACK_WEBHOOK_URL: webhook } = variables;
  if (token !== undefined && channel !== undefined) {
    return {
      kind: "bot",
      token: new Secret(token),
      channel,
      apiUrl: variables.SLACK_API_URL ?? "https://slack.com/api/",
      username: variables.SLACK_USERNAME,
    };
  }
  return webhook === undefined ? undefined : { kind: "webhook", url: new Secret(webhook) };
}
