// One kubeconfig file: text → checked entries. Unknown keys are ignored and null means absent, as in client-go.
// https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
import * as z from "zod/mini";
import { NotifyError } from "../domain/errors.ts";
import { Secret } from "../domain/secret.ts";

const text = z.pipe(
  z.nullish(z.string()),
  z.transform((value) => value ?? ""),
);
const flag = z.pipe(
  z.nullish(z.boolean()),
  z.transform((value) => value ?? false),
);
const secret = z.pipe(
  z.nullish(z.string()),
  z.transform((value) => (value ? new Secret(value) : undefined)),
);
const list = <T extends z.ZodMiniType>(item: T) =>
  z.pipe(
    z.nullish(z.array(item)),
    z.transform((items) => items ?? []),
  );

const exec = z.object({
  apiVersion: text,
  command: text,
  args: list(text),
  env: list(z.object({ name: text, value: text })),
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: text,
});

const cluster = z.object({
  server: text,
  "tls-server-name": text,
  "insecure-skip-tls-verify": flag,
  "certificate-authority": text,
  "certificate-authority-data": text,
  "proxy-url": secret,
  extensions: list(z.object({ name: text, extension: z.unknown() })),
});

const user = z.object({
  "client-certificate": text,
  "client-certificate-data": text,
  "client-key": text,
  "client-key-data": secret,
  token: secret,
  tokenFile: text,
  username: text,
  password: secret,
  as: text,
  "as-uid": text,
  "as-groups": list(text),
  "as-user-extra": z.pipe(
    z.nullish(z.record(z.string(), list(text))),
    z.transform((extra) => extra ?? {}),
  ),
  "auth-provider": z.nullish(z.object({ name: text })),
  exec: z.nullish(exec),
});

const context = z.object({ cluster: text, user: text, namespace: text });

export type KubeCluster = z.infer<typeof cluster>;
export type KubeUser = z.infer<typeof user>;
export type KubeContext = z.infer<typeof context>;
export type ExecConfig = z.infer<typeof exec>;

export const NO_CLUSTER: KubeCluster = cluster.parse({});
export const NO_USER: KubeUser = user.parse({});
export const NO_CONTEXT: KubeContext = context.parse({});

const kubeconfig = z.object({
  "current-context": text,
  clusters: list(z.object({ name: text, cluster: z.nullish(cluster) })),
  users: list(z.object({ name: text, user: z.nullish(user) })),
  contexts: list(z.object({ name: text, context: z.nullish(context) })),
});

export type KubeconfigText = z.infer<typeof kubeconfig>;

export async function decodeKubeconfig(content: string, file: string): Promise<KubeconfigText> {
  const parsed = kubeconfig.safeParse((await parseText(content, file)) ?? {});
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) => {
    const expected =
      issue.code === "invalid_type" ? `must be of type ${issue.expected}` : issue.message;
    return `${formatPlace(issue.path)} ${expected}`;
  });
  throw invalid(file, problems.join("; "));
}

/** JSON first: it needs no YAML parser, whose loading costs more than the look-up. */
async function parseText(content: string, file: string): Promise<unknown> {
  if (content.trimStart().startsWith("{")) {
    try {
      return JSON.parse(content);
    } catch {
      // YAML's flow style begins alike; its parser also names the line.
    }
  }
  const { parseAllDocuments } = await import("yaml");
  // Go's parser reads the first document and lets a key come twice.
  const [document] = parseAllDocuments(content, { version: "1.1", uniqueKeys: false });
  if (document === undefined || !("toJS" in document)) return undefined;
  const error = document.errors[0];
  if (error) {
    const line = error.linePos?.[0].line ?? "?";
    throw invalid(file, `line ${line}: ${withoutExcerpt(error.message)}`);
  }
  try {
    return document.toJS();
  } catch {
    throw invalid(file, "an alias has no anchor, or there are too many");
  }
}

function invalid(file: string, problem: string): NotifyError {
  return new NotifyError("KUBECONFIG_INVALID", `kubeconfig ${file} is not valid: ${problem}`, {
    hint: "Correct the file, or choose another with KUBECONFIG or --kubeconfig.",
  });
}

function formatPlace(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "the whole";
  return path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("")
    .slice(1);
}

/** The parser's message goes on with what it read there, which may be a token. */
function withoutExcerpt(message: string): string {
  return message.replace(/(?: at line|:|"|\n).*/s, "").trim();
}
