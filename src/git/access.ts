// How git reaches the remote: settings for one run, in its environment only. Nothing is written to any configuration, no
// secret is in an argument or a URL.
import { homedir } from "node:os";
import { NotifyError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import { writePrivate } from "../io/temp-folder.ts";

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

/** What is to be added to git's environment. `folder` is private and takes the key while git needs it. */
export function gitEnvironment(
  access: GitAccess,
  {
    remote,
    env,
    hasOwnSsh,
    folder,
  }: {
    readonly remote: string;
    readonly env: Env;
    /** Whether the user told git how to start ssh. */
    readonly hasOwnSsh: boolean;
    readonly folder: string;
  },
): Env {
  const { sshKey, knownHosts } = access;
  const isSshOurs = !hasOwnSsh || sshKey !== undefined || knownHosts !== undefined;
  return {
    ...(isSshOurs ? { GIT_SSH_COMMAND: sshCommand(access, folder), GIT_SSH_VARIANT: "ssh" } : {}),
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

function sshCommand({ sshKey, knownHosts }: GitAccess, folder: string): string {
  const key = sshKey && keyFile(sshKey, folder);
  const hosts = knownHosts === undefined ? undefined : hostsFile(knownHosts, folder);
  return [
    "ssh",
    // No questions: an unknown host is refused, as is a key that needs a passphrase nobody can type.
    "-o BatchMode=yes -o StrictHostKeyChecking=yes",
    ...(key === undefined ? [] : ["-i", shellQuoted(key), "-o", "IdentitiesOnly=yes"]),
    ...(hosts === undefined ? [] : ["-o", shellQuoted(`UserKnownHostsFile="${hosts}"`)]),
  ].join(" ");
}

function keyFile(sshKey: Secret, folder: string): string {
  const said = sshKey.reveal();
  if (!said.includes("-----BEGIN")) return expandHome(said);
  // Variables of a CI lose the last line break or gain carriage returns: OpenSSH then refuses the key.
  const text = `${said.replaceAll("\r", "").trim()}\n`;
  return writePrivate(folder, "ssh-key", text);
}

function hostsFile(knownHosts: string, folder: string): string {
  const isContent = /\s(?:ssh-|ecdsa-|sk-)\S+\s/.test(knownHosts);
  if (!isContent) return expandHome(knownHosts);
  return writePrivate(folder, "known-hosts", `${knownHosts.replaceAll("\r", "").trim()}\n`);
}

/** A credential helper for this one host: the token follows no redirect to another. */
function tokenEnvironment({ token, user }: GitAccess, remote: string, env: Env): Env {
  const url = URL.canParse(remote) ? new URL(remote) : undefined;
  const isLoopback = /^(?:127\.0\.0\.1|localhost|\[::1\])$/.test(url?.hostname ?? "");
  const isPrivate = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback);
  if (token === undefined || url === undefined || !isPrivate) return {};
  const key = `credential.${url.protocol}//${url.host}.helper`;
  const helper = `!f() { test "$1" = get && printf 'username=%s\\npassword=%s\\n' "$HELM_NOTIFY_GIT_USER" "$HELM_NOTIFY_GIT_PASSWORD"; }; f`;
  const count = Number(env["GIT_CONFIG_COUNT"] ?? 0);
  return {
    HELM_NOTIFY_GIT_USER: user ?? (decodeURIComponent(url.username) || USER),
    HELM_NOTIFY_GIT_PASSWORD: token.reveal(),
    // The empty one takes the user's helpers out: they might keep what they see.
    [`GIT_CONFIG_KEY_${count}`]: key,
    [`GIT_CONFIG_VALUE_${count}`]: "",
    [`GIT_CONFIG_KEY_${count + 1}`]: key,
    [`GIT_CONFIG_VALUE_${count + 1}`]: helper,
    GIT_CONFIG_COUNT: String(count + 2),
  };
}

function expandHome(path: string): string {
  return path.replace(/^~(?=\/)/, homedir());
}

/** git hands the command to a shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
