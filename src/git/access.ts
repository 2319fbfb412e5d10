// How git reaches the remote: settings for one run, in its environment only. Nothing is written to any configuration, no
// secret is in an argument or a URL.
import { readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { withoutCredentials } from "../domain/credentials-in-url.ts";
import { NotifyError } from "../domain/errors.ts";
import { isPrivate } from "../domain/git-tokens.ts";
import type { Secret } from "../domain/secret.ts";
import { writePrivate } from "../io/temp-folder.ts";
import { homeFolder } from "../io/home-folder.ts";

export interface GitAccess {
  /** A private key, or the path of one. */
  readonly sshKey: Secret | undefined;
  /** Lines of known_hosts, or the path of such a file. */
  readonly knownHosts: string | undefined;
  /** For HTTPS. */
  readonly token: Secret | undefined;
  readonly user: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

// What GitHub Apps need; GitHub's other tokens and GitLab's take any name, Bitbucket's access tokens want x-token-auth.
const USER = "x-access-token";

interface AccessWorld {
  readonly remote: string;
  readonly env: Env;
  /** Whether the user told git how to start ssh. */
  readonly isSshTheirs: boolean;
  /** Private; takes the key while git needs it. */
  readonly temp: string;
  /** Where the user stands: git itself is run elsewhere. */
  readonly folder: string;
}

/** What is to be added to git's environment. */
export function gitEnvironment(access: GitAccess, world: AccessWorld): Env {
  const { remote, env, isSshTheirs } = world;
  const { sshKey, knownHosts } = access;
  const isSshOurs = !isSshTheirs || sshKey !== undefined || knownHosts !== undefined;
  return {
    ...(isSshOurs ? { GIT_SSH_COMMAND: sshCommand(access, world), GIT_SSH_VARIANT: "ssh" } : {}),
    ...tokenEnvironment(access, remote, env),
  };
}

/** Refuses a URL with a password in it: it would be seen in the process list, and stay in a configuration. */
export function checkRemote(remote: string): void {
  const url = URL.canParse(remote) ? new URL(remote) : undefined;
  if (url === undefined || url.password === "" || !/^https?:$/.test(url.protocol)) return;
  throw new NotifyError("PASSWORD_IN_URL", `the address of ${url.host} has a password in it`, {
    hint: "Take it out and put it into HELM_NOTIFY_GIT_PASSWORD.",
  });
}

function sshCommand({ sshKey, knownHosts }: GitAccess, world: AccessWorld): string {
  const key = sshKey && keyFile(sshKey.reveal(), world);
  const hosts = knownHosts === undefined ? undefined : hostsFile(knownHosts, world);
  return [
    "ssh",
    // No questions: an unknown host is refused, as is a key that needs a passphrase nobody can type.
    "-o BatchMode=yes -o StrictHostKeyChecking=yes",
    ...(key === undefined ? [] : ["-i", shellQuoted(key), "-o", "IdentitiesOnly=yes"]),
    ...(hosts === undefined ? [] : ["-o", shellQuoted(`UserKnownHostsFile="${hosts}"`)]),
  ].join(" ");
}

const KEY = "-----BEGIN";
// As a variable of a CI that has to be one line holds it.
const BASE64_KEY = /^\s*LS0tLS1CRUdJTi/;

function keyFile(said: string, { temp, folder }: AccessWorld): string {
  const path = toPath(said, folder);
  const key = decodeKey(said) ?? decodeKey(readOpenFile(path));
  return key === undefined ? path : writeLines(temp, "ssh-key", key);
}

function decodeKey(text: string): string | undefined {
  const key = BASE64_KEY.test(text) ? Buffer.from(text, "base64").toString() : text;
  return key.includes(KEY) ? key : undefined;
}

/** What others may read too, as in GitLab's variables of type file: OpenSSH refuses such a key. Else nothing. */
function readOpenFile(path: string): string {
  try {
    return (statSync(path).mode & 0o077) === 0 ? "" : readFileSync(path, "utf8");
  } catch {
    // Without what was said: it may be a key all the same.
    const problem = "--ssh-key or HELM_NOTIFY_SSH_KEY is neither a private key nor the path of one";
    throw new NotifyError("BAD_SSH_KEY", problem, {
      hint: "Give the key itself, as it is or in base64, or the path of a file that you may read.",
    });
  }
}

function hostsFile(knownHosts: string, { temp, folder }: AccessWorld): string {
  const isContent = /\s(?:ssh-|ecdsa-|sk-)\S+\s/.test(knownHosts);
  return isContent ? writeLines(temp, "known-hosts", knownHosts) : toPath(knownHosts, folder);
}

/** Variables of a CI lose the last line break or gain carriage returns: OpenSSH then refuses the key. */
function writeLines(folder: string, name: string, text: string): string {
  return writePrivate(folder, name, `${text.replaceAll("\r", "").trim()}\n`);
}

/**
 * A credential helper for this one host: the token follows no redirect to another. What the clone of a CI job brings along
 * (in the address as GitLab has it, as a header as actions/checkout does) would win over it, and often may only read.
 */
function tokenEnvironment({ token, user }: GitAccess, remote: string, env: Env): Env {
  const url = URL.canParse(remote) ? new URL(remote) : undefined;
  if (token === undefined || url === undefined || !isPrivate(url)) return {};
  const origin = `${url.protocol}//${url.host}`;
  const key = `credential.${origin}.helper`;
  const helper = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$HELM_NOTIFY_GIT_USER" "$HELM_NOTIFY_GIT_PASSWORD"; }; f`;
  const hasPassword = url.password !== "";
  return {
    HELM_NOTIFY_GIT_USER: user ?? ((!hasPassword && decodeURIComponent(url.username)) || USER),
    HELM_NOTIFY_GIT_PASSWORD: token.reveal(),
    ...configEnvironment(env, [
      // The empty one takes the user's helpers out: they might keep what they see.
      [key, ""],
      [key, helper],
      [`http.${origin}/.extraHeader`, ""],
      ...(hasPassword ? [[`url.${withoutCredentials(remote)}.insteadOf`, remote] as const] : []),
    ]),
  };
}

/** Behind those that the user has there: https://git-scm.com/docs/git-config#ENVIRONMENT */
function configEnvironment(env: Env, entries: readonly (readonly [string, string])[]): Env {
  const count = Number(env["GIT_CONFIG_COUNT"] ?? 0);
  const variables = entries.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${count + index}`, key],
    [`GIT_CONFIG_VALUE_${count + index}`, value],
  ]);
  return { ...Object.fromEntries(variables), GIT_CONFIG_COUNT: String(count + entries.length) };
}

function toPath(said: string, folder: string): string {
  return resolve(folder, said.replace(/^~(?=\/)/, homeFolder()));
}

/** git hands the command to a shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
