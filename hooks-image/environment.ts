// The pod's environment, as chart-snippets/helm-notify/templates/_watcher.tpl writes it.
import * as z from "zod/mini";
import { NotifyError } from "../src/domain/errors.ts";
import { Secret } from "../src/domain/secret.ts";
import { slackAccess } from "../src/transport/access.ts";
import type { GenericAccess } from "../src/transport/generic.ts";
import type { SlackAccess } from "../src/transport/slack.ts";

/** Where the pod is: enough to have itself taken away, whatever else is wrong. */
export interface Place {
  readonly release: string;
  readonly namespace: string;
  /** The pod's uid. */
  readonly pod: string;
  readonly kube: KubeSettings;
  /** How long an end is waited for. */
  readonly watchMs: number;
}

interface KubeSettings {
  /** Holds the service account's token and the API server's authority. */
  readonly dir: string;
  readonly server: string;
}

export interface Settings {
  /** The limit of one message. */
  readonly deadlineMs: number;
  /** At least one of the two. */
  readonly slack: SlackAccess | undefined;
  readonly generic: GenericAccess | undefined;
  /** `HOST=TOKEN`, as the Secret has it. */
  readonly gitToken: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const WATCH_SECONDS = 900;
const DEADLINE_SECONDS = 20;

const required = z.string("is not set");
const optional = z.optional(z.string());
const seconds = (from: number, to: number) => {
  const message = `is not a whole number from ${from} to ${to}`;
  return z.pipe(
    z.pipe(z.string(), z.transform(Number)),
    z.number(message).check(z.int(message), z.gte(from, message), z.lte(to, message)),
  );
};
const webAddress = z.url({ protocol: /^https?$/, error: "is not an http or https address" });
// Goes into a header, which takes nothing else.
const token = z.string().check(z.regex(/^[\x21-\x7e]+$/, "holds what no token does, like a space"));

const placeSchema = z.object({
  HELM_NOTIFY_RELEASE: required,
  HELM_NOTIFY_NAMESPACE: required,
  HELM_NOTIFY_POD: required,
  HELM_NOTIFY_KUBE_DIR: required,
  HELM_NOTIFY_WATCH_SECONDS: z.optional(seconds(1, 24 * 3600)),
  KUBERNETES_SERVICE_HOST: required,
  KUBERNETES_SERVICE_PORT: optional,
});

const settingsSchema = z.object({
  HELM_NOTIFY_DEADLINE_SECONDS: z.optional(seconds(1, 3600)),
  SLACK_API_URL: z.optional(webAddress),
  SLACK_CHANNEL: optional,
  SLACK_USERNAME: optional,
  SLACK_WEBHOOK_URL: z.optional(webAddress),
  SLACK_BOT_TOKEN: z.optional(token),
  GENERIC_URL: z.optional(webAddress),
  GENERIC_SECRET: optional,
  GIT_TOKEN: optional,
});

/** Refuses where the chart's own variables are missing: this is no pod of ours. */
export function readPlace(env: Environment): Place {
  const variables = parse(placeSchema, env);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = "443" } = variables;
  const server = `https://${host.includes(":") ? `[${host}]` : host}:${port}`;
  return {
    release: variables.HELM_NOTIFY_RELEASE,
    namespace: variables.HELM_NOTIFY_NAMESPACE,
    pod: variables.HELM_NOTIFY_POD,
    kube: { dir: variables.HELM_NOTIFY_KUBE_DIR, server },
    watchMs: (variables.HELM_NOTIFY_WATCH_SECONDS ?? WATCH_SECONDS) * 1000,
  };
}

/** Refuses with all issues at once; no value is shown, since it may be a secret in the wrong place. */
export function readSettings(env: Environment): Settings {
  const variables = parse(settingsSchema, env);
  const slack = slackAccess({
    webhookUrl: variables.SLACK_WEBHOOK_URL,
    botToken: variables.SLACK_BOT_TOKEN,
    channel: variables.SLACK_CHANNEL,
    username: variables.SLACK_USERNAME,
    apiUrl: variables.SLACK_API_URL,
  });
  const generic = variables.GENERIC_URL && {
    url: new Secret(variables.GENERIC_URL),
    key: toSecret(variables.GENERIC_SECRET),
  };
  if (slack === undefined && generic === undefined) throw nobodyToTell(variables.SLACK_BOT_TOKEN);
  return {
    deadlineMs: (variables.HELM_NOTIFY_DEADLINE_SECONDS ?? DEADLINE_SECONDS) * 1000,
    slack,
    generic: generic || undefined,
    gitToken: variables.GIT_TOKEN ?? "",
  };
}

const HINT = "Check helm-notify.slack in the values and the keys of the Secret it names.";

function parse<T extends z.core.$ZodType>(schema: T, env: Environment): z.infer<T> {
  const result = z.safeParse(schema, withoutBlanks(env));
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join(".")} ${issue.message}`);
  const problem = `the pod's settings are not valid: ${issues.join("; ")}`;
  throw new NotifyError("BAD_ENVIRONMENT", problem, { hint: HINT });
}

function nobodyToTell(botToken: string | undefined): NotifyError {
  const problem =
    botToken === undefined
      ? "there is nobody to tell: none of webhookUrl, botToken and genericUrl is set"
      : "there is nobody to tell: no channel is set, which botToken needs";
  return new NotifyError("BAD_ENVIRONMENT", problem, { hint: HINT });
}

/** A chart writes empty values, and `echo token | base64` leaves a line break in a Secret. */
function withoutBlanks(env: Environment): Environment {
  return Object.fromEntries(
    Object.entries(env)
      .map(([name, value]) => [name, value?.trim()])
      .filter(([, value]) => value !== ""),
  );
}

function toSecret(value: string | undefined): Secret | undefined {
  return value === undefined ? undefined : new Secret(value);
}
